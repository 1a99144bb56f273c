import ArgumentParser
import DPPA
import DPPAScript
import Foundation

/// `dppa-run inspect`: what a model holds, without reading its weights.
struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show what a model holds: tensors, layers, linears, sizes.",
        discussion: """
            No weight is read.

            Examples:
              dppa-run inspect path/to/model --tensors
              dppa-run inspect org/name --json -
            """)

    @Argument(
        help:
            "A Hugging Face model directory, a safetensors, PyTorch or GGUF file, or org/name in the Hugging Face cache.",
        completion: .file())
    var model: String

    @Flag(help: "List every tensor.")
    var tensors = false

    @OptionGroup var output: JSONOption

    func run() throws {
        do {
            let json = try output.file(apartFrom: [model])
            let open = try InputPath.open(model, label: model)
            if let json { try JSONFile.write(open.description, to: json) }
            for line in Self.lines(open, listing: tensors) { Console.output(line) }
        } catch {
            throw Console.fail(error)
        }
    }

    static func lines(_ model: OpenModel, listing: Bool) -> [String] {
        let tensors = model.tensors
        func elements(_ list: [OpenModel.Tensor]) -> Int { list.reduce(0) { $0 + $1.facts.numel } }
        let (summary, linears) = (ModelSummary(model), tensors.filter(\.facts.isLinear))
        var lines = architecture(model)
        if summary.head == "tied" { lines.append("head      tied to the embedding") }
        lines += [
            "tensors   \(summary.tensors), \(summary.elements) elements, \(summary.bytes) bytes",
            "linears   \(linears.count), \(elements(linears)) elements",
        ]
        let dtypes = summary.dtypes.map { "\($0.dtype) (\($0.tensors))" }
        lines.append("dtypes    " + dtypes.sorted().joined(separator: ", "))
        let stacks = Dictionary(grouping: tensors.filter { $0.facts.layer != nil }, by: { $0.facts.stack ?? "" })
        for stack in stacks.keys.sorted() {
            let layers = Set((stacks[stack] ?? []).compactMap(\.facts.layer)).count
            lines.append("stack     \(stack.shown): \(layers) layers")
        }
        let roles = Dictionary(grouping: tensors, by: \.facts.role)
        let total = Double(max(1, summary.elements))
        for role in roles.keys.sorted(by: { (elements(roles[$0] ?? []), $1) > (elements(roles[$1] ?? []), $0) }) {
            let count = elements(roles[role] ?? [])
            let name = role + String(repeating: " ", count: max(0, 10 - role.count))
            lines.append(
                "role      \(name) \(count) elements, \(String(format: "%.1f", Double(count) / total * 100)) %")
        }
        let origin = model.origin
        let place = [origin.repository, origin.revision.map { "at \($0)" }].compactMap { $0 }
        if !place.isEmpty { lines.append("from      " + place.joined(separator: " ")) }
        if let licence = origin.licence { lines.append("licence   " + licence.identifier) }
        if summary.files > 1 { lines.append("shards    \(summary.files)") }
        if summary.hasUnreadTokenizer {
            lines.append("tokenizer in the GGUF file alone, which is not read: a merge takes that of its base")
        }
        if !model.sidecarFiles.isEmpty {
            lines.append("files     " + model.sidecarFiles.map(\.shown).joined(separator: ", "))
        }
        guard listing else { return lines }
        lines.append("")
        for tensor in tensors {
            let facts = tensor.facts
            let kind = facts.isLinear ? "linear" : facts.role
            lines.append("\(facts.name.shown)  \(tensor.source.encoding)  \(facts.shape)  \(kind)")
        }
        return lines
    }

    /// What config.json says of the architecture.
    private static func architecture(_ model: OpenModel) -> [String] {
        guard let text = model.config,
            let config = ConfigText.object(text)
        else { return [] }
        let names =
            config["architectures"]?.array?.compactMap(\.string) ?? [config["model_type"]?.string].compactMap { $0 }
        let keys = [
            "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads",
            "vocab_size", "max_position_embeddings",
        ]
        let sizes = keys.compactMap { key in config[key].map { "\(key) \($0)" } }
        var lines = names.isEmpty ? [] : ["model     \(names.map(\.shown).joined(separator: ", "))"]
        if !sizes.isEmpty { lines.append("sizes     " + sizes.joined(separator: ", ")) }
        return lines
    }
}
