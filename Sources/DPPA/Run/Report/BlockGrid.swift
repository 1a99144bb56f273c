import DPPACheckpoint

/// The places of tensors in a figure by layer and module, the same for all figures of a page.
struct BlockGrid {
    /// Above this many modules those that differ in a number alone, such as a mixture's experts, share a row.
    private static let mostModules = 40

    /// The rows, attention first, then the feed-forward, each in the order of the computation.
    let rows: [String]
    /// The place of each tensor that has one, by name.
    let places: [String: HeatMap.Place]

    /// A grid for tensors; those outside every block have no place in it.
    ///
    /// Where there are matrices, norms and biases, which would be rows of other sizes, have none either.
    init(_ tensors: [TensorFacts]) {
        let blocks = tensors.filter { $0.layer != nil }
        let matrices = blocks.filter { !["norm", "bias"].contains($0.role) }
        let shown = matrices.isEmpty ? blocks : matrices
        let hasStacks = Set(shown.compactMap(\.stack)).count > 1
        func row(_ facts: TensorFacts, isJoined: Bool) -> String {
            let parts = (hasStacks ? [facts.stack ?? ""] : []) + [facts.module.isEmpty ? facts.name : facts.module]
            let name = parts.joined(separator: "·")
            guard isJoined else { return name }
            return name.split(separator: ".").map { $0.allSatisfy(\.isNumber) ? "*" : $0 }.joined(separator: ".")
        }
        let isJoined = Set(shown.map { row($0, isJoined: false) }).count > Self.mostModules
        var ranks: [String: Int] = [:]
        var places: [String: HeatMap.Place] = [:]
        for facts in shown {
            guard let layer = facts.layer else { continue }
            let name = row(facts, isJoined: isJoined)
            places[facts.name] = HeatMap.Place(module: name, layer: layer)
            ranks[name] = Self.rank(facts.role)
        }
        self.places = places
        rows = ranks.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map(\.key)
    }

    /// Values by place; those of one place are made one by `join`.
    func cells<Value>(
        _ values: [(tensor: String, value: Value)], join: (inout Value, Value) -> Void
    ) -> [HeatMap.Place: Value] {
        var cells: [HeatMap.Place: Value] = [:]
        for (tensor, value) in values {
            guard let place = places[tensor] else { continue }
            if var known = cells[place] {
                join(&known, value)
                cells[place] = known
            } else {
                cells[place] = value
            }
        }
        return cells
    }

    private static func rank(_ role: String) -> Int {
        let order = ["qkv", "q", "kv", "k", "v", "o", "router", "gate_up", "gate", "up", "down"]
        let plain = role.hasPrefix("experts.") ? String(role.dropFirst(8)) : role
        return (order.firstIndex(of: plain) ?? order.count) + (role.hasPrefix("experts.") ? 20 : 0)
    }
}
