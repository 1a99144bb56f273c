import DPPACheckpoint
import DPPAExecution
import DPPAExpression

extension RunRecord {
    /// A value per instance, under the name that the recipe gave it.
    public struct NamedValue: Sendable {
        /// The name that the recipe gave.
        public var name: String
        /// The values by instance, layers in numeric order; one without a name for the whole model.
        public var values: [(name: String, value: Double)]
        /// Whether they are shares, from 0 to 1.
        public var isShare: Bool
        /// Of counts, how many there are to count of each instance.
        public var totals: [Double]?

        /// A named value, all given.
        public init(
            name: String, values: [(name: String, value: Double)], isShare: Bool = false, totals: [Double]? = nil
        ) {
            self.name = name
            self.values = values
            self.isShare = isShare
            self.totals = totals
        }

        /// The values as a page shows them: counts as shares of what there is to count.
        var shown: [(name: String, value: Double)] {
            guard let totals, totals.count == values.count else { return values }
            return zip(values, totals).map { ($0.name, $1 > 0 ? $0.value / $1 : 0) }
        }

        /// The mean of the values of each layer, in numeric order: of the layers themselves, or of the tensors in them;
        /// empty for values of neither.
        package var layerMeans: [(layer: String, value: Double)] {
            let facts = TensorNaming.facts(values.map { ($0.name, [1, 1]) })
            var sums: [String: (sum: Double, count: Double)] = [:]
            for (facts, entry) in zip(facts, values) {
                let layer = facts.layer.map { "\(facts.stack ?? "").\($0)" }
                let isLayer = entry.name.split(separator: ".").last.map { Int($0) != nil } ?? false
                guard let name = layer ?? (isLayer ? entry.name : nil) else { continue }
                let known = sums[name] ?? (0, 0)
                sums[name] = (known.sum + entry.value, known.count + 1)
            }
            return sums.keys.sorted(by: NaturalOrder.precedes).compactMap { name in
                sums[name].map { (name, $0.sum / $0.count) }
            }
        }

        /// What the shown values are.
        var unit: ShownUnit { isShare || totals != nil ? .share : .plain }
    }
}

extension RunRecord.NamedValue {
    /// What an engine has computed of a node.
    ///
    /// Throws an `internalFault` when it has not.
    public init(_ named: MergeRun.Named, _ engine: Engine) throws {
        let values = try engine.values(named.node) ?? []
        let totals = engine.sampleCounts(named.node)
        let order = values.indices.sorted { NaturalOrder.precedes(values[$0].name, values[$1].name) }
        self.init(
            name: named.name, values: order.map { values[$0] }, isShare: engine.graph.isShare(named.node),
            totals: totals.flatMap { totals in totals.count == values.count ? order.map { totals[$0] } : nil })
    }
}

extension Engine {
    /// How many elements, or values of another scope, each instance of a count goes over, in the order of `values`; nil for
    /// what is no count.
    func sampleCounts(_ id: NodeID) -> [Double]? {
        let node = graph[id]
        guard case .reduce(.count, let x, _) = node.operation, node.scope.isScalar else { return nil }
        var order: [Int] = []
        var members: [Int: [TensorID]] = [:]
        for tensor in graph.tensors(of: id) {
            guard let instance = graph.instance(of: tensor, at: node.scope) else { continue }
            if members[instance] == nil { order.append(instance) }
            members[instance, default: []].append(tensor)
        }
        return order.map { Double(coarse.sampleCount(graph[x].scope, members[$0] ?? [])) }
    }
}

extension Graph {
    /// Whether a node's values are shares: means of masks, and what is cut to a range within 0 and 1.
    func isShare(_ root: NodeID) -> Bool {
        var id = root
        while true {
            switch self[id].operation {
            case .reduce(.mean, let x, _):
                if self[x].isMask { return true }
                id = x
            case .reduce(.max, let x, _), .reduce(.min, let x, _), .restrict(let x), .broadcast(let x),
                .roundTo(_, let x):
                id = x
            case .branch(let parts):
                guard let first = parts.first else { return false }
                id = first
            case .binary(.minimum, let a, let high):
                guard case .binary(.maximum, _, let low) = self[a].operation, let high = constant(high),
                    let low = constant(low)
                else { return false }
                return low >= 0 && high <= 1
            default: return false
            }
        }
    }

    private func constant(_ id: NodeID) -> Double? {
        if case .constant(let bits) = self[id].operation { Double(bitPattern: bits) } else { nil }
    }
}
