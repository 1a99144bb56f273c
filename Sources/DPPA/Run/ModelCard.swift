/// The README.md of a written model: everything that is needed to make it again.
///
/// No local paths: models appear under their labels. Nothing in it changes from one run to the next.
public struct ModelCard: Sendable {
    private let record: RunRecord
    private let output: RunRecord.Output

    /// The card of one of the models that a run has written.
    public init(_ record: RunRecord, output: RunRecord.Output) {
        self.record = record
        self.output = output
    }

    /// The text in Markdown with a front matter for model hubs.
    public var markdown: String {
        var lines = ["---", "library_name: transformers", "tags:", "- merge", "- dppa", "---", ""]
        lines += ["# Merged model", ""]
        lines += [
            "Merged from \(output.models.map { "`\($0)`" }.joined(separator: ", ")) with dppa-run \(version).", "",
        ]
        lines += [origin, ""]
        if !record.options.isEmpty {
            lines += ["## Options", "", "| option | value |", "|---|---|"]
            lines += record.options.map { "| `\($0.name)` | \(ModelCard.cell($0.value.shown)) |" }
            lines.append("")
        }
        if !record.named.isEmpty {
            lines += ["## Named values", "", "| name | values | smallest | mean | largest |", "|---|---|---|---|---|"]
            lines += record.named.map { entry in
                let numbers = entry.values.map(\.value)
                let mean = numbers.reduce(0, +) / Double(max(1, numbers.count))
                return
                    "| \(ModelCard.cell(entry.name)) | \(numbers.count) | \(numbers.min() ?? 0) | \(mean) | \(numbers.max() ?? 0) |"
            }
            lines.append("")
        }
        for table in record.tables {
            lines += ["## \(ModelCard.cell(table.name))", "", ModelCard.row(table.columns)]
            lines.append("|" + String(repeating: "---|", count: table.columns.count))
            lines += table.rows.map { ModelCard.row($0.map(\.text)) } + [""]
        }
        lines += ["## Recipe", ""] + ModelCard.code(record.recipe.name, record.recipe.text)
        return lines.joined(separator: "\n")
    }

    /// Where the small files come from.
    private var origin: String {
        if output.tokenizer == output.config, output.chatTemplate == output.config {
            return "Configuration and tokenizer come from `\(output.config)`."
        }
        return "Configuration comes from `\(output.config)`, the tokenizer from `\(output.tokenizer)`, "
            + "the chat template from `\(output.chatTemplate)`."
    }

    private static func code(_ name: String, _ text: String) -> [String] {
        // A fence longer than any in the text cannot be closed by it.
        let fence = String(repeating: "`", count: max(3, longestFence(text) + 1))
        return ["`\(name)`:", "", fence + "lua", text, fence, ""]
    }

    private static func row(_ cells: [String]) -> String {
        "| " + cells.map(cell).joined(separator: " | ") + " |"
    }

    private static func cell(_ text: String) -> String {
        text.map { $0 == "|" ? "\\|" : $0.isNewline ? " " : String($0) }.joined()
    }

    private static func longestFence(_ text: String) -> Int {
        var (longest, current) = (0, 0)
        for character in text {
            current = character == "`" ? current + 1 : 0
            longest = max(longest, current)
        }
        return longest
    }
}
