import DPPAExecution
import DPPAKernels
import DPPASupport

/// The forward pass of several candidates of one architecture, part by part.
///
/// The activations of all sequences of a wave are kept; one weight at a time is built for every candidate, applied to all
/// batches and dropped. So a model of any size is run in bounded memory, without a checkpoint on disk.
struct ForwardPass {
    let network: Network
    /// To be called now and then: throws if the work should end.
    let check: () throws -> Void
    private let weights: WeightStream
    private let pool: WorkerPool
    private let scratch: [ActivationScratch]
    /// What takes note of what goes into the linears of the one candidate; nil where nothing does.
    var collector: InputCollector?

    init(_ network: Network, _ weights: WeightStream, pool: WorkerPool, check: @escaping () throws -> Void) {
        self.network = network
        self.weights = weights
        self.pool = pool
        self.check = check
        scratch = (0..<pool.width).map { _ in ActivationScratch() }
    }

    /// Runs the sequences through every candidate and gives its predictions at their wanted positions, in order.
    ///
    /// With caches, one for each candidate, the tokens follow those that `past` counts. Throws `data` when a sequence has
    /// more tokens than the model has positions for.
    func run(
        _ sequences: [TokenSequence], candidates: Int, past: [Int]? = nil, caches: [KeyValueCache]? = nil
    ) throws -> [[Prediction]] {
        let layout = TokenLayout(sequences, past: past)
        let angles = network.angles(count: layout.longest)
        let states = (0..<candidates).map { Activations(network, layout, angles: angles, cache: caches?[$0]) }
        try runBlocks(sequences, states)
        let wanted = zip(sequences, layout.offsets).flatMap { sequence, offset in sequence.wanted.map { offset + $0 } }
        let heads = zip(states, try load(network.finalNorm)).map { state, norm in
            VocabularyHead(
                state.stream, layout, tokens: wanted, targets: sequences.flatMap(\.targets), norm: norm,
                softCap: network.softCap)
        }
        for block in weights.rowBlocks(network.head) {
            try check()
            let rows = try weights.matrices(network.head, block, run: onAllThreads)
            for (index, head) in heads.enumerated() {
                try each(head.pieceCount) { head.add(rows[index], block, piece: $0, $1) }
            }
        }
        return heads.map(\.predictions)
    }

    /// Runs the sequences through one model's blocks, and hands over the residual stream before each, a row for each token.
    func runBlocks(
        _ sequences: [TokenSequence], before: (_ layer: Int, _ layout: TokenLayout, _ stream: Buffer<Float>) -> Void
    ) throws {
        let layout = TokenLayout(sequences)
        let state = Activations(network, layout, angles: network.angles(count: layout.longest))
        try runBlocks(sequences, [state]) { before($0, layout, state.stream) }
    }

    /// Fills the residual streams with the embeddings of the tokens, and runs them through all blocks.
    private func runBlocks(
        _ sequences: [TokenSequence], _ states: [Activations], before: (_ layer: Int) -> Void = { _ in }
    ) throws {
        try embed(sequences.flatMap(\.tokens), states)
        for number in network.blocks.indices {
            before(number)
            try runBlock(number, states)
        }
    }

    /// Runs the residual streams through one block.
    func runBlock(_ number: Int, _ states: [Activations]) throws {
        try check()
        for branch in network.blocks[number] { try run(branch, states, layer: number) }
    }

    private func run(_ branch: Branch, _ states: [Activations], layer: Int) throws {
        for (state, norm) in zip(states, try load(branch.before)) {
            state.addsToStream = branch.after == nil
            try each(state.layout.batches.count) { batch, _ in state.begin(norm, batch: batch) }
        }
        try branch.part.run(self, states, layer: layer)
        guard let after = branch.after else { return }
        for (state, norm) in zip(states, try load(after)) {
            try each(state.layout.batches.count) { batch, _ in state.end(norm, batch: batch) }
        }
    }

