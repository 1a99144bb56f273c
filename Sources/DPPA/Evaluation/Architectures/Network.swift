import DPPACheckpoint
import DPPASupport

/// An architecture whose tensors have been found in a model, in the right shapes and none left over.
struct Network: Sendable {
    let vocabulary, width: Int
    /// The most tokens of a sequence; nil if config.json does not say.
    let maximumPositions: Int?
    let embedding: Architecture.Embedding
    let blocks: [[Branch]]
    let finalNorm: Norm
    /// The tensor that makes logits.
    let head: String
    /// The bound on logits; nil if there is none.
    let softCap: Float?
    /// The floats of a token in each buffer of `Activations`.
    let inputWidth, innerWidth, sumWidth: Int

    /// Reads a config.json and looks for what it calls for.
    ///
    /// Throws `data` when the evaluator does not know the architecture, when a tensor is missing or has another shape, and
    /// when one would be left out.
    init(_ config: String?, _ facts: [String: TensorFacts], label: String) throws {
        let architecture = try Family.architecture(config, label: label) { facts[$0] != nil }
        var found = FoundTensors(facts: facts, label: label)
        (vocabulary, width) = (architecture.vocabulary, architecture.width)
        maximumPositions = architecture.maximumPositions
        (embedding, finalNorm) = (architecture.embedding, architecture.finalNorm)
        softCap = architecture.softCap
        let rows = [vocabulary, width]
        try found.expect(ExpectedTensor(name: embedding.tokens, shape: rows))
        if let positions = embedding.positions { try found.expect(positions) }
        blocks = try (0..<architecture.layerCount).map { number in
            let block = architecture.block(number)
            for tensor in block.flatMap(\.tensors).joined() { try found.expect(tensor) }
            return block
        }
        let branches = blocks.flatMap { $0 }
        inputWidth = branches.map(\.part.inputWidth).reduce(width, max)
        innerWidth = branches.map(\.part.innerWidth).reduce(0, max)
        sumWidth = branches.contains { $0.after != nil } ? width : 0
        for tensor in finalNorm.tensors { try found.expect(tensor) }
        // A head that is stored is the head, whatever config.json says of ties: readers take it where it differs.
        if facts[architecture.head] == nil, architecture.isTied ?? true {
            head = embedding.tokens
        } else {
            head = architecture.head
            try found.expect(ExpectedTensor(name: head, shape: rows))
        }
        try found.requireAll(but: architecture.ignoredEndings)
    }

    /// The tensors that are used whole, in the order of use, those together that are needed at the same time.
    var order: [[String]] {
        let all = [embedding.positions].compactMap { $0 }.map { [$0] } + blocks.joined().flatMap(\.tensors)
        return (all + [finalNorm.tensors]).map { $0.map(\.name) }
    }

    /// The memory of a token's activations, in bytes.
    var bytesPerToken: Int { 4 * (width + inputWidth + innerWidth + sumWidth) }

    /// The width of each layer's keys, and as many of its values.
    var keyWidths: [Int] { blocks.map { $0.map(\.part.cacheWidth).reduce(0, max) } }

    /// The memory of a token's keys and values, in bytes.
    var cacheBytesPerToken: Int { 4 * 2 * keyWidths.reduce(0, +) }

    /// The angles of every rotary embedding at the positions 0..<count.
    func angles(count: Int) -> [RotaryEmbedding: Buffer<Float>] {
        var tables: [RotaryEmbedding: Buffer<Float>] = [:]
        for rotary in blocks.joined().compactMap(\.part.rotary) where tables[rotary] == nil {
            tables[rotary] = rotary.table(count: count)
        }
        return tables
    }
}

/// Which of a model's tensors an architecture has asked for.
private struct FoundTensors {
    let facts: [String: TensorFacts]
    let label: String
    private var used: Set<String> = []

    init(facts: [String: TensorFacts], label: String) {
        self.facts = facts
        self.label = label
    }

    mutating func expect(_ tensor: ExpectedTensor) throws {
        guard let found = facts[tensor.name] else {
            throw DPPAError(.data, "\(label) has no tensor \(tensor.name), which its config.json calls for")
        }
        guard found.shape == tensor.shape else {
            throw DPPAError(
                .data,
                "\(label): \(tensor.name) has the shape \(found.shape); config.json calls for \(tensor.shape)")
        }
        used.insert(tensor.name)
    }

    func requireAll(but endings: [String]) throws {
        let left = facts.keys.filter { name in !used.contains(name) && !endings.contains(where: name.hasSuffix) }
        guard left.isEmpty else {
            let titles = Family.all.map(\.title).joined(separator: ", ")
            throw DPPAError(
                .data, "\(label): the built-in evaluator would leave out \(Phrase.list(left.sorted()))",
                notes: ["it knows \(titles); a recipe can have others scored by a program: run --evaluator"])
        }
    }
}
