import ArgumentParser
import DPPA
import DPPAScript
import Foundation
import SystemPackage

/// `dppa-run eval`: a model's scores on tasks.
struct EvalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval",
        abstract: "Score a model on tasks.",
        discussion: """
            A task is a file of JSON lines: {"prompt": [ids], "target": [ids]} for exact match, "choices" and "answer" for
            multiple choice, "tokens" for perplexity.
            Example:
              dppa-run eval recipes/zoo/math --task recipes/zoo/eval/math.jsonl --task recipes/zoo/eval/law.jsonl
            """)

    @Argument(help: "Hugging Face model directories.")
    var models: [String]

    @Option(help: ArgumentHelp("A task file; may be repeated.", valueName: "file"))
    var task: [String]

    @OptionGroup var resources: ResourceOptions

    @Flag(help: "Print nothing but the table, warnings and errors.")
    var quiet = false

    @OptionGroup var output: JSONOption

    func run() throws {
        Interruption.listen()
        let progress = ProgressLine(isQuiet: quiet)
        do {
            let json = try output.file(apartFrom: models + task)
            let tasks = try task.map { try EvaluationTask(path: $0) }
            var rows: [(model: String, scores: [Score])] = []
            for model in models {
                let graph = Graph()
                let checkpoint = try Checkpoint.open(model, label: FilePath(model).name)
                let engine = Engine(graph, options: try resources.engineOptions(), observer: progress)
                let node = try graph.source(ModelView(checkpoint))
                let evaluator = Evaluator(engine, checkpoints: [checkpoint], dtype: nil)
                rows.append((model, try evaluator.score([node], on: tasks)[0]))
            }
            progress.finish()
            if let json { try ScoreTable(rows).writeJSON(to: json) }
            for line in ScoreTable(rows).lines { Console.output(line) }
        } catch {
            progress.finish()
            throw Console.fail(error)
        }
    }
}
