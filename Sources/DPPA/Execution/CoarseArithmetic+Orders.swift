import DPPAExpression

/// Orders among values that are coarser than elements: few enough to sort.
extension CoarseArithmetic {
    private struct Sample {
        var value: Double
        var tensor: String
        var index: Int
    }

    private func samples(_ x: NodeID, _ members: [TensorID]) throws -> [Sample] {
        let scope = graph[x].scope
        return try members.filter { try representative(of: $0, x) == $0 }.flatMap { tensor in
            let facts = graph.facts(tensor)
            let count = scope == .row ? facts.rowCount : scope == .column ? facts.rowLength : 1
            return try (0..<count).map { Sample(value: try value(x, tensor, $0), tensor: facts.name, index: $0) }
        }
    }

    func cut(_ x: NodeID, _ share: Double, _ isCount: Bool, _ members: [TensorID]) throws -> Cut {
        let all = try samples(x, members)
        let finite = all.filter(\.value.isFinite)
        let wanted = min(Order.wanted(share, isCount, of: all.count), finite.count)
        guard wanted > 0 else { return .nothing }
        let sorted = finite.enumerated().sorted {
            ($1.element.value, $0.offset) < ($0.element.value, $1.offset)
        }
        let last = sorted[wanted - 1].element
        return Cut(threshold: last.value, boundary: last.tensor, last: last.index)
    }

    func kth(_ x: NodeID, _ index: Double, _ members: [TensorID]) throws -> Double {
        let sorted = try samples(x, members).map(\.value).sorted { $0 < $1 || ($1.isNaN && !$0.isNaN) }
        guard !sorted.isEmpty else { return Self.ofNothing }
        return sorted[Order.index(index, of: sorted.count)]
    }
}