    /// Copies the embeddings of all tokens into the residual streams, scaled, and adds those of their positions.
    func embed(_ tokens: [Int32], _ states: [Activations]) throws {
        let (embedding, width) = (network.embedding, network.width)
        for block in weights.rowBlocks(embedding.tokens) {
            let places = tokens.indices.filter { block.contains(Int(tokens[$0])) }
            guard !places.isEmpty else { continue }
            let rows = try weights.rows(embedding.tokens, block)
            for (state, rows) in zip(states, rows) {
                for place in places {
                    let row = rows.pointer + (Int(tokens[place]) - block.lowerBound) * width
                    let target = state.stream.pointer + place * width
                    for index in 0..<width { target[index] = row[index] * embedding.scale }
                }
            }
        }
        guard let positions = embedding.positions else { return }
        for (state, rows) in zip(states, try weights.tensors([positions.name])[0]) {
            try state.addPositions(rows, count: positions.shape[0])
        }
    }
}

/// What parts are computed with.
extension ForwardPass {
    /// Where a step finds or puts a row for each token.
    typealias Place = @Sendable (Activations) -> TokenRows

    /// What a thread does at a time of a linear's product: some rows of a batch, some of the outputs.
    struct Piece {
        var candidate: Int
        var batch: Int
        var rows: Range<Int>
        var outputs: Range<Int>
    }

    /// A norm of every candidate.
    func load(_ norm: Norm) throws -> [LoadedNorm] {
        let found = try weights.tensors(norm.tensors.map(\.name))
        return found[0].indices.map { candidate in
            LoadedNorm(
                norm: norm, weight: found[0][candidate], bias: found.count > 1 ? found[1][candidate] : nil)
        }
    }

    /// The tokens of each batch, for each candidate.
    func allRows(_ states: [Activations]) -> [[Range<Int>]] { states.map { $0.layout.batches.map(\.tokens) } }

    /// Runs a body over the pieces of a linear's product for every candidate; `rows` says for each which rows of each batch, and
    /// `source` where they lie.
    func each(
        _ map: Linear, _ states: [Activations], rows: [[Range<Int>]], from source: @escaping Place,
        _ body: @escaping @Sendable (LoadedLinear, Activations, Piece, ActivationScratch) -> Void
    ) throws {
        if let collector {
            for (state, rows) in zip(states, rows) { try collector.add(map, state, rows: rows, from: source, self) }
        }
        let found = try weights.tensors(map.tensors.map(\.name))
        let matrices = try weights.matrices(map, run: onAllThreads)
        for (candidate, state) in states.enumerated() {
            let loaded = LoadedLinear(
                map: map, weights: matrices[candidate], bias: found.count > 1 ? found[1][candidate] : nil)
            let (rows, blocks) = (rows[candidate], map.blocks)
            try each(rows.count * blocks) { number, scratch in
                // One block of weights after the other, so that each comes from memory once for all batches.
                let (block, batch) = number.quotientAndRemainder(dividingBy: rows.count)
                guard !rows[batch].isEmpty else { return }
                let piece = Piece(
                    candidate: candidate, batch: batch, rows: rows[batch], outputs: map.block(block))
                body(loaded, state, piece, scratch)
            }
        }
    }

    /// Applies a linear to all tokens of every candidate.
    func multiply(
        _ map: Linear, _ states: [Activations], rows: [[Range<Int>]]? = nil, from source: @escaping Place,
        to target: @escaping Place, adding: Bool = false
    ) throws {
        try each(map, states, rows: rows ?? allRows(states), from: source) { map, state, piece, _ in
            let target = target(state)
            map.times(
                source(state)[piece.rows.lowerBound], rows: piece.rows.count, outputs: piece.outputs, adding: adding,
                into: target[piece.rows.lowerBound] + piece.outputs.lowerBound, stride: target.width)
        }
    }

    /// Runs a body over numbered pieces on all threads.
    private func onAllThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) throws {
        try each(count) { number, _ in body(number) }
    }

    /// Runs a body over numbered pieces on all threads, each with its own scratch memory.
    func each(_ count: Int, _ body: @escaping @Sendable (Int, ActivationScratch) -> Void) throws {
        let scratch = scratch
        try pool.run(count) { body($0, scratch[$1]) }
    }
}
