import DPPACheckpoint
import DPPAExecution
import DPPAExpression
import DPPAKernels
import DPPASupport

/// A model on its calibration text, block by block: what stays between blocks is the residual stream of every token.
///
/// Of several ranks each has some parts of the text: it runs these by itself, and all learn what was summed up of each.
final class CalibrationRun {
    let subject: EvaluationSubject
    /// The linears whose inputs are told, by block.
    let linears: [[CalibratedLinear]]
    private let pass: ForwardPass
    private let weights: WeightStream
    private let angles: [RotaryEmbedding: Buffer<Float>]
    private let hasProducts: Bool
    private let parts: CalibrationParts
    /// What this rank runs before each exchange of sums.
    private let rounds: [[Wave]]
    /// Those that share the text; of one that is a single part each rank runs the whole.
    private let ranks: Ranks

    /// Sequences that go through a block together, with their streams, a row for each token.
    private struct Wave {
        var layout: TokenLayout
        var stream: Buffer<Float>
        /// The part of the text of each batch.
        var parts: [Int]
    }

    /// Puts the embeddings of a model, those of `start`, into the streams.
    ///
    /// `reserved` is what others keep in memory meanwhile, in bytes, and what is left is shared by `count` runs. Throws a `limit`
    /// error when the memory is too small.
    init(
        _ evaluator: Evaluator, _ model: NodeID, start: NodeID, _ text: CalibrationText, _ subject: EvaluationSubject,
        hasProducts: Bool, reserved: Int, among count: Int = 1
    ) throws {
        let (engine, network) = (evaluator.engine, subject.network)
        self.subject = subject
        linears = network.linears { subject.facts[$0]?.isLinear ?? false }
        let sequences = text.sequences.map { TokenSequence(tokens: $0, wanted: 0..<0, targets: []) }
        let parts = CalibrationParts(sequences, hasProducts: hasProducts)
        let ranks = parts.isWhole ? .alone : engine.ranks
        (self.hasProducts, self.parts, self.ranks) = (hasProducts, parts, ranks)
        let own = parts.rounds(of: ranks)
        var budget = MemoryBudget(limit: engine.options.memory)
        try budget.reserve(
            reserved + Self.bytes(of: linears, parts, ranks, hasProducts: hasProducts)
                + Self.streamBytes(subject, text, hasProducts: hasProducts, engine.ranks),
            for: "the calibration text of \(subject.label)")
        var options = engine.options
        options.memory = MemoryBudget.base + budget.free / count
        let shares = try subject.shares([], models: 1, options)
        try engine.settle([model, start])
        func stream(_ node: NodeID) -> WeightStream {
            WeightStream(
                engine, models: [node], order: network.order, facts: subject.facts, memory: shares.weights,
                dtype: subject.dtype)
        }
        func pass(_ weights: WeightStream) -> ForwardPass {
            ForwardPass(network, weights, pool: engine.pool, check: evaluator.check)
        }
        let weights = stream(model)
        (self.weights, self.pass) = (weights, pass(weights))
        let embedding = start == model ? self.pass : pass(stream(start))
        let angles = network.angles(count: text.sequences.map(\.count).max() ?? 0)
        self.angles = angles
        rounds = try own.map { own in
            let range = parts.sequences(of: own)
            let sequences = Array(sequences[range])
            return try TokenLayout.waves(sequences, limit: shares.tokens).map { wave in
                let layout = TokenLayout(Array(sequences[wave]))
                let state = Activations(network, layout, angles: angles)
                try embedding.embed(sequences[wave].flatMap(\.tokens), [state])
                let first = range.lowerBound + wave.lowerBound
                return Wave(
                    layout: layout, stream: state.stream,
                    parts: layout.batches.map { parts.part(of: first + $0.sequences.lowerBound) })
            }
        }
    }

    /// What the streams of this rank's parts take, in bytes.
    static func streamBytes(
        _ subject: EvaluationSubject, _ text: CalibrationText, hasProducts: Bool, _ ranks: Ranks
    ) -> Int {
        let sequences = text.sequences.map { TokenSequence(tokens: $0, wanted: 0..<0, targets: []) }
        let parts = CalibrationParts(sequences, hasProducts: hasProducts)
        let own = parts.rounds(of: parts.isWhole ? .alone : ranks).map(parts.sequences).joined()
        return own.reduce(0) { $0 + text.sequences[$1].count } * subject.network.width * 4
    }

    /// What the sums of this rank's parts take besides those of the text, in bytes: those of a block, and what ranks tell each other.
    private static func bytes(
        of linears: [[CalibratedLinear]], _ parts: CalibrationParts, _ ranks: Ranks, hasProducts: Bool
    ) -> Int {
        guard !parts.isWhole else { return 0 }
        let block = linears.map { layer in
            layer.reduce(0) { $0 + InputSums.bytes(width: $1.inputs, hasProducts: hasProducts) }
        }
        let isAddedAtOnce = hasProducts || ranks.isAlone
        let count = isAddedAtOnce ? 1 : parts.rounds(of: ranks).map(\.count).max() ?? 1
        // Its own, those of all, and those of one that are taken apart.
        let exchanged = hasProducts && !ranks.isAlone ? 3 * InputCollector.exchangedBytes : 0
        return (block.max() ?? 0) * count + exchanged
    }

    /// Runs all tokens through a block and tells of the inputs of its linears; the streams go on only where they are to.
    func inputs(of layer: Int, advances: Bool) throws -> [String: InputSums] {
        var pass = pass
        let collector = InputCollector(
            linears[layer], hasProducts: hasProducts, isWhole: parts.isWhole, ranks: ranks)
        pass.collector = collector
        for waves in rounds {
            for wave in waves {
                collector.batches = wave.parts
                try run(layer, wave, pass, advances: advances)
            }
            try collector.finish()
        }
        return collector.sums
    }

    /// Runs all tokens through a block with other tensors.
    func advance(through layer: Int, with tensors: [String: Buffer<Float>]) throws {
        weights.replaced = tensors
        defer { weights.replaced = [:] }
        for wave in rounds.joined() { try run(layer, wave, pass, advances: true) }
    }

    private func run(_ layer: Int, _ wave: Wave, _ pass: ForwardPass, advances: Bool) throws {
        let state = Activations(subject.network, wave.layout, angles: angles)
        state.stream.pointer.update(from: wave.stream.pointer, count: wave.stream.count)
        try pass.runBlock(layer, [state])
        if advances { wave.stream.pointer.update(from: state.stream.pointer, count: wave.stream.count) }
    }
}
