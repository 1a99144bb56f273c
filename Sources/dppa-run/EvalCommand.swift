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
        usage: "dppa-run eval <models> ... --task <file> ... [<options>]",
        discussion: """
            A task is a file of questions as token ids, one JSON object a line. LLaMA, Mistral, Qwen, Gemma, Phi 3, GPT-2, \
            StarCoder 2 and mixtures of Mistral and Qwen are scored by the program itself; other models and tasks named \
            external:NAME by a command of yours.

              {"prompt": [ids], "target": [ids]}                   exact match
              {"prompt": [ids], "choices": [[ids]], "answer": 0}   multiple choice
              {"tokens": [ids]}                                    perplexity
              {"metric": "generate", "stop": [[ids]]}              as the first line:
                                                                   answers are generated

            Examples:
              dppa-run eval path/to/model --task questions.jsonl
              dppa-run eval base merged --task external:gsm8k \\
                --evaluator 'my-benchmark --model {model} --tasks {tasks}'
            """)

    @Argument(
        help: "Models: directories, safetensors, PyTorch or GGUF files, or org/name in the Hugging Face cache.",
        completion: .file())
    var models: [String]

    @Option(
        help: ArgumentHelp("A task file, or external:NAME; may be repeated.", valueName: "file"), completion: .file())
    var task: [String]

    @OptionGroup(title: "External scoring") var external: ExternalOptions

    @OptionGroup var resources: ResourceOptions

    @OptionGroup var time: TimeOptions

    @Flag(help: "Print nothing but the table, warnings and errors.")
    var quiet = false

    @OptionGroup var output: JSONOption

    func run() throws {
        Interruption.listen()
        let progress = ProgressLine(isQuiet: quiet)
        do {
            progress.setLimit(try time.limit())
            let json = try output.file(apartFrom: models + task)
            let run = try EvaluationRun(
                tasks: task, evaluator: external.evaluatorWithoutOutput(), options: resources.engineOptions(),
                progress: progress)
            let rows = try models.map { (model: $0, scores: try run.scores(of: $0)) }
            progress.finish()
            external.removeOwnFolder(isDone: true)
            if let json { try ScoreTable(rows).writeJSON(to: json) }
            Console.table(ScoreTable(rows).lines)
        } catch {
            external.removeOwnFolder(isDone: false)
            progress.finish()
            throw Console.fail(error)
        }
    }
}
