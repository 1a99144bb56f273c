import ArgumentParser
import DPPA
import DPPAScript
import Foundation

/// `dppa-run pack`: a model as what differs from its base.
struct PackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pack",
        abstract: "Write a model as what differs from its base, word for word.",
        usage: "dppa-run pack <model> --base <base> --out <file> [<options>]",
        discussion: """
            A pack holds the words that differ and where they are, each tensor in the fewest bytes: all words, a bit for each, \
            gaps, or n of every m. It is one safetensors file that says what it was made onto; base+pack is the model again in \
            every command and recipe, and dppa-run unpack writes it. Nothing is lost unless --sign or --lowrank names tensors \
            of which less is to be kept. Both models are read twice. docs/formats.md describes the file.

            --out FILE.safetensors is the pack alone; any other name is a folder with it and the model's small files.

            Examples:
              dppa-run pack merged --base path/to/base --out delta.safetensors
              dppa-run pack merged --base path/to/base --out merged-pack
              dppa-run pack merged --base path/to/base --out small.safetensors --sign '*.mlp.*' --lowrank '*_proj.weight=64'
            """)

    @Argument(
        help: "A directory, a safetensors, PyTorch or GGUF file, org/name in the Hugging Face cache, base+adapter.",
        completion: .file())
    var model: String

    @Option(help: ArgumentHelp("The model that it was made from.", valueName: "model"), completion: .file())
    var base: String

    @Option(help: ArgumentHelp("The file to write, or the folder.", valueName: "file"), completion: .file())
    var out: String

    @Option(
        help: ArgumentHelp(
            "Keep of tensors whose names match the signs of their differences and the mean size; may be repeated.",
            valueName: "glob"))
    var sign: [String] = []

    @Option(
        help: ArgumentHelp(
            "Keep of matrices whose names match so many singular triplets of their differences; may be repeated.",
            valueName: "glob=rank"))
    var lowrank: [String] = []

    @Flag(help: "List every tensor, not the codings alone.")
    var tensors = false

    @OptionGroup var resources: ResourceOptions

    @OptionGroup var time: TimeOptions

    @Flag(help: "Replace a pack, or a folder that holds models and nothing else.")
    var force = false

    @Flag(help: "Print nothing but warnings and errors.")
    var quiet = false

    @OptionGroup var output: JSONOption

    func run() throws {
        Interruption.listen()
        let progress = ProgressLine(isQuiet: quiet)
        do {
            progress.setLimit(try time.limit())
            let losses = try losses()
            let json = try output.file(apartFrom: [model, base])
            try requireApart()
            let labels = InputPath.labels([base, model])
            let start = try InputPath.open(base, label: labels[0])
            let whole = try InputPath.open(model, label: labels[1], base: start)
            let report =
                try isFile ? writeFile(whole, start, losses, progress) : writeFolder(whole, start, losses, progress)
            progress.finish()
            for warning in report.warnings { Console.error(warning) }
            let text = PackText(report.pack)
            if let json { try JSONFile.write(report.pack.json, to: json) }
            guard !quiet else { return }
            Console.table(text.lines(listing: tensors))
            Console.error("wrote \(out): \(report.pack.summary)")
        } catch {
            progress.finish()
            throw Console.fail(error)
        }
    }

    private var isFile: Bool { out.hasSuffix(".safetensors") }

    private typealias Report = (pack: PackReport, warnings: [String])

    private func writeFile(
        _ model: OpenModel, _ base: OpenModel, _ losses: [PackLoss], _ progress: ProgressLine
    ) throws -> Report {
        let run = try PackRun(
            model, base: base, losses: losses, otherFiles: PackFolder.differingFiles(model, base: base),
            options: resources.engineOptions(), observer: progress)
        let file = try PackFile(target: out, force: force)
        defer { file.abandon() }
        let report = try run.write(into: file.temporaryPath).report
        try file.commit()
        return (report, report.warnings)
    }

    private func writeFolder(
        _ model: OpenModel, _ base: OpenModel, _ losses: [PackLoss], _ progress: ProgressLine
    ) throws -> Report {
        let run = try PackRun(
            model, base: base, losses: losses, options: resources.engineOptions(), observer: progress)
        let target = try OutputDirectory.prepare(target: out, force: force)
        defer { target.abandon() }
        let report = try run.write(into: target.temporaryPath).report
        let notices = try PackFolder.write(model, to: target.temporaryPath)
        try target.commit()
        return (report, [target.warning].compactMap(\.self) + notices + report.warnings)
    }

    /// Throws `cannotCreate` where the output is, holds or lies in an input.
    private func requireApart() throws {
        var outputs = try output.outputs()
        if isFile { try outputs.add(WrittenFile(out), as: "--out") } else { try outputs.add(folder: out, as: "--out") }
        try InputPath.requireApart([model, base], from: outputs)
    }

    /// What may be lost.
    private func losses() throws -> [PackLoss] {
        try sign.map { PackLoss(glob: $0, coding: .sign) }
            + lowrank.map { text in
                guard let equals = text.lastIndex(of: "="), equals > text.startIndex,
                    let rank = Int(text[text.index(after: equals)...]), rank > 0
                else {
                    throw DPPAError(
                        .usage, "--lowrank \(text): expected names and a rank, such as '*_proj.weight=64'")
                }
                return PackLoss(glob: String(text[..<equals]), coding: .lowrank(rank))
            }
    }
}
