import DPPASupport

/// How the stacks of one mixture hold its experts' matrices.
///
/// A matrix for each: `experts.e.gate_proj.weight [I, H]`, `up_proj` and `down_proj [H, I]`, perhaps with biases. In stacks:
/// `experts.gate_up_proj [E, 2I, H]` and `experts.down_proj [E, H, I]`, the same bytes in other places; or both transposed,
/// `[E, H, 2I]` and `[E, I, H]`, in which gate and up are halves of each row, or take turns.
struct ExpertStacks {
    /// The names of a gated feed-forward network's matrices, as a family has them.
    private let words: (gate: String, up: String, down: String)
    private let count, inner, hidden: Int
    private let isTransposed: Bool
    /// Whether gate and up take turns, element by element.
    private let takesTurns: Bool

    private static let words = [
        (gate: "gate_proj", up: "up_proj", down: "down_proj"), (gate: "w1", up: "w3", down: "w2"),
    ]
    /// Whether gate and up take turns in transposed stacks, by the type of the model.
    private static let turns = [
        "gpt_oss": true, "llama4": false, "llama4_text": false, "qwen3_vl_moe": false, "qwen3_vl_moe_text": false,
    ]

    /// Whether gate and up take turns in a model's stacks; nil where its type does not tell.
    static func takesTurns(in model: OpenModel) -> Bool? { type(of: model).flatMap { turns[$0] } }

    /// The type of the language model that a config.json describes.
    static func type(of model: OpenModel) -> String? {
        model.config.flatMap(ConfigText.object).flatMap { LanguageConfig($0).modelType }
    }

    typealias Lookup = (_ name: String, _ shape: [Int]) -> (any TensorSource)?

    /// What shapes tell of the stacks of a model and the matrices of another, each by name; `site` is what their names begin with.
    ///
    /// The two stacks together always tell which way round they are: 2I = H and I = H are never both true. Nil where shapes do
    /// not fit; throws `data` where one stack alone could be either, and where the order of gate and up is not known.
    init?(
        _ site: String, stacks: [String: TensorFacts], matrices: [String: TensorFacts], of holder: OpenModel
    ) throws {
        func shape(_ matrix: String) -> [Int]? {
            matrices["\(site)0.\(matrix).weight"].flatMap { $0.shape.count == 2 ? $0.shape : nil }
        }
        guard let words = Self.words.first(where: { shape($0.gate) != nil || shape($0.down) != nil }),
            let shape = shape(words.gate) ?? shape(words.down)?.reversed()
        else { return nil }
        let (inner, hidden) = (shape[0], shape[1])
        let pairs = [("gate_up_proj", [2 * inner, hidden]), ("down_proj", [hidden, inner])].compactMap { name, plain in
            stacks[site + name].map { (stack: $0, plain: plain) }
        }
        guard let first = pairs.first?.stack, first.shape.count == 3 else { return nil }
        func fit(_ isTransposed: Bool) -> Bool {
            pairs.allSatisfy { Array($0.stack.shape.dropFirst()) == (isTransposed ? $0.plain.reversed() : $0.plain) }
        }
        let (isPlain, isTransposed) = (fit(false), fit(true))
        guard isPlain || isTransposed else { return nil }
        guard isPlain != isTransposed else {
            throw DPPAError(
                .data,
                "\(holder.title): nothing tells whether \(first.name.shown) \(first.shape) is transposed: the other stack of these "
                    + "experts is not there",
                notes: ["the model is not whole; open it whole, or save it with a matrix for each expert"])
        }
        (self.words, self.inner, self.hidden, self.isTransposed) = (words, inner, hidden, isTransposed)
        count = first.shape[0]
        let type = Self.type(of: holder)
        let turns = Self.takesTurns(in: holder)
        // Stacks that are not transposed have gate before up in every family that has them.
        takesTurns = turns ?? false
        guard stacks[site + "gate_up_proj"] == nil || (isTransposed ? turns != nil : turns != true) else {
            throw DPPAError(
                .data,
                "\(holder.title): nothing tells in which order \(first.name.shown) \(first.shape) has gate and up: it is "
                    + (isTransposed ? "transposed" : "not transposed")
                    + ", and config.json has " + (type.map { "the model_type \($0.shown)" } ?? "no model_type"),
                notes: [
                    "transposed stacks are known of \(Phrase.list(Self.turns.keys.filter { !$0.hasSuffix("_text") }.sorted()))",
                    "save it with a matrix for each expert",
                ])
        }
    }

