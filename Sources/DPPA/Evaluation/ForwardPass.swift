import DPPAExecution

/// The forward pass of several candidates of one architecture, layer by layer.
///
/// The activations of all sequences of a wave are kept; one weight at a time is built for every candidate, applied to all
/// batches and dropped. So a model of any size is run in bounded memory, without a checkpoint on disk.
struct ForwardPass {
    let config: LlamaConfig
    let tensors: LlamaTensors
    let weights: WeightStream
    let pool: WorkerPool
    let scratch: [ActivationScratch]

    init(_ config: LlamaConfig, _ tensors: LlamaTensors, _ weights: WeightStream, pool: WorkerPool) {
        self.config = config
        self.tensors = tensors
        self.weights = weights
        self.pool = pool
        scratch = (0..<pool.width).map { _ in ActivationScratch() }
    }

    /// Runs the sequences through every candidate and gives its predictions at their wanted positions, in order.
    ///
    /// With caches, one for each candidate, the tokens follow those that `past` counts. `check` is asked now and then
    /// whether to go on.
    func run(
        _ sequences: [TokenSequence], candidates: Int, past: [Int]? = nil, caches: [KeyValueCache]? = nil,
        check: () throws -> Void
    ) throws -> [[Prediction]] {
        let layout = TokenLayout(sequences, past: past)
        let longest = zip(sequences, layout.past).map { $0.tokens.count + $1 }.max() ?? 0
        let angles = config.rotary.table(count: longest)
        let states = (0..<candidates).map { Activations(config, layout, angles: angles, cache: caches?[$0]) }
        try embed(sequences, states)
        for (number, layer) in tensors.layers.enumerated() {
            try check()
            try run(layer, number, states)
        }
        let wanted = zip(sequences, layout.offsets).flatMap { sequence, offset in sequence.wanted.map { offset + $0 } }
        let norms = try weights.tensor(LlamaTensors.finalNorm)
        let heads = states.enumerated().map { index, state in
            VocabularyHead(
                state.stream, tokens: wanted, targets: sequences.flatMap(\.targets), norm: norms[index], config: config)
        }
        for block in weights.rowBlocks(tensors.head) {
            try check()
            let rows = try weights.rows(tensors.head, block)
            for (index, head) in heads.enumerated() {
                try each(head.pieces) { head.add(rows[index], block, piece: $0, $1) }
            }
        }
        return heads.map(\.predictions)
    }

    /// Copies the embeddings of all tokens into the residual streams.
    private func embed(_ sequences: [TokenSequence], _ states: [Activations]) throws {
        let tokens = sequences.flatMap(\.tokens)
        for block in weights.rowBlocks(LlamaTensors.embedding) {
            let places = tokens.indices.filter { block.contains(Int(tokens[$0])) }
            guard !places.isEmpty else { continue }
            let rows = try weights.rows(LlamaTensors.embedding, block)
            for (state, rows) in zip(states, rows) {
                for place in places {
                    let row = Int(tokens[place]) - block.lowerBound
                    (state.stream.pointer + place * config.width).update(
                        from: rows.pointer + row * config.width, count: config.width)
                }
            }
        }
    }

    private func run(_ layer: LlamaTensors.Layer, _ number: Int, _ states: [Activations]) throws {
        try normalize(layer.inputNorm, states)
        try multiply(.query, layer.query, states)
        try multiply(.key, layer.key, states)
        try multiply(.value, layer.value, states)
        let queryNorms = try layer.queryNorm.map(weights.tensor)
        let keyNorms = try layer.keyNorm.map(weights.tensor)
        for (index, state) in states.enumerated() {
            try each(state.layout.batches.count) { batch, _ in
                state.position(layer: number, queryNorm: queryNorms?[index], keyNorm: keyNorms?[index], batch: batch)
            }
            try each(state.attentionPieces) { state.attend(layer: number, piece: $0, $1) }
        }
        try multiply(.output, layer.output, states)
        try normalize(layer.postNorm, states)
        try multiply(.gate, layer.gate, states)
        try multiply(.up, layer.up, states)
        try multiply(.down, layer.down, states)
    }

    private func normalize(_ name: String, _ states: [Activations]) throws {
        for (state, weight) in zip(states, try weights.tensor(name)) {
            try each(state.layout.batches.count) { batch, _ in state.normalize(weight, batch: batch) }
        }
    }

    private func multiply(_ product: Activations.Product, _ linear: LlamaTensors.Linear, _ states: [Activations]) throws
    {
        let weights = try self.weights.tensor(linear.weight)
        let biases = try linear.bias.map(self.weights.tensor)
        for (index, state) in states.enumerated() {
            try each(state.pieces(of: product)) { piece, scratch in
                state.multiply(product, weights[index], bias: biases?[index], piece: piece, scratch)
            }
        }
    }

    /// Runs a body over numbered pieces on all threads, each with its own scratch memory.
    private func each(_ count: Int, _ body: @escaping @Sendable (Int, ActivationScratch) -> Void) throws {
        let scratch = scratch
        try pool.run(count) { body($0, scratch[$1]) }
    }
}
