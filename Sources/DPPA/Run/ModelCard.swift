/// The README.md of a written model: everything that is needed to make it again.
///
/// No local paths: models appear under their labels.
public struct ModelCard: Sendable {
    /// The recipe's file name and text.
    public var recipe: (name: String, text: String)
    /// The labels of the models that were read.
    public var models: [String]
    /// The options with the values that they took.
    public var options: [(name: String, value: String)]
    /// The named values, by name and instance.
    public var named: [(name: String, values: [(name: String, value: Double)])]
    /// The tables that the recipe adds, such as the candidates of a search.
    public var tables: [ReportTable]
    /// The label of the model that config and tokenizer come from.
    public var config: String

    /// A card with everything given.
    public init(
        recipe: (name: String, text: String), models: [String], options: [(name: String, value: String)],
        named: [(name: String, values: [(name: String, value: Double)])], tables: [ReportTable] = [], config: String
    ) {
        self.recipe = recipe
        self.models = models
        self.options = options
        self.named = named
        self.tables = tables
        self.config = config
    }

    /// The text in Markdown with a front matter for model hubs.
    public var markdown: String {
        var lines = ["---", "library_name: transformers", "tags:", "- merge", "- dppa", "---", ""]
        lines += ["# Merged model", ""]
        lines += ["Merged from \(models.map { "`\($0)`" }.joined(separator: ", ")) with dppa-run \(version).", ""]
        lines += ["Configuration and tokenizer come from `\(config)`.", ""]
        if !options.isEmpty {
            lines += ["## Options", "", "| option | value |", "|---|---|"]
            lines += options.map { "| `\($0.name)` | \(ModelCard.cell($0.value)) |" }
            lines.append("")
        }
        if !named.isEmpty {
            lines += ["## Named values", "", "| name | values | smallest | mean | largest |", "|---|---|---|---|---|"]
            lines += named.map { entry in
                let numbers = entry.values.map(\.value)
                let mean = numbers.reduce(0, +) / Double(max(1, numbers.count))
                return
                    "| \(ModelCard.cell(entry.name)) | \(numbers.count) | \(numbers.min() ?? 0) | \(mean) | \(numbers.max() ?? 0) |"
            }
            lines.append("")
        }
        for table in tables {
            lines += ["## \(ModelCard.cell(table.name))", "", ModelCard.row(table.columns)]
            lines.append("|" + String(repeating: "---|", count: table.columns.count))
            lines += table.rows.map { ModelCard.row($0.map(\.text)) } + [""]
        }
        // A fence longer than any in the recipe cannot be closed by it.
        let fence = String(repeating: "`", count: max(3, ModelCard.longestFence(recipe.text) + 1))
        lines += ["## Recipe", "", "`\(recipe.name)`:", "", fence + "lua", recipe.text, fence, ""]
        return lines.joined(separator: "\n")
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
