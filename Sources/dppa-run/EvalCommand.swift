import ArgumentParser
import DPPA
import DPPAScript
import Foundation

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

    @Option(help: ArgumentHelp("Write the scores as JSON.", valueName: "file"))
    var json: String?

    func run() throws {
        Interruption.listen()
        let progress = ProgressLine(isQuiet: quiet)
        do {
            let tasks = try task.map { try EvaluationTask(path: $0) }
            var rows: [(model: String, scores: [Score])] = []
            for model in models {
                let graph = Graph()
                let checkpoint = try Checkpoint.open(model, label: NSString(string: model).lastPathComponent)
                let engine = Engine(graph, options: try resources.engineOptions(), observer: progress)
                let node = try graph.source(ModelView(checkpoint))
                let evaluator = Evaluator(engine, checkpoints: [checkpoint], dtype: nil)
                rows.append((model, try evaluator.score([node], on: tasks)[0]))
            }
            progress.finish()
            for line in ScoreTable(rows).lines { print(line) }
            if let json { try ScoreTable(rows).writeJSON(to: json) }
        } catch {
            progress.finish()
            throw Console.fail(error)
        }
    }
}
