import DPPAExecution
import DPPAExpression
import DPPAKernels
import DPPASupport

/// Scores models once: what was scored before, in this run or an earlier one, is remembered.
public final class Scorer {
    /// An external program, and how a candidate is written for it.
    public struct External {
        var evaluator: ExternalEvaluator
        var write: (NodeID, String) throws -> Void

        /// A program with what writes a model into a directory that exists.
        public init(_ evaluator: ExternalEvaluator, write: @escaping (NodeID, String) throws -> Void) {
            self.evaluator = evaluator
            self.write = write
        }

        /// Writes a candidate, has it scored and removes it.
        @available(*, noasync)
        fileprivate func score(
            _ model: NodeID, _ tasks: [String], _ observer: (any EngineObserver)?
        ) throws -> [Score] {
            let directory = try evaluator.makeCandidateDirectory()
            let result = Result {
                try write(model, directory.path)
                return try evaluator.score(
                    directory: directory.path, tasks: tasks, checkInterruption: { try observer?.checkInterruption() })
            }
            try directory.remove()
            return try result.get()
        }
    }

    private let engine: Engine
    private let dtype: DType?
    private let journal: ScoreJournal
    private let external: External?
    private let fingerprint: GraphFingerprint
    private let encodings = TaskEncodings()
    private var parts = TaskParts()
    /// Whether who asks goes on without scores where they cannot be had.
    package var sharesFailures = false
    /// How ranks have shared what was scored, in words, each once with how often, in the order of the first time.
    package private(set) var sharing: [(words: String, count: Int)] = []

    /// A scorer on an engine; `dtype` is the type that models would be written in, nil for each tensor's own.
    public init(_ engine: Engine, dtype: DType?, journal: ScoreJournal, external: External? = nil) {
        self.engine = engine
        fingerprint = GraphFingerprint(engine.graph)
        self.dtype = dtype
        self.journal = journal
        self.external = external
    }

    /// The scores of several models on the first share of each task's questions.
    ///
    /// What of a smaller share is known of a model is not asked again. Throws what scoring whole tasks does, and a `data` error
    /// when a part of a task is asked for that only an external program knows. Not to be called on a thread of the shared pool
    /// of Swift's tasks.
    @available(*, noasync)
    public func score(_ models: [NodeID], on tasks: [ScoredTask], share: Double) throws -> [[Score]] {
        guard share < 1 || !parts.isEmpty else { return try score(models, on: tasks) }
        // Models whose tasks are in the same parts are scored together.
        var groups: [[[Range<Int>]]: [Int]] = [:]
        for (index, model) in models.enumerated() {
            let ranges = try tasks.map { task -> [Range<Int>] in
                guard case .builtIn(let own) = task else {
                    guard share == 1 else { throw Self.indivisible(task) }
                    return []
                }
                return parts.parts(of: try key(model, task), count: own.count(ofShare: share), of: own.count)
            }
            groups[ranges, default: []].append(index)
        }
        var rows = [[Score]](repeating: [], count: models.count)
        for (ranges, group) in groups.sorted(by: { ($0.value.first ?? 0) < ($1.value.first ?? 0) }) {
            let pieces = zip(tasks, ranges).map { Self.pieces(of: $0, $1) }
            let scores = try score(group.map { models[$0] }, on: pieces.flatMap(\.self))
            for (index, row) in zip(group, scores) {
                var rest = row[...]
                rows[index] = try pieces.map { pieces in
                    let own = Array(rest.prefix(pieces.count))
                    rest = rest.dropFirst(own.count)
                    guard let score = Score.joined(own) else {
                        throw DPPAError(.internalFault, "the parts of \(own.first?.task ?? "") cannot be joined")
                    }
                    return score
                }
            }
        }
        return rows
    }

    /// A task in parts; the whole of it is the task itself.
    private static func pieces(of task: ScoredTask, _ ranges: [Range<Int>]) -> [ScoredTask] {
        guard case .builtIn(let own) = task, ranges != [0..<own.count] else { return [task] }
        return ranges.map { .builtIn(own.part($0)) }
    }

    private static func indivisible(_ task: ScoredTask) -> DPPAError {
        DPPAError(
            .data,
            "the task '\(task.name)' is scored by an external program, which cannot be asked a share of its questions",
            notes: ["score it whole: without share, and in a search without shares"])
    }

    /// The scores of several models on several tasks.
    ///
    /// What is not known yet is scored together, in one read of what the models share. Throws what the evaluators throw, and
    /// a `data` error when a score is not a number. Not to be called on a thread of the shared pool of Swift's tasks.
    @available(*, noasync)
    public func score(_ models: [NodeID], on tasks: [ScoredTask]) throws -> [[Score]] {
        if external == nil, let task = tasks.first(where: { if case .external = $0 { true } else { false } }) {
            throw ExternalEvaluator.missing(for: task.name)
        }
        let keys = try models.map { model in try tasks.map { try key(model, $0) } }
        try shareKnown(keys)
        tellOfJournal(keys)
        try scoreBuiltIn(models, tasks, keys)
        try scoreExternal(models, tasks, keys)
        return try keys.map { row in
            try zip(row, tasks).map { key, task in
                guard let score = journal[key] else { throw DPPAError(.internalFault, "\(task.name) was not scored") }
                guard !score.value.isNaN else { throw DPPAError(.data, "the score on '\(task.name)' is not a number") }
                return score
            }
        }
    }

