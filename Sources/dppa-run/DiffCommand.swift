import ArgumentParser
import DPPA
import DPPAScript
import Foundation

/// `dppa-run diff`: how two checkpoints differ.
struct DiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Compare two checkpoints tensor by tensor.",
        discussion: "Relative norm is ‖b − a‖ / ‖a‖; changed is the share of elements that differ.")

    @Argument(help: "A model.")
    var first: String

    @Argument(help: "The model it is compared with.")
    var second: String

    @Flag(help: "List every tensor, not the layers alone.")
    var tensors = false

    @OptionGroup var resources: ResourceOptions

    @OptionGroup var output: JSONOption

    func run() throws {
        Interruption.listen()
        let progress = ProgressLine(isQuiet: true)
        do {
            let json = try output.file(apartFrom: [first, second])
            let difference = try CheckpointDifference(
                first, second, options: try resources.engineOptions(), observer: progress)
            if let json { try JSONFile.write(DifferenceText(difference).json, to: json) }
            for line in DifferenceText(difference).lines(listing: tensors) { Console.output(line) }
        } catch {
            throw Console.fail(error)
        }
    }
}
