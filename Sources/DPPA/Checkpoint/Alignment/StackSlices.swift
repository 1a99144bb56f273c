/// Where one slice of a stack is kept.
package struct StackPlace: Sendable, Hashable {
    /// The stack's name and dimensions in the checkpoint.
    package let stack: String
    package let shape: [Int]
    /// Which slice it is.
    package let number: Int

    /// The flat index of the slice's first element in the stack.
    package var start: Int { number * shape.dropFirst().reduce(1, *) }
}

extension OpenModel {
    /// The model with a matrix for each slice of its stacks of linears, so that each expert is a linear of its own; the stacks are
    /// written again as one tensor each.
    ///
    /// `experts.gate_up_proj [E, 2I, H]` becomes `experts.e.gate_up_proj.weight [2I, H]`. The model itself, where it has no stack.
    func slicingStacks() -> OpenModel {
        var (tensors, places): ([Tensor], [String: StackPlace]) = ([], [:])
        for tensor in self.tensors {
            let facts = tensor.facts
            guard facts.isLinear, facts.shape.count == 3 else {
                tensors.append(tensor)
                continue
            }
            let size = facts.shape[1] * facts.shape[2]
            let names = (0..<facts.shape[0]).map { Self.sliceName(facts.name, $0) }
            for (number, slice) in zip(names, TensorNaming.facts(names.map { ($0, Array(facts.shape.dropFirst())) }))
                .enumerated()
            {
                var own = slice.1
                own.depth = facts.depth
                let piece = JoinedSource.Piece(source: tensor.source, elements: number * size..<(number + 1) * size)
                tensors.append(Tensor(facts: own, source: JoinedSource([piece], shape: own.shape)))
                places[slice.0] = StackPlace(stack: facts.name, shape: facts.shape, number: number)
            }
        }
        guard !places.isEmpty else { return self }
        return replacing(tensors, identity: identity + " in slices", stamps: [], stackPlaces: places)
    }

    /// `experts.gate_up_proj` to `experts.3.gate_up_proj.weight`.
    private static func sliceName(_ name: String, _ number: Int) -> String {
        var parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let place = parts.lastIndex(of: "experts").map { $0 + 1 } ?? parts.count - 1
        parts.insert(String(number), at: place)
        if parts.last != "weight" { parts.append("weight") }
        return parts.joined(separator: ".")
    }
}
