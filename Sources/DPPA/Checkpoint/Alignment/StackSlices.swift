/// Where one matrix of a stack is kept.
package struct StackPlace: Sendable, Hashable {
    /// The stack's name and dimensions in the checkpoint.
    package var stack: String
    package let shape: [Int]
    /// The flat index of the matrix's first element in the stack.
    package let start: Int
}

/// Of a model whose stacks were taken apart: where its matrices are kept, and the model as it was.
struct StackSlices: Sendable {
    /// By the names of the matrices.
    var places: [String: StackPlace]
    /// At most one; none where the matrices have been changed since.
    var whole: [OpenModel]
}

extension OpenModel {
    /// The model with a matrix for each expert of its stacks of linears, so that each is a linear of its own, as in a model that keeps
    /// them so.
    ///
    /// The stacks are written again as one tensor each. The model itself, where it has no stack.
    ///
    /// `experts.gate_up_proj [E, 2I, H]` becomes `experts.e.gate_proj.weight` and `up_proj`, both `[I, H]`, and `experts.down_proj
    /// [E, H, I]` becomes `experts.e.down_proj.weight [H, I]`. Of transposed stacks (`ExpertStacks`), and where nothing tells which way
    /// round they are, each slice is a matrix as it lies: `experts.e.gate_up_proj.weight [H, 2I]`.
    package func slicingStacks() -> OpenModel {
        var (tensors, places): ([Tensor], [String: StackPlace]) = ([], [:])
        for tensor in self.tensors {
            let facts = tensor.facts
            guard facts.isLinear, facts.shape.count == 3, facts.numel > 0 else {
                tensors.append(tensor)
                continue
            }
            let parts: [String?] = hasGateAboveUp(facts) ? ["gate_proj", "up_proj"] : [nil]
            let shape = [facts.shape[1] / parts.count, facts.shape[2]]
            let size = shape[0] * shape[1]
            let names = (0..<facts.shape[0]).flatMap { expert in
                parts.map { Self.sliceName(facts.name, expert, part: $0) }
            }
            for (number, own) in TensorNaming.facts(names.map { ($0, shape) }).enumerated() {
                var own = own
                own.depth = facts.depth
                let elements = number * size..<(number + 1) * size
                tensors.append(Tensor(facts: own, source: Self.part(tensor.source, elements, shape)))
                places[own.name] = StackPlace(stack: facts.name, shape: facts.shape, start: number * size)
            }
        }
        guard !places.isEmpty else { return self }
        return replacing(
            tensors, identity: identity + " in slices", stamps: [],
            slices: StackSlices(places: places, whole: [self]))
    }

    private static func part(_ stack: any TensorSource, _ elements: Range<Int>, _ shape: [Int]) -> any TensorSource {
        // A delta that is zero is known to be.
        if let zero = stack as? ZeroSource { return ZeroSource(shape: shape, dtype: zero.dtype, written: zero.written) }
        return JoinedSource([JoinedSource.Piece(source: stack, elements: elements)], shape: shape)
    }

    /// Whether each slice of a stack is the gate's matrix with that of up below it.
    private func hasGateAboveUp(_ facts: TensorFacts) -> Bool {
        let word = "gate_up_proj"
        guard let place = facts.name.ranges(of: word).last,
            ["", ".weight"].contains(facts.name[place.upperBound...]),
            facts.name[..<place.lowerBound].hasSuffix(".experts."),
            let down = self[facts.name.replacing(word, with: "down_proj")]?.facts,
            ExpertStacks.takesTurns(in: self) != true
        else { return false }
        let (hidden, inner) = (facts.shape[2], facts.shape[1] / 2)
        return facts.shape[1] == 2 * inner && down.shape == [facts.shape[0], hidden, inner]
    }

    /// `experts.gate_up_proj` to `experts.3.gate_up_proj.weight`, or to a part of it.
    private static func sliceName(_ name: String, _ number: Int, part: String?) -> String {
        var parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let place = parts.lastIndex(of: "experts").map { $0 + 1 } ?? parts.count - 1
        if let part { parts[place] = part }
        parts.insert(String(number), at: place)
        if parts.last != "weight" { parts.append("weight") }
        return parts.joined(separator: ".")
    }
}
