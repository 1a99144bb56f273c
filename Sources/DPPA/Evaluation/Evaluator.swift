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
        try hasManyRanks(models) ? dealt(models, tasks) : answer(models, tasks).map { $0.map(\.score) }
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
        let hasTexts = tasks.contains(where: \.isText)
        let subjects = try models.map(subject)
        var results = [[Answer]?](repeating: nil, count: models.count)
        while let first = results.firstIndex(where: { $0 == nil }) {
            let subject = subjects[first]
            let encoded = try tasks.map { try subject.encode($0, encodings) }
            let alike = try models.indices.filter {
                try results[$0] == nil && subject.isLike(subjects[$0], hasTexts: hasTexts, encodings)
            }
            let shares = try subject.shares(encoded.map(\.0), models: alike.count, engine.options)
            // How many fit is a matter of memory, of which ranks may have different amounts.
            var decision = try engine.ranks.fromFirst {
                var message = Message()
                message.put(shares.candidates)
                return message
            }
            let group = Array(alike.prefix(try decision.take()))
            let answers = try answer(subject, group.map { models[$0] }, encoded)
            for (index, answer) in zip(group, answers) { results[index] = answer }
        }
        return results.map { $0 ?? [] }
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

    private func predict(
        _ subject: EvaluationSubject, _ models: [NodeID], _ sequences: [TokenSequence],
        _ shares: EvaluationSubject.MemoryShares
    ) throws -> [[Prediction]] {
        let pass = pass(subject, models, shares)
        var predictions = [[Prediction]](repeating: [], count: models.count)
        let sequences = Array(sequences[ownSequences(sequences)])
        for wave in TokenLayout.waves(sequences, limit: shares.tokens) {
            let found = try pass.run(Array(sequences[wave]), candidates: models.count)
            for (index, part) in found.enumerated() { predictions[index] += part }
        }
        return try gathered(predictions)
    }

    private func pass(
        _ subject: EvaluationSubject, _ models: [NodeID], _ shares: EvaluationSubject.MemoryShares
    ) -> ForwardPass {
        let weights = WeightStream(
            engine, models: models, order: subject.network.order, facts: subject.facts, memory: shares.weights,
            dtype: subject.dtype)
        let observer = engine.observer
        return ForwardPass(subject.network, weights, pool: engine.pool) { try observer?.checkInterruption() }
    }

    /// What each model generates in each task of generation, which differs from model to model, so they run one by one.
    private func generated(
        _ subject: EvaluationSubject, _ models: [NodeID], _ tasks: [(EncodedTask, TaskTokenizer?)],
        _ shares: EvaluationSubject.MemoryShares
    ) throws -> [[[Verdict]?]] {
        let none = [[Verdict]?](repeating: nil, count: tasks.count)
        guard tasks.contains(where: { $0.0.task.metric == .generate }) else { return models.map { _ in none } }
        let needsPlain = tasks.contains { task, tokenizer in task.task.metric == .generate && tokenizer == nil }
        let plain = try needsPlain ? subject.tokenText() : nil
        return try models.map { model in
            let generator = Generator(pass(subject, [model], shares), memory: shares.activations)
            return try tasks.map { task, tokenizer -> [Verdict]? in
                guard task.task.metric == .generate else { return nil }
                return try generator.verdicts(task) { tokenizer?.text($0) ?? plain?.text($0) ?? "" }
            }
        }
    }

    /// What the forward pass needs to know of a model.
    func subject(_ model: NodeID) throws -> EvaluationSubject {
        try engine.graph.requireModel(model)
        guard let start = engine.graph.startingModel(of: model) else {
            throw DPPAError(.data, "this model comes from no checkpoint")
        }
        return try EvaluationSubject(engine.graph, model, from: start) { start.outputDType($0, wished: dtype) }
    }

    private func answer(
        _ subject: EvaluationSubject, _ models: [NodeID], _ tasks: [(EncodedTask, TaskTokenizer?)]
    ) throws -> [[Answer]] {
        for (task, _) in tasks { try subject.requireFit(task) }
        let start = ContinuousClock.now
        let shares = try subject.shares(tasks.map(\.0), models: models.count, engine.options)
        try engine.settle(models)
        return try engine.staged("scoring", bytes: subject.bytes * models.count) {
            let predictions = try predict(subject, models, tasks.flatMap(\.0.sequences), shares)
            let generated = try generated(subject, models, tasks, shares)
            let seconds = (ContinuousClock.now - start) / .seconds(1) / Double(models.count * max(1, tasks.count))
            return try models.indices.map { index in
                var rest = predictions[index][...]
                return try tasks.enumerated().map { number, task in
                    let judge = Judge(task.0, label: subject.label)
                    let own = rest.prefix(task.0.positionCount)
                    rest = rest.dropFirst(own.count)
                    let verdicts = try generated[index][number] ?? judge.verdicts(Array(own))
                    return Answer(
                        judge: judge, verdicts: verdicts, score: judge.score(verdicts, seconds: seconds),
                        tokenizer: task.1)
                }
            }
        }
    }
}
