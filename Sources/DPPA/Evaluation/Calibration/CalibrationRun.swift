import DPPACheckpoint
import DPPAExecution
import DPPAExpression
import DPPAKernels
import DPPASupport

/// A model on its calibration text, block by block: what stays between blocks is the residual stream of every token.
final class CalibrationRun {
    let subject: EvaluationSubject
    /// The linears whose inputs are told, by block.
    let linears: [[CalibratedLinear]]
    private let pass: ForwardPass
    private let weights: WeightStream
    private let angles: [RotaryEmbedding: Buffer<Float>]
    private let waves: [Wave]

    /// Sequences that go through a block together, with their streams, a row for each token.
    private struct Wave {
        var layout: TokenLayout
        var stream: Buffer<Float>
    }

    /// Puts the embeddings of a model, those of `start`, into the streams.
    ///
    /// `reserved` is what others keep in memory meanwhile, in bytes, and what is left is shared by `count` runs. Throws a `limit`
    /// error when the memory is too small.
    init(
        _ evaluator: Evaluator, _ model: NodeID, start: NodeID, _ text: CalibrationText, _ subject: EvaluationSubject,
        reserved: Int, among count: Int = 1
    ) throws {
        let (engine, network) = (evaluator.engine, subject.network)
        self.subject = subject
        linears = network.linears { subject.facts[$0]?.isLinear ?? false }
        var budget = MemoryBudget(limit: engine.options.memory)
        try budget.reserve(
            reserved + text.tokenCount * network.width * 4, for: "the calibration text of \(subject.label)")
        var options = engine.options
        options.memory = MemoryBudget.base + budget.free / count
        let shares = try subject.shares([], models: 1, options)
        try engine.settle([model, start])
        func stream(_ node: NodeID) -> WeightStream {
            WeightStream(
                engine, models: [node], order: network.order, facts: subject.facts, memory: shares.weights,
                dtype: subject.dtype)
        }
        let observer = engine.observer
        func pass(_ weights: WeightStream) -> ForwardPass {
            ForwardPass(network, weights, pool: engine.pool) { try observer?.checkInterruption() }
        }
        let weights = stream(model)
        let own = pass(weights)
        (self.weights, self.pass) = (weights, own)
        let sequences = text.sequences.map { TokenSequence(tokens: $0, wanted: 0..<0, targets: []) }
        let embedding = start == model ? own : pass(stream(start))
        let angles = network.angles(count: text.sequences.map(\.count).max() ?? 0)
        self.angles = angles
        waves = try TokenLayout.waves(sequences, limit: shares.tokens).map { range in
            let layout = TokenLayout(Array(sequences[range]))
            let state = Activations(network, layout, angles: angles)
            try embedding.embed(sequences[range].flatMap(\.tokens), [state])
            return Wave(layout: layout, stream: state.stream)
        }
    }

    /// Runs all tokens through a block and tells of the inputs of its linears; the streams go on only where they are to.
    func inputs(of layer: Int, hasProducts: Bool, advances: Bool) throws -> [String: InputSums] {
        var pass = pass
        let collector = InputCollector(linears[layer], hasProducts: hasProducts)
        pass.collector = collector
        for wave in waves { try run(layer, wave, pass, advances: advances) }
        return collector.sums
    }

    /// Runs all tokens through a block with other tensors.
    func advance(through layer: Int, with tensors: [String: Buffer<Float>]) throws {
        weights.replaced = tensors
        defer { weights.replaced = [:] }
        for wave in waves { try run(layer, wave, pass, advances: true) }
    }

    private func run(_ layer: Int, _ wave: Wave, _ pass: ForwardPass, advances: Bool) throws {
        let state = Activations(subject.network, wave.layout, angles: angles)
        state.stream.pointer.update(from: wave.stream.pointer, count: wave.stream.count)
        try pass.runBlock(layer, [state])
        if advances { wave.stream.pointer.update(from: state.stream.pointer, count: wave.stream.count) }
    }
}
