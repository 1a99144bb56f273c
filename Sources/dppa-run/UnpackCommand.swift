import ArgumentParser
import DPPA
import DPPAScript
import Foundation

/// `dppa-run unpack`: the model that a pack makes of its base.
struct UnpackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unpack",
        abstract: "Write the model that a pack makes of its base.",
        usage: "dppa-run unpack <pack> --base <base> --out <directory> [<options>]",
        discussion: """
            The model is the one that was packed, byte for byte: base and pack are checked by the digests in the pack, and \
            nothing is written when one of them is another. Small files are those beside the pack, or else the base's.

            Example:
              dppa-run unpack delta.safetensors --base path/to/base --out model
            """)

    @Argument(
        help: "A pack: a file, a folder that has one, or org/name in the Hugging Face cache.", completion: .file())
    var pack: String

    @Option(help: ArgumentHelp("The model that it was made onto.", valueName: "model"), completion: .file())
    var base: String

    @Option(
        help: ArgumentHelp("The directory to write; an empty one may exist.", valueName: "directory"),
        completion: .directory)
    var out: String

    @Option(help: ArgumentHelp("The largest size of a written file, such as 5G (units of 1000).", valueName: "size"))
    var shardSize: String = "5G"

    @OptionGroup var resources: ResourceOptions

    @OptionGroup var time: TimeOptions

    @Flag(help: "Replace the output directory if it holds models and nothing else.")
    var force = false

    @Flag(help: "Print nothing but warnings and errors.")
    var quiet = false

    func run() throws {
        Interruption.listen()
        let progress = ProgressLine(isQuiet: quiet)
        do {
            progress.setLimit(try time.limit())
            let shardSize = try ByteSize.parse(shardSize, "--shard-size", isDecimal: true)
            var outputs = OutputPaths()
            try outputs.add(folder: out, as: "--out")
            try InputPath.requireApart([pack, base], from: outputs)
            let labels = InputPath.labels([base, pack])
            let start = try InputPath.open(base, label: labels[0])
            let model = try InputPath.open(pack, label: labels[1], base: start)
            let run = try UnpackRun(model, options: resources.engineOptions(), observer: progress)
            let target = try OutputDirectory.prepare(target: out, force: force)
            defer { target.abandon() }
            let notices = try run.write(into: target.temporaryPath, shardSize: shardSize)
            try target.commit()
            progress.finish()
            for warning in [target.warning].compactMap(\.self) + notices { Console.error(warning) }
            let count = Phrase.counted(model.tensors.count, "tensor")
            if !quiet { Console.error("wrote \(out): \(count), as they were packed") }
        } catch {
            progress.finish()
            throw Console.fail(error)
        }
    }
}
