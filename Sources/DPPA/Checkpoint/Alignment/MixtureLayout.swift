import DPPASupport

/// The experts of a mixture as another model keeps them.
///
/// In stacks, `experts.gate_up_proj [E, 2I, H]` and `experts.down_proj [E, H, I]`, or a matrix for each,
/// `experts.e.gate_proj.weight [I, H]`, `up_proj` and `down_proj [H, I]`: the same bytes in other places.
///
/// Stacks that are transposed, `[E, H, 2I]`, are no ranges of bytes of the others and are not matched; where 2I = H, shapes do
/// not tell which of the two a stack is, and nothing is matched either.
struct MixtureLayout {
    /// Sources of the missing tensors, by name.
    private(set) var sources: [String: any TensorSource] = [:]
    /// The names that they are made of.
    private(set) var used: Set<String> = []
    private(set) var description = ""

    /// The names of a gated feed-forward network's matrices, as families have them.
    private static let words = [
        (gate: "gate_proj", up: "up_proj", down: "down_proj"), (gate: "w1", up: "w3", down: "w2"),
    ]

    /// What of the missing tensors can be made of a model's own.
    init(own: [TensorFacts], missing: [TensorFacts], _ model: OpenModel) {
        let byCore = Dictionary(own.map { (NameMatching.core($0.name), $0) }, uniquingKeysWith: { first, _ in first })
        var (apart, together) = (0, 0)
        for facts in missing {
            let core = NameMatching.core(facts.name)
            let marks = core.ranges(of: "experts.")
            guard let mark = marks.last else { continue }
            let site = String(core[..<mark.upperBound])
            let rest = core[mark.upperBound...].split(separator: ".").map(String.init)
            func source(_ name: String, _ shape: [Int]) -> (facts: TensorFacts, source: any TensorSource)? {
                guard let own = byCore[name], own.shape == shape else { return nil }
                return model.source(own.name).map { (own, $0) }
            }
            if rest.count == 1, facts.shape.count == 3 {
                guard let pieces = Self.pieces(facts.shape, rest[0], site, source) else { continue }
                sources[facts.name] = JoinedSource(pieces.map(\.source.whole), shape: facts.shape)
                used.formUnion(pieces.map(\.facts.name))
                together += 1
            } else if rest.count == 3, let expert = Int(rest[0]), rest[2] == "weight", facts.shape.count == 2 {
                guard let (stack, range) = Self.slice(facts.shape, rest[1], expert, site, byCore),
                    let whole = model.source(stack.name)
                else { continue }
                sources[facts.name] = JoinedSource([.init(source: whole, elements: range)], shape: facts.shape)
                used.insert(stack.name)
                apart += 1
            }
        }
        description =
            together > 0
            ? "\(used.count) matrices of experts put together in \(Phrase.counted(together, "stack"))"
            : "\(Phrase.counted(used.count, "stack")) of experts taken apart into \(apart) matrices"
    }

    /// The matrices that a stack of so many elements is made of, in their order.
    private static func pieces(
        _ shape: [Int], _ name: String, _ site: String,
        _ source: (String, [Int]) -> (facts: TensorFacts, source: any TensorSource)?
    ) -> [(facts: TensorFacts, source: any TensorSource)]? {
        for word in words {
            var names: [String] = []
            var matrix = Array(shape.dropFirst())
            if name == "gate_up_proj", shape[1] != shape[2], shape[1] % 2 == 0 {
                names = [word.gate, word.up]
                matrix[0] /= 2
            } else if name == "down_proj" {
                names = [word.down]
            }
            let all = (0..<shape[0]).flatMap { expert in
                names.map { source("\(site)\(expert).\($0).weight", matrix) }
            }
            let found = all.compactMap(\.self)
            if !found.isEmpty, found.count == all.count { return found }
        }
        return nil
    }

    /// The place of one expert's matrix in a stack.
    private static func slice(
        _ shape: [Int], _ name: String, _ expert: Int, _ site: String, _ byCore: [String: TensorFacts]
    ) -> (TensorFacts, Range<Int>)? {
        let size = shape[0] * shape[1]
        for word in words {
            if name == word.down, let stack = byCore[site + "down_proj"], Array(stack.shape.dropFirst()) == shape,
                // Only beside a gate_up stack is it known which way round the stacks are.
                let other = byCore[site + "gate_up_proj"], other.shape.count == 3, other.shape[1] == 2 * shape[1],
                other.shape[2] == shape[0], other.shape[1] != other.shape[2], expert < stack.shape[0]
            {
                return (stack, expert * size..<(expert + 1) * size)
            }
            guard [word.gate, word.up].contains(name), let stack = byCore[site + "gate_up_proj"],
                stack.shape.count == 3, stack.shape[1] == 2 * shape[0], stack.shape[2] == shape[1],
                stack.shape[1] != stack.shape[2], expert < stack.shape[0]
            else { continue }
            let first = (2 * expert + (name == word.up ? 1 : 0)) * size
            return (stack, first..<first + size)
        }
        return nil
    }
}