    /// Throws what scoring would throw before it reads a weight; what only an external program knows is not asked for.
    package func requireScorable(_ models: [NodeID], on tasks: [ScoredTask]) throws {
        let builtIn = tasks.compactMap { if case .builtIn(let task) = $0 { task } else { nil } }
        guard !builtIn.isEmpty else { return }
        try Evaluator(engine, dtype: dtype, encodings: encodings).requireScorable(models, on: builtIn)
    }

    /// How some ranks would share the scoring of models on the first share of each task's questions, in words.
    ///
    /// Throws what scoring would throw before it reads a weight.
    package func plans(
        _ models: [NodeID], on tasks: [ScoredTask], share: Double, ranks: Int
    ) throws -> [String] {
        let asked = tasks.compactMap { task -> EvaluationTask? in
            guard case .builtIn(let own) = task else { return nil }
            return share < 1 ? own.part(0..<own.count(ofShare: share)) : own
        }
        guard !asked.isEmpty else { return [] }
        return try Evaluator(engine, dtype: dtype, encodings: encodings).works(models, asked, ranks: ranks)
            .map(\.plan.words)
    }

    /// Takes note of how ranks share what is scored.
    private func note(_ plan: ScoringPlan) {
        if let known = sharing.firstIndex(where: { $0.words == plan.words }) {
            sharing[known].count += 1
        } else {
            sharing.append((plan.words, 1))
        }
    }

    /// Has all ranks know the scores that the first one knows, so that all ask for the same.
    private func shareKnown(_ keys: [[UInt128]]) throws {
        let keys = Array(keys.joined())
        try share(keys) { keys.map { journal[$0] } }
    }

    /// Gives all ranks the scores that the first one has for some keys, which may be others on another rank: files have paths and
    /// times of their own there.
    private func share(_ keys: [UInt128], _ scores: () throws -> [Score?]) throws {
        let ranks = engine.ranks
        var rest = try ranks.fromFirst {
            try ranks.attempt(sharesFailures) {
                var message = Message()
                for score in try scores() { message.put(score?.journal.text ?? "") }
                return message
            }
        }
        try rest.takeAttempt()
        guard !ranks.isFirst else { return }
        for key in keys {
            let text = try rest.takeText()
            guard !text.isEmpty else { continue }
            guard let score = Score(journal: .object(try JSONObject(Array(text.utf8), file: ""))) else {
                throw DPPAError(.internalFault, "the first rank tells of no score")
            }
            try journal.add(score, key: key)
        }
    }

    /// Tells once that scores of an earlier run are used.
    private func tellOfJournal(_ keys: [[UInt128]]) {
        guard !journal.isAnnounced, keys.contains(where: { $0.contains(where: journal.found.contains) }) else { return }
        journal.isAnnounced = true
        let count = journal.found.count
        engine.observer?.note("resuming, \(count) score\(count == 1 ? "" : "s") found in \(journal.path ?? "")")
    }

    private func scoreBuiltIn(_ models: [NodeID], _ tasks: [ScoredTask], _ keys: [[UInt128]]) throws {
        // Models that lack the same tasks are scored together.
        var lacking: [[Int]: [Int]] = [:]
        var seen: Set<[UInt128]> = []
        for (model, row) in keys.enumerated() where seen.insert(row).inserted {
            let missing = tasks.indices.filter { number in
                if case .builtIn = tasks[number] { journal[row[number]] == nil } else { false }
            }
            if !missing.isEmpty { lacking[missing, default: []].append(model) }
        }
        for (missing, group) in lacking.sorted(by: { ($0.value.first ?? 0) < ($1.value.first ?? 0) }) {
            let wanted = missing.compactMap { if case .builtIn(let task) = tasks[$0] { task } else { nil } }
            var evaluator = Evaluator(engine, dtype: dtype, encodings: encodings)
            evaluator.tells = { [weak self] in self?.note($0) }
            evaluator.sharesFailures = sharesFailures
            let scores = try evaluator.score(group.map { models[$0] }, on: wanted)
            for (model, row) in zip(group, scores) {
                for (number, score) in zip(missing, row) { try journal.add(score, key: keys[model][number]) }
            }
        }
    }

    @available(*, noasync)
    private func scoreExternal(_ models: [NodeID], _ tasks: [ScoredTask], _ keys: [[UInt128]]) throws {
        for (model, row) in keys.enumerated() {
            let missing = tasks.indices.filter { number in
                if case .external = tasks[number] { journal[row[number]] == nil } else { false }
            }
            guard let external, !missing.isEmpty else { continue }
            // The program is started once.
            try share(missing.map { row[$0] }) {
                let scores = try engine.byItself {
                    try external.score(models[model], missing.map { tasks[$0].name }, engine.observer)
                }
                for (number, score) in zip(missing, scores) { try journal.add(score, key: row[number]) }
                return scores
            }
        }
    }

    /// What a score depends on: the expression and its files, the types of the written tensors, the architecture, the task, and
    /// the tokenizer of a task of texts.
    private func key(_ model: NodeID, _ task: ScoredTask) throws -> UInt128 {
        var hash = Fingerprint()
        hash.add(version)
        hash.add(fingerprint(model))
        hash.add(dtype?.rawValue ?? "")
        if let first = engine.graph.startingModel(of: model) { hash.add(first.stamp) }
        switch task {
        case .builtIn(let task):
            hash.add(task.metric.rawValue)
            hash.add(task.fingerprint)
            if task.isText, let start = engine.graph.startingModel(of: model) {
                hash.add(try encodings.tokenizer(of: start).digest)
            }
        case .external(let name):
            hash.add("external")
            hash.add(name)
            hash.add(external?.evaluator.fingerprint ?? "")
        }
        return hash.value
    }
}
