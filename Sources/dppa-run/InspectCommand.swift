import ArgumentParser
import DPPA
import Foundation

/// `dppa-run inspect`: what a model holds, without reading its weights.
struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show what a model holds: tensors, layers, linears, sizes.")

    @Argument(help: "A Hugging Face model directory or a safetensors file.")
    var model: String

    @Flag(help: "List every tensor.")
    var tensors = false

    func run() throws {
        do {
            let checkpoint = try Checkpoint.open(model, label: model)
            for line in Self.lines(checkpoint, listing: tensors) { print(line) }
        } catch {
            throw Console.fail(error)
        }
    }

    static func lines(_ checkpoint: Checkpoint, listing: Bool) -> [String] {
        let tensors = checkpoint.tensors
        let elements = tensors.reduce(0) { $0 + $1.facts.numel }
        let bytes = tensors.reduce(0) { $0 + $1.facts.numel * $1.source.dtype.byteSize }
        let linears = tensors.filter(\.facts.isLinear)
        var lines = [
            "tensors   \(tensors.count), \(elements) elements, \(bytes) bytes",
            "linears   \(linears.count), \(linears.reduce(0) { $0 + $1.facts.numel }) elements",
        ]
        let dtypes = Dictionary(grouping: tensors, by: { $0.source.dtype.rawValue })
        lines.append(
            "dtypes    " + dtypes.keys.sorted().map { "\($0) (\(dtypes[$0]?.count ?? 0))" }.joined(separator: ", "))
        let stacks = Dictionary(grouping: tensors.filter { $0.facts.layer != nil }, by: { $0.facts.stack ?? "" })
        for stack in stacks.keys.sorted() {
            let layers = Set((stacks[stack] ?? []).compactMap(\.facts.layer)).count
            lines.append("stack     \(stack): \(layers) layers")
        }
        if !checkpoint.sidecarFiles.isEmpty {
            lines.append("files     " + checkpoint.sidecarFiles.joined(separator: ", "))
        }
        guard listing else { return lines }
        lines.append("")
        for tensor in tensors {
            let facts = tensor.facts
            let kind = facts.isLinear ? "linear" : facts.role
            lines.append("\(facts.name)  \(tensor.source.dtype.rawValue)  \(facts.shape)  \(kind)")
        }
        return lines
    }
}
