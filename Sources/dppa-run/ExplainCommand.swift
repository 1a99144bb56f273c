import ArgumentParser
import DPPA
import DPPAScript

/// `dppa-run explain`: what of which experts is in a model.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Show how much of each expert's delta is in a merged model.",
        usage: "dppa-run explain <model> --base <base> <experts> ... [<options>]",
        discussion: """
            For every tensor, with b the base and d the experts minus b: the coefficients c for which b + Σ c d comes nearest to \
            the model. Tensors that the same coefficients explain, up to rounding, are one line. What no sum of whole deltas \
            explains, as after pruning or sign election, is told with the share of the change that is left. Models are read \
            twice.

            Example:
              dppa-run explain merged --base zoo/base zoo/math zoo/finance zoo/law
            """)

    @Argument(help: "The merged model.", completion: .file())
    var model: String

    @Argument(
        help:
            "Experts: directories, safetensors, PyTorch or GGUF files, org/name in the Hugging Face cache, base+adapter.",
        completion: .file())
    var experts: [String]

    @Option(help: ArgumentHelp("The model that they were made from.", valueName: "model"), completion: .file())
    var base: String

    @Flag(help: "List every tensor.")
    var tensors = false

    @OptionGroup var resources: ResourceOptions

    @OptionGroup var time: TimeOptions

    @Flag(help: "Print nothing but the tables and errors.")
    var quiet = false

    @OptionGroup var output: JSONOption

    func run() throws {
        Interruption.listen()
        let progress = ProgressLine(isQuiet: quiet)
        do {
            progress.setLimit(try time.limit())
            let json = try output.file(apartFrom: [model, base] + experts)
            let labels = InputPath.labels([base, model] + experts)
            let start = try InputPath.open(base, label: labels[0])
            let merged = try InputPath.open(model, label: labels[1], base: start)
            let others = try zip(experts, labels.dropFirst(2)).map { try InputPath.open($0, label: $1, base: start) }
            let explanation = try ModelExplanation(
                merged, base: start, experts: others, options: resources.engineOptions(), observer: progress)
            progress.finish()
            let text = ExplanationText(explanation, model: labels[1])
            if let json { try JSONFile.write(text.json, to: json) }
            text.show(listing: tensors)
        } catch {
            progress.finish()
            throw Console.fail(error)
        }
    }
}
