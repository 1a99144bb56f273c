/// Scores models once: what was scored before, in this run or an earlier one, is remembered.
public final class Scorer {
    private let engine: Engine
    private let dtype: DType?
    private let journal: ScoreJournal
    private var checkpoints: [Checkpoint] = []
    private var stamps: [UInt128] = []
    private lazy var fingerprint = GraphFingerprint(engine.graph) { [unowned self] model in stamps[model] }

    /// A scorer on an engine; `dtype` is the type that models would be written in, nil for each tensor's own.
    public init(_ engine: Engine, dtype: DType?, journal: ScoreJournal) {
        self.engine = engine
        self.dtype = dtype
        self.journal = journal
    }

    /// The scores of several models on several tasks; `checkpoints` are the graph's models, in order.
    ///
    /// What is not known yet is scored together, in one read of what the models share. Throws what the evaluators throw, and
    /// a `data` error when a score is not a number.
    public func score(
        _ models: [NodeID], on tasks: [EvaluationTask], checkpoints: [Checkpoint]
    ) throws -> [[Score]] {
        for checkpoint in checkpoints[self.checkpoints.count...] { stamps.append(checkpoint.stamp) }
        self.checkpoints = checkpoints
        let keys = models.map { model in tasks.map { key(model, $0) } }
        try scoreBuiltIn(models, tasks, keys)
        return try keys.map { row in
            try zip(row, tasks).map { key, task in
                guard let score = journal[key] else { throw DPPAError(.internalFault, "\(task.name) was not scored") }
                guard !score.value.isNaN else { throw DPPAError(.data, "the score on '\(task.name)' is not a number") }
                return score
            }
        }
    }

    private func scoreBuiltIn(_ models: [NodeID], _ tasks: [EvaluationTask], _ keys: [[UInt128]]) throws {
        // Models that lack the same tasks are scored together.
        var lacking: [[Int]: [Int]] = [:]
        var seen: Set<[UInt128]> = []
        for (model, row) in keys.enumerated() where seen.insert(row).inserted {
            let missing = tasks.indices.filter { journal[row[$0]] == nil }
            if !missing.isEmpty { lacking[missing, default: []].append(model) }
        }
        for (missing, group) in lacking.sorted(by: { ($0.value.first ?? 0) < ($1.value.first ?? 0) }) {
            let evaluator = Evaluator(engine, checkpoints: checkpoints, dtype: dtype)
            let scores = try evaluator.score(group.map { models[$0] }, on: missing.map { tasks[$0] })
            for (model, row) in zip(group, scores) {
                for (number, score) in zip(missing, row) { try journal.add(score, key: keys[model][number]) }
            }
        }
    }

    /// What a score depends on: the expression and its files, the types of the written tensors, the architecture, the task.
    private func key(_ model: NodeID, _ task: EvaluationTask) -> UInt128 {
        var hash = Fingerprint()
        hash.add(version)
        hash.add(fingerprint(model))
        hash.add(dtype?.rawValue ?? "")
        if let first = engine.graph.models(of: model).first { hash.add(stamps[first]) }
        hash.add(task.metric.rawValue)
        hash.add(task.fingerprint)
        return hash.value
    }
}
