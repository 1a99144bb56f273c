import DPPACheckpoint
import DPPAExecution
import DPPAExpression
import DPPAKernels
import DPPASupport
import Foundation

/// Scores model expressions with the built-in forward pass, without writing them anywhere.
///
/// A weight is built from the expression when it is needed and rounded to the type that it would be written in, so a score
/// belongs to the model that would be written. Scores depend on the models and the tasks, not on threads or memory.
public struct Evaluator {
    let engine: Engine
    let dtype: DType?
    let encodings: TaskEncodings
    /// Is told how ranks share what is scored.
    package var tells: (ScoringPlan) -> Void = { _ in }
    /// Whether who asks goes on without scores where they cannot be had: then an error of one rank is that of all, and the run goes on.
    package var sharesFailures = false

    /// An evaluator for the models of an engine's graph; `dtype` is the type that they would be written in, nil for each
    /// tensor's own, and `encodings` what is kept of tokenizers and tasks between evaluators.
    public init(_ engine: Engine, dtype: DType?, encodings: TaskEncodings = TaskEncodings()) {
        self.engine = engine
        self.dtype = dtype
        self.encodings = encodings
    }

    /// The scores of several models, for each the scores of all tasks.
    ///
    /// Models of one architecture are built in one read. Throws `data` when a model cannot be run, a task does not fit its
    /// vocabulary, or logits are not numbers; `limit` when the memory is too small; `missingInput` when a task is of texts and a
    /// model has no tokenizer.
    public func score(_ models: [NodeID], on tasks: [EvaluationTask]) throws -> [[Score]] {
        try answer(models, tasks).map { $0.map(\.score) }
    }

    /// The same with what was said to each question.
    public func results(_ models: [NodeID], on tasks: [EvaluationTask]) throws -> [[TaskResult]] {
        let answers = try answer(models, tasks)
        return try zip(models, answers).map { model, row in
            let subject = try subject(model)
            return try row.map { answer in
                let text = try answer.tokenizer.map { $0.text } ?? subject.tokenText().text
                return TaskResult(score: answer.score, items: answer.judge.items(answer.verdicts, text))
            }
        }
    }

    /// What a model has answered to one task.
    private struct Answer {
        var judge: Judge
        var verdicts: [Verdict]
        var score: Score
        var tokenizer: TaskTokenizer?
    }

    private func answer(_ models: [NodeID], _ tasks: [EvaluationTask]) throws -> [[Answer]] {
        try MatrixProduct.prepare()
        let works = try works(models, tasks, ranks: engine.ranks.size)
        if !engine.ranks.isAlone { for work in works { tells(work.plan) } }
        var answers = [[Answer]](repeating: [], count: models.count)
        for (work, said) in zip(works, try said(works)) {
            let seconds = said.seconds / Double(work.models.count * max(1, tasks.count))
            for (place, said) in zip(work.places, said.candidates) {
                answers[place] = try self.answers(work, said, seconds: seconds)
            }
        }
        return answers
    }

    /// The answers to all tasks that a candidate's predictions and texts come to.
    private func answers(_ work: ScoringWork, _ said: SaidPieces, seconds: Double) throws -> [Answer] {
        var (predictions, completions) = (said.predictions[...], said.completions[...])
        return try zip(work.tasks, try texts(work)).map { task, text in
            let judge = Judge(task.encoded, label: work.subject.label)
            let verdicts: [Verdict]
            if task.encoded.task.metric == .generate {
                let own = completions.prefix(task.encoded.samples.count)
                completions = completions.dropFirst(own.count)
                verdicts = try Generator.verdicts(task.encoded, Array(own), text)
            } else {
                let own = predictions.prefix(task.encoded.positionCount)
                predictions = predictions.dropFirst(own.count)
                verdicts = try judge.verdicts(Array(own))
            }
            return Answer(
                judge: judge, verdicts: verdicts, score: judge.score(verdicts, seconds: seconds),
                tokenizer: task.tokenizer)
        }
    }

    /// Throws what scoring would throw before it reads a weight.
    func requireScorable(_ models: [NodeID], on tasks: [EvaluationTask]) throws {
        for subject in try models.map(subject) {
            let encoded = try tasks.map { try subject.encode($0, encodings).0 }
            for task in encoded { try subject.requireFit(task) }
            _ = try subject.shares(encoded, models: 1, engine.options)
        }
    }

    /// What one model predicts at the wanted positions of some sequences, in order.
    package func predictions(_ model: NodeID, _ sequences: [TokenSequence]) throws -> [Prediction] {
        try MatrixProduct.prepare()
        let subject = try subject(model)
        try engine.settle([model])
        return try predict(subject, [model], sequences, subject.shares([], models: 1, engine.options))[0]
    }

