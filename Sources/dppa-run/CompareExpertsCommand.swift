import ArgumentParser
import DPPA
import DPPAScript

/// `dppa-run compare-experts`: experts beside their base and each other, before a merge.
struct CompareExpertsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare-experts",
        abstract: "Show how experts differ from their base and from each other, before a merge.",
        usage: "dppa-run compare-experts --base <base> <experts> ... [<options>]",
        discussion: """
            d is an expert minus the base b. Of each expert: how far it is, ‖d‖ / ‖b‖; the share of elements that it changes, \
            and of those with |d| > 0.03, where pruning at random does harm. Of each two: the cosine of their deltas; overlap, \
            the share of the largest tenth of each, tensor by tensor, that is in the largest tenth of the other (0.1 by \
            chance); sign agreement, the share of what is in both that has one sign (0.5 by chance). It says as well where \
            config.json or tokenizers differ, and whether the base can be the one that they were made from. All models are \
            read once.

            With --spectral, of the linears: the stable rank ‖d‖² / σ₁², over how many directions a delta is spread; of each two \
            the overlap of the subspaces of their 16 leading left singular vectors, ‖UᵀU'‖² / 16 (16 / rows by chance). Layers \
            and the whole have means over matrices. Each matrix is in memory at once, and decomposed; those of more than 512 \
            rows and columns by a range finder, which finds σ₁ too small where singular values hardly fall (of pure noise by 6 %).

            Example:
              dppa-run compare-experts --base zoo/base zoo/math zoo/finance zoo/law --report experts.html
              dppa-run compare-experts --base zoo/base zoo/math zoo/law --spectral
            """)

    @Argument(
        help:
            "Experts: directories, safetensors, PyTorch or GGUF files, org/name in the Hugging Face cache, base+adapter.",
        completion: .file())
    var experts: [String]

    @Flag(help: "Compare singular values and vectors as well: takes longer, and whole matrices in memory.")
    var spectral = false

    @Option(help: ArgumentHelp("The model that they were made from.", valueName: "model"), completion: .file())
    var base: String

    @Flag(help: "List every layer.")
    var layers = false

    @OptionGroup var resources: ResourceOptions

    @OptionGroup var time: TimeOptions

    @Flag(help: "Print nothing but the tables and errors.")
    var quiet = false

    @Option(
        help: ArgumentHelp("Write every tensor's figures as JSON; - is standard output.", valueName: "file"))
    var json: String?

    @Option(
        help: ArgumentHelp("Write a page with a picture of every figure by layer and module.", valueName: "file.html"))
    var report: String?

    func run() throws {
        Interruption.listen()
        let progress = ProgressLine(isQuiet: quiet)
        do {
            progress.setLimit(try time.limit())
            let files = try ReportFiles(json: json.map(OutputOption.file), report: report.map(OutputOption.file))
            for input in experts + [base] { try files.outputs.requireApart(from: input) }
            let labels = InputPath.labels([base] + experts)
            let start = try InputPath.open(base, label: labels[0])
            let others = try zip(experts, labels.dropFirst()).map { try InputPath.open($0, label: $1, base: start) }
            let comparison = try ExpertComparison(
                base: start, experts: others, isSpectral: spectral, options: resources.engineOptions(),
                observer: progress)
            progress.finish()
            let text = ExpertText(comparison)
            if let json = files.json { try JSONFile.write(text.json, to: json) }
            if let report = files.report { try report.write(ExpertReport(comparison).html.utf8) }
            text.show(listing: layers)
        } catch {
            progress.finish()
            throw Console.fail(error)
        }
    }
}
