import DPPA
import DPPAScript
import Foundation
import SystemPackage

/// Models on disk, scored on the tasks of a command line: files by the program itself, `external:NAME` by the person's command.
struct EvaluationRun {
    private let tasks: [ScoredTask]
    private let evaluator: ExternalEvaluator?
    private let options: EngineOptions
    private let progress: ProgressLine

    /// Opens the task files.
    ///
    /// Throws when one is missing or damaged, and when there is no command for an external task.
    init(tasks: [String], evaluator: ExternalEvaluator?, options: EngineOptions, progress: ProgressLine) throws {
        self.tasks = try tasks.map(ScoredTask.init(given:))
        self.evaluator = evaluator
        self.options = options
        self.progress = progress
        if evaluator == nil, let name = external.first { throw ExternalEvaluator.missing(for: name) }
    }

    /// A model's scores, in the order of the tasks.
    func scores(of model: String) throws -> [Score] {
        var own = try builtIn.isEmpty ? [] : ownScores(InputPath.open(model, label: FilePath(model).name))
        var others: [Score] = []
        if let evaluator, !external.isEmpty {
            let path = try InputPath.model(model)
            others = try evaluator.score(
                directory: ModelPlace.standing(path).path, tasks: external,
                checkInterruption: { [progress] in try progress.checkInterruption() })
        }
        return tasks.map { task in
            if case .external = task { others.removeFirst() } else { own.removeFirst() }
        }
    }

    private func ownScores(_ model: OpenModel) throws -> [Score] {
        let graph = Graph()
        let node = try graph.source(model.slicingStacks())
        let engine = Engine(graph, options: options, observer: progress)
        return try Evaluator(engine, dtype: nil).score([node], on: builtIn)[0]
    }

    private var builtIn: [EvaluationTask] {
        tasks.compactMap { if case .builtIn(let task) = $0 { task } else { nil } }
    }

    private var external: [String] {
        tasks.compactMap { if case .external(let name) = $0 { name } else { nil } }
    }
}

extension ScoredTask {
    /// A task as the command line names it: a file, or `external:NAME`.
    ///
    /// Throws when the file is missing or damaged.
    init(given: String) throws {
        guard let name = ScoredTask.externalName(given) else {
            self = .builtIn(try EvaluationTask(path: InputPath.task(given)))
            return
        }
        self = .external(name)
    }
}