    /// The greedy completions of some prompts by one model.
    package func completions(_ model: NodeID, _ prompts: [[Int32]], maximumTokens: Int) throws -> [[Int32]] {
        try MatrixProduct.prepare()
        let subject = try subject(model)
        try engine.settle([model])
        let shares = try subject.shares([], models: 1, engine.options)
        let generator = Generator(pass(subject, [model], shares), memory: shares.activations)
        return try generator.complete(prompts, Generator.Limits(maximumTokens: maximumTokens))
    }

    /// Throws what running a model would throw before it reads a weight.
    package func requireRunnable(_ model: NodeID) throws { try requireScorable([model], on: []) }

    /// The residual stream of one model before each block, of each of some texts as tokens: at the last token, or the mean of all.
    ///
    /// By text, then by block.
    /// Throws `data` when a text is empty, has a token that the model does not know, or is too long for it.
    package func hiddenStates(_ model: NodeID, _ texts: [[Int32]], isMean: Bool) throws -> [[Buffer<Float>]] {
        try MatrixProduct.prepare()
        let subject = try subject(model)
        for text in texts { try subject.requireFit(text) }
        try engine.settle([model])
        let shares = try subject.shares([], models: 1, engine.options)
        let pass = pass(subject, [model], shares)
        let sequences = texts.map { TokenSequence(tokens: $0, wanted: 0..<0, targets: []) }
        let width = subject.network.width
        var states = texts.map { _ in [Buffer<Float>]() }
        try engine.staged("prompts", bytes: subject.bytes) {
            for wave in TokenLayout.waves(sequences, limit: shares.tokens) {
                try pass.runBlocks(Array(sequences[wave])) { _, layout, stream in
                    for (place, text) in wave.enumerated() {
                        let end = layout.offsets[place + 1]
                        let tokens = isMean ? layout.offsets[place]..<end : end - 1..<end
                        states[text].append(Self.mean(of: tokens, stream, width: width))
                    }
                }
            }
        }
        return states
    }

    /// The embeddings of some tokens in one model, rounded to the type that they would be written in.
    package func embeddings(_ model: NodeID, of tokens: [Int32]) throws -> [Buffer<Float>] {
        guard let start = engine.graph.startingModel(of: model), let embedding = TiedHead(start).embedding else {
            throw DPPAError(.data, "this model has no embedding")
        }
        try engine.settle([model])
        return try engine.staged("prompts", bytes: 0) {
            try tokens.map { token in
                let row = Engine.Wanted(embedding.name, rows: Int(token)..<Int(token) + 1)
                return try engine.materialize([model], [row]) { start.outputDType($0, wished: dtype) }[0][0]
            }
        }
    }

    /// The mean of some rows: sums in float64, ascending, divided and rounded once.
    private static func mean(of rows: Range<Int>, _ stream: Buffer<Float>, width: Int) -> Buffer<Float> {
        let result = Buffer<Float>(width)
        for index in 0..<width {
            var sum = 0.0
            for row in rows { sum += Double(stream.pointer[row * width + index]) }
            result.pointer[index] = Float(sum / Double(rows.count))
        }
        return result
    }

    func predict(
        _ subject: EvaluationSubject, _ models: [NodeID], _ sequences: [TokenSequence],
        _ shares: EvaluationSubject.MemoryShares
    ) throws -> [[Prediction]] {
        let pass = pass(subject, models, shares)
        var predictions = [[Prediction]](repeating: [], count: models.count)
        for wave in TokenLayout.waves(sequences, limit: shares.tokens) {
            let found = try pass.run(Array(sequences[wave]), candidates: models.count)
            for (index, part) in found.enumerated() { predictions[index] += part }
        }
        return predictions
    }

    func pass(
        _ subject: EvaluationSubject, _ models: [NodeID], _ shares: EvaluationSubject.MemoryShares
    ) -> ForwardPass {
        let weights = WeightStream(
            engine, models: models, order: subject.network.order, facts: subject.facts, memory: shares.weights,
            dtype: subject.dtype)
        return ForwardPass(subject.network, weights, pool: engine.pool, check: check)
    }

    /// Throws if the person or another rank has ended the work.
    func check() throws {
        try engine.observer?.checkInterruption()
        try engine.options.ranks.check()
    }

    /// What the forward pass needs to know of a model.
    func subject(_ model: NodeID) throws -> EvaluationSubject {
        try engine.graph.requireModel(model)
        guard let start = engine.graph.startingModel(of: model) else {
            throw DPPAError(.data, "this model comes from no checkpoint")
        }
        return try EvaluationSubject(engine.graph, model, from: start) { start.outputDType($0, wished: dtype) }
    }
}
