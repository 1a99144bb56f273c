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
        usage: "dppa-run eval <models> ... [--task <file> ...] [<options>]",
        discussion: """
            A task is a file of questions, one JSON object a line, or a .json file that says how questions are made of the \
            lines of another one (docs/formats.md). Texts need the model's tokenizer; lists of token ids do as well. Without \
            --task the small tasks that ship are taken, whose names are tasks too. LLaMA, Mistral, Qwen, Gemma, Phi 3, GPT-2, \
            StarCoder 2 and mixtures of Mistral and Qwen are scored by the program itself; other models and tasks named \
            external:NAME by a command of yours.

              {"prompt": "…", "target": "…"}                 exact match
              {"prompt": "…", "choices": ["…"], "answer": 0} multiple choice
              {"text": "…"}                                  perplexity
              {"metric": "generate", "stop": ["…"]}          as the first line:
                                                             answers are generated

            Examples:
              dppa-run eval path/to/model
              dppa-run eval base merged --task questions.jsonl --report page.html
              dppa-run eval base merged --task external:gsm8k \\
                --evaluator 'my-benchmark --model {model} --tasks {tasks}'
            """)

    @Argument(
        help: "Models: directories, safetensors, PyTorch or GGUF files, or org/name in the Hugging Face cache.",
        completion: .file())
    var models: [String]

    @Option(
        help: ArgumentHelp(
            "A task file, a task that ships, or external:NAME; may be repeated. Without one, all that ship.",
            valueName: "file"),
        completion: SampleTasks.completion)
    var task: [String] = []

    @OptionGroup(title: "External scoring") var external: ExternalOptions

    @OptionGroup var resources: ResourceOptions

    @OptionGroup var time: TimeOptions

    @Flag(help: "Print nothing but the table, warnings and errors.")
    var quiet = false

    @Option(
        help: ArgumentHelp(
            "Write scores and what was said to every question as JSON; - is standard output, which then holds nothing else.",
            valueName: "file"))
    var json: String?

    @Option(
        help: ArgumentHelp(
            "Write a page to read: scores, and what was said to every question; - is standard output.",
            valueName: "file.html"))
    var report: String?

    func run() throws {
        Interruption.listen()
        let progress = ProgressLine(isQuiet: quiet)
        do {
            progress.setLimit(try time.limit())
            let files = try ReportFiles(json: json.map(OutputOption.file), report: report.map(OutputOption.file))
            let run = try EvaluationRun(
                tasks: task, evaluator: external.evaluatorWithoutOutput(), options: resources.engineOptions(),
                progress: progress)
            for input in models + run.files { try files.outputs.requireApart(from: input) }
            let rows = try models.map { (model: $0, results: try run.results(of: $0)) }
            progress.finish()
            external.removeOwnFolder(isDone: true)
            let table = ScoreTable(rows)
            if let file = files.json { try table.writeJSON(to: file) }
            if let file = files.report { try file.write(EvaluationReport(rows).html.utf8) }
            Console.table(table.lines)
        } catch {
            external.removeOwnFolder(isDone: false)
            progress.finish()
            throw Console.fail(error)
        }
    }
}