    /// A stack made of matrices, and their names from the site; nil where one of them is not there.
    func stack(_ name: String, _ shape: [Int], _ source: Lookup) -> (any TensorSource, names: [String])? {
        let isBias = name.hasSuffix("_bias")
        let part = isBias ? String(name.dropLast(5)) : name
        let parameter = isBias ? "bias" : "weight"
        guard part == "gate_up_proj" || part == "down_proj", shape == stackShape(part, isBias: isBias) else {
            return nil
        }
        let matrices = part == "down_proj" ? [words.down] : [words.gate, words.up]
        var (pieces, names): ([any TensorSource], [String]) = ([], [])
        for expert in 0..<count {
            var found: [any TensorSource] = []
            for matrix in matrices {
                let name = "\(expert).\(matrix).\(parameter)"
                guard let own = source(name, matrixShape(matrix, isBias: isBias)) else { return nil }
                found.append(isBias || !isTransposed ? own : Self.transposed(own))
                names.append(name)
            }
            let isPaired = found.count == 2 && (takesTurns || isTransposed && !isBias)
            pieces +=
                isPaired
                ? [
                    PairedSource(
                        shape: Array(shape.dropFirst()), first: found[0], second: found[1], unit: takesTurns ? 1 : inner
                    )
                ] : found
        }
        return (JoinedSource(pieces.map(\.whole), shape: shape), names)
    }

    /// One expert's matrix or bias in a stack, and the stack's name from the site.
    func matrix(
        _ matrix: String, _ parameter: String, _ expert: Int, _ shape: [Int], _ source: Lookup
    ) -> (any TensorSource, name: String)? {
        let isBias = parameter == "bias"
        guard isBias || parameter == "weight", expert < count, shape == matrixShape(matrix, isBias: isBias) else {
            return nil
        }
        let isDown = matrix == words.down
        let part = isDown ? "down_proj" : "gate_up_proj"
        let name = isBias ? part + "_bias" : part
        guard let stack = source(name, stackShape(part, isBias: isBias)) else { return nil }
        let (size, isSecond) = (shape.reduce(1, *), matrix == words.up)
        let start = expert * (isDown ? size : 2 * size)
        guard isTransposed && !isBias || takesTurns && !isDown else {
            let first = start + (isSecond ? size : 0)
            return (JoinedSource([.init(source: stack, elements: first..<first + size)], shape: shape), name)
        }
        let view = StridedSource(
            shape: shape, source: stack, start: start + (isSecond ? takesTurns ? 1 : inner : 0),
            strides: Array([isDown || !takesTurns ? 1 : 2, isDown ? hidden : 2 * inner].prefix(shape.count)))
        return (view, name)
    }

    private func matrixShape(_ matrix: String, isBias: Bool) -> [Int] {
        switch matrix {
        case words.down: isBias ? [hidden] : [hidden, inner]
        case words.gate, words.up: isBias ? [inner] : [inner, hidden]
        default: []
        }
    }

    private func stackShape(_ part: String, isBias: Bool) -> [Int] {
        let plain = part == "down_proj" ? [hidden, inner] : [2 * inner, hidden]
        return [count] + (isBias ? [plain[0]] : isTransposed ? plain.reversed() : plain)
    }

    private static func transposed(_ source: any TensorSource) -> StridedSource {
        StridedSource(
            shape: source.shape.reversed(), source: source, start: 0, strides: [1, source.shape[1]])
    }
}
