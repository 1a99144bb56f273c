import DPPACheckpoint
import DPPAExecution
import DPPAExpression
import DPPASupport

/// How two checkpoints differ, tensor by tensor and layer by layer.
public struct CheckpointDifference: Sendable {
    /// What is measured of a tensor or a layer.
    public struct Measure: Sendable {
        /// The tensor, or the layer as `stack.index`.
        public var name: String
        /// The number of elements.
        public var count: Int
        /// ‖b − a‖ / ‖a‖; infinite if a is zero and b is not, 0 if both are.
        public var relativeNorm: Double
        /// a·b / (‖a‖ ‖b‖); 1 if both are zero.
        public var cosine: Double
        /// The share of elements that differ.
        public var changed: Double
        /// max |b − a|.
        public var largest: Double

        package init(
            name: String, count: Int, relativeNorm: Double, cosine: Double, changed: Double, largest: Double
        ) {
            (self.name, self.count, self.relativeNorm) = (name, count, relativeNorm)
            (self.cosine, self.changed, self.largest) = (cosine, changed, largest)
        }
    }

    /// All tensors that both have, in name order.
    public private(set) var tensors: [Measure] = []
    /// All layers, in numeric order.
    public private(set) var layers: [Measure] = []
    /// Everything together.
    public private(set) var whole: Measure
    /// The tensors that one of them lacks, or has in another shape.
    public private(set) var unmatched: [String] = []

    /// Compares two checkpoints; sums in float64 over float32 elements.
    ///
    /// Throws when one cannot be read, and when they have no tensor in common.
    public init(
        _ first: OpenModel, _ second: OpenModel, options: EngineOptions, observer: (any EngineObserver)? = nil
    ) throws {
        let graph = Graph()
        let models = [first, second]
        func isCommon(_ facts: TensorFacts) -> Bool {
            models.allSatisfy {
                $0.source(facts.name)?.shape == facts.shape && $0.source(facts.name)?.dtype.isFloat == true
            }
        }
        let names = Set(models.flatMap { $0.weights + $0.carried }.filter { !isCommon($0) }.map(\.name))
        unmatched = names.sorted()
        let sources = try models.map { try graph.source($0) }
        guard models[0].weights.contains(where: isCommon) else {
            throw DPPAError(.data, "\(first.path) and \(second.path) have no floating-point tensor in common")
        }
        let (a, b) = (
            try graph.reinterpret(graph.restrict(sources[0], "diff", isCommon), as: .value),
            try graph.reinterpret(graph.restrict(sources[1], "diff", isCommon), as: .value)
        )
        let delta = try graph.binary(.subtract, b, a)
        let size = try graph.unary(.abs, delta)
        let differs = try graph.binary(.notEqual, a, b)
        let nodes = [
            try graph.reduce(.dot, delta, with: delta, over: .tensor),
            try graph.reduce(.dot, a, with: a, over: .tensor),
            try graph.reduce(.dot, b, with: b, over: .tensor), try graph.reduce(.dot, a, with: b, over: .tensor),
            try graph.reduce(.count, differs, over: .tensor), try graph.reduce(.max, size, over: .tensor),
        ]
        let engine = Engine(graph, options: options, observer: observer)
        try engine.run(nodes)
        let columns = try nodes.map { try engine.values($0)?.map(\.value) ?? [] }
        let facts = graph.tensors(of: a).map(graph.facts)
        guard columns.allSatisfy({ $0.count == facts.count }) else {
            throw graph.fault("a measure lacks tensors", delta)
        }
        var all = Sums()
        var byLayer: [(name: String, sums: Sums)] = []
        for (index, tensor) in facts.enumerated() {
            let sums = Sums(count: tensor.numel, columns.map { $0[index] })
            tensors.append(sums.measure(tensor.name))
            all.add(sums)
            guard let stack = tensor.stack, let layer = tensor.layer else { continue }
            let name = "\(stack).\(layer)"
            if let known = byLayer.firstIndex(where: { $0.name == name }) {
                byLayer[known].sums.add(sums)
            } else {
                byLayer.append((name, sums))
            }
        }
        layers = byLayer.sorted { NaturalOrder.precedes($0.name, $1.name) }.map { $0.sums.measure($0.name) }
        whole = all.measure("all")
    }

    /// What the measures are made of: these add up.
    private struct Sums {
        var count = 0
        var delta = 0.0
        var first = 0.0
        var second = 0.0
        var product = 0.0
        var changed = 0.0
        var largest = 0.0

        init() {}

        init(count: Int, _ values: [Double]) {
            self.count = count
            (delta, first, second) = (values[0], values[1], values[2])
            (product, changed, largest) = (values[3], values[4], values[5])
        }

        mutating func add(_ other: Sums) {
            count += other.count
            delta += other.delta
            first += other.first
            second += other.second
            product += other.product
            changed += other.changed
            // A NaN on either side stays.
            largest = other.largest > largest || other.largest.isNaN ? other.largest : largest
        }

        func measure(_ name: String) -> Measure {
            let norms = (first * second).squareRoot()
            return Measure(
                name: name, count: count,
                relativeNorm: first > 0 ? (delta / first).squareRoot() : delta > 0 ? .infinity : delta,
                cosine: norms > 0 ? product / norms : first == second ? 1 : 0,
                changed: changed / Double(max(1, count)), largest: largest)
        }
    }
}
