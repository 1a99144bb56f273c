import DPPA
import DPPAScript
import Foundation
import SystemPackage

/// Models on disk, scored on the tasks of a command line: files by the program itself, `external:NAME` by the person's command.
struct EvaluationRun {
    private let tasks: [ScoredTask]
    /// Whether somebody has named them.
    private let isGiven: Bool
    private let evaluator: ExternalEvaluator?
    private let options: EngineOptions
    private let progress: ProgressLine

    /// Opens the task files; without any, those of the tasks that ship.
    ///
    /// Throws when one is missing or damaged, and when there is no command for an external task.
    init(tasks: [String], evaluator: ExternalEvaluator?, options: EngineOptions, progress: ProgressLine) throws {
        isGiven = !tasks.isEmpty
        self.tasks = try (isGiven ? tasks : SampleTasks.all()).map(ScoredTask.init(given:))
        self.evaluator = evaluator
        self.options = options
        self.progress = progress
        if evaluator == nil, let name = external.first { throw ExternalEvaluator.missing(for: name) }
    }

    /// The files of the tasks.
    var files: [String] { builtIn.flatMap(\.files) }

    /// What a model says to the tasks, in their order; nobody knows what it said to those of a command.
    func results(of model: String) throws -> [TaskResult] {
        var own = try builtIn.isEmpty ? [] : ownResults(InputPath.open(model, label: FilePath(model).name))
        var others: [Score] = []
        if let evaluator, !external.isEmpty {
            let path = try InputPath.model(model)
            others = try evaluator.score(
                directory: ModelPlace.standing(path).path, tasks: external,
                checkInterruption: { [progress] in try progress.checkInterruption() })
        }
        return tasks.map { task in
            if case .external = task { TaskResult(score: others.removeFirst(), items: []) } else { own.removeFirst() }
        }
    }

    private func ownResults(_ model: OpenModel) throws -> [TaskResult] {
        let graph = Graph()
        let node = try graph.source(model.slicingStacks())
        let engine = Engine(graph, options: options, observer: progress)
        do {
            return try Evaluator(engine, dtype: nil).results([node], on: builtIn)[0]
        } catch var error as DPPAError where !isGiven && error.code == .missingInput {
            error.notes.append("name tasks of your own with --task; those that ship are texts")
            throw error
        }
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
