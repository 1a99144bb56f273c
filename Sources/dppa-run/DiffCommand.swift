import ArgumentParser
import DPPA
import DPPAScript
import Foundation

/// `dppa-run diff`: how two checkpoints differ.
struct DiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Compare two checkpoints tensor by tensor.",
        usage: "dppa-run diff <first> <second> [<options>]",
        discussion: """
            Relative norm is ‖b − a‖ / ‖a‖; changed is the share of elements that differ; largest is the largest |b − a|.

            Example:
              dppa-run diff path/to/base merged --tensors
            """)

    @Argument(
        help: "A model: a directory, a safetensors, PyTorch or GGUF file, or org/name in the Hugging Face cache.",
        completion: .file())
    var first: String

    @Argument(help: "The model it is compared with.", completion: .file())
    var second: String

    @Flag(help: "List every tensor, not the layers alone.")
    var tensors = false

    @OptionGroup var resources: ResourceOptions

    @OptionGroup var time: TimeOptions

    @OptionGroup var output: JSONOption

    func run() throws {
        Interruption.listen()
        let progress = ProgressLine(isQuiet: true)
        do {
            progress.setLimit(try time.limit())
            let json = try output.file(apartFrom: [first, second])
            let difference = try CheckpointDifference(
                InputPath.open(first, label: "a"), InputPath.open(second, label: "b"),
                options: resources.engineOptions(), observer: progress)
            if let json { try JSONFile.write(DifferenceText(difference).json, to: json) }
            Console.table(DifferenceText(difference).lines(listing: tensors))
        } catch {
            throw Console.fail(error)
        }
    }
}
