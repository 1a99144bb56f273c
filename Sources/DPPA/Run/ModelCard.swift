import DPPACheckpoint
import DPPASupport

/// The README.md of a written model: everything that is needed to make it again.
///
/// No local paths: models appear under their names. Nothing in it changes from one run to the next.
public struct ModelCard: Sendable {
    private let record: RunRecord
    private let output: RunRecord.Output
    /// The models that this one was made from.
    private let models: [RunRecord.Model]

    /// The card of one of the models that a run has written.
    public init(_ record: RunRecord, output: RunRecord.Output) {
        self.record = record
        self.output = output
        models = record.models.filter { output.models.contains($0.label) }
    }

    /// The text in Markdown with a front matter for model hubs.
    public var markdown: String {
        let title =
            output.adapter != nil
            ? "# LoRA adapter" : output.pack != nil ? "# Pack of a merged model" : "# Merged model"
        var lines = ["---"] + frontMatter.lines + ["---", "", title, ""]
        lines += [
            "Made from \(unique(models.map { Markdown.code($0.name) }).joined(separator: ", ")) with dppa-run \(version).",
            "",
        ]
        lines += [origin, ""] + inputs + rerun
        if !record.options.isEmpty {
            lines += Markdown.table(
                "Options", ["option", "value", "from"],
                record.options.map {
                    [
                        Markdown.code($0.name), Markdown.text(record.shown($0.value)),
                        $0.given == nil ? "default" : "given",
                    ]
                })
        }
        lines += named + scores
        for table in record.tables {
            lines += Markdown.table(
                Markdown.text(table.name), table.columns.map(Markdown.text),
                table.rows.map { $0.map { Markdown.text($0.text) } },
                lead: SearchSection(table: table).outcome.map(Markdown.text))
        }
        if !record.printed.isEmpty {
            let most = 100
            let left = record.printed.count - most
            let kept = record.printed.prefix(most).map { $0.count > 500 ? $0.prefix(500) + "…" : $0 }
            lines += ["## Printed", ""] + Markdown.block((kept + (left > 0 ? ["… and \(left) more"] : [])))
        }
        if !record.warnings.isEmpty { lines += ["## Warnings", ""] + Markdown.block(record.warnings) }
        lines += ["## Recipe", "", "`\(Markdown.plain(record.recipe.name))`:", ""]
        lines += Markdown.block([record.recipe.text], language: "lua")
        for module in record.recipe.modules {
            lines += ["`lib/\(module.name).lua`:", ""] + Markdown.block([module.text], language: "lua")
        }
        return lines.joined(separator: "\n")
    }

    /// What model hubs read.
    private var frontMatter: FrontMatterText {
        var front = FrontMatterText()
        let adapted = output.adapter.map { adapter in models.filter { $0.label == adapter.base } }
        let bases = unique((adapted ?? models).flatMap { $0.origin.repository.map { [$0] } ?? $0.origin.ancestors })
        front.add("base_model", bases)
        if !bases.isEmpty { front.add("base_model_relation", adapted == nil ? "merge" : "adapter") }
        if output.pack == nil { front.add("library_name", adapted == nil ? "transformers" : "peft") }
        front.add("tags", [adapted == nil ? "merge" : "lora"] + methods + ["dppa-run"])
        // Only where every model states the same: anything else is not for a program to decide.
        if let first = models.first?.origin.licence, models.allSatisfy({ $0.origin.licence == first }) {
            front.add("license", first.identifier)
            front.add("license_name", first.name)
            front.add("license_link", first.link)
        }
        front.add("language", unique(models.flatMap(\.origin.languages)))
        front.add("datasets", unique(models.flatMap(\.origin.datasets)))
        // For the program itself, which runs the recipe of a card.
        front.add("dppa_options", RecipeLock.settings(record.lockedOptions).map { "\($0.name)=\($0.text)" })
        front.add("dppa_dtype", record.dtype?.rawValue)
        return front
    }

    /// The methods in the words of model hubs, by the modules that the recipe required.
    private var methods: [String] {
        let words = ["average": "linear", "dp": "dppa", "dpa": "dppa"]
        let same: Set = [
            "alps", "arcee_fusion", "breadcrumbs", "breadcrumbs_ties", "consensus", "dare", "dare_ties", "della",
            "della_linear", "drm", "dsnot", "emr", "fisher", "iso_c", "iso_cts", "karcher", "knots", "lines",
            "localize_and_stitch", "magic", "magmax", "model_stock", "multislerp", "nearswap", "nuslerp", "owl",
            "passthrough", "pcb", "ram", "ramplus_tl", "regmean", "ria", "sce", "slerp", "sparsegpt", "star",
            "subspace_boosting", "svc", "task_arithmetic", "ties",
            "tsv", "wanda", "wudi",
        ]
        return unique(record.recipe.library.compactMap { words[$0] ?? (same.contains($0) ? $0 : nil) })
    }

    private func unique(_ texts: [String]) -> [String] {
        var seen: Set<String> = []
        return texts.filter { seen.insert($0).inserted }
    }

    /// Where the small files come from.
    private var origin: String {
        if let adapter = output.adapter {
            return "An \(Markdown.text(adapter.summary)). It goes onto \(Markdown.code(adapter.baseName)): "
                + "`PeftModel.from_pretrained(base, folder)`, or `base+folder` in a recipe."
        }
        let made =
            output.pack.map { pack in
                "A \(Markdown.text(pack.summary)). `\(PackModel.fileName)` holds what differs from \(Markdown.code(pack.baseName)): "
                    + "`dppa-run unpack FOLDER --base BASE --out MODEL`, or `base+folder` wherever dppa-run reads a model. "
            } ?? ""
        return made + sources
    }

    /// The models that the small files come from.
    private var sources: String {
        let config = Markdown.code(output.config)
        if output.tokenizer == output.config, output.chatTemplate == output.config {
            return "Configuration and tokenizer come from \(config)."
        }
        return "Configuration comes from \(config), the tokenizer from \(Markdown.code(output.tokenizer)), "
            + "the chat template from \(Markdown.code(output.chatTemplate))."
    }

    /// What each model was, so that a reader can tell whether another one is the same.
    private var inputs: [String] {
        let rows = models.map { model -> [String] in
            let origin = model.origin
            let digest =
                [model.digest.map { "sampled \($0)" }].compactMap { $0 }
                + origin.checksums.sorted { $0.key < $1.key }.map { "\($0.key) sha256 \($0.value)" }
            let dtypes = model.dtypes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            return [
                Markdown.code(model.label), Markdown.code(model.name), origin.revision.map(Markdown.code) ?? "–",
                Markdown.text(origin.licence?.identifier ?? "–"), String(model.parameters),
                dtypes.map(\.key).joined(separator: ", "),
                digest.isEmpty ? "–" : digest.map(Markdown.code).joined(separator: "<br>"),
            ]
        }
        return Markdown.table(
            "Models", ["label", "name", "revision", "licence", "parameters", "dtype", "digest"], rows)
    }

    private var rerun: [String] {
        let command = record.command(out: "again")
        return [
            "## How to make it again", "",
            "`recipe.lock.json` beside this page has the recipe, its options, and digests of all that was read and written. The same "
                + "bytes again, or what differs; in this folder:", "",
        ] + Markdown.block(["dppa-run rerun . --out ../again --models FOLDER_OF_THE_MODELS"], language: "sh") + [
            "The run that made it was:", "",
        ] + Markdown.block([command], language: "sh")
            + (record.engine.matrices == 0
                ? []
                : [
                    "Matrices were decomposed by OpenBLAS, whose last bits may differ from one kind of processor to another.",
                    "",
                ])
    }

    private var named: [String] {
        guard !record.named.isEmpty else { return [] }
        return Markdown.table(
            "Named values", ["name", "values", "smallest", "mean", "largest"],
            record.named.map { entry in
                let numbers = entry.values.map(\.value)
                let mean = numbers.reduce(0, +) / Double(max(1, numbers.count))
                return [Markdown.text(entry.name), String(numbers.count)]
                    + [numbers.min(), numbers.isEmpty ? nil : mean, numbers.max()].map { $0.map { "\($0)" } ?? "–" }
            })
    }

    private var scores: [String] {
        guard !record.scores.isEmpty else { return [] }
        let most = 200
        return Markdown.table(
            "Scores", ["model", "task", "metric", "score", "±", "questions"],
            record.scores.prefix(most).map { scored in
                let score = scored.score
                return [
                    Markdown.code(scored.model.count > 120 ? scored.model.prefix(120) + "…" : scored.model),
                    Markdown.text(score.task), score.metric?.rawValue ?? "external",
                    ReportTable.Cell.number(score.value).text,
                    score.standardError.map { ReportTable.Cell.number($0).text } ?? "–",
                    score.count.map(String.init) ?? "–",
                ]
            }) + (record.scores.count > most ? ["and \(record.scores.count - most) more", ""] : [])
    }
}

/// Texts of strangers as Markdown.
private enum Markdown {
    /// A headline with a table under it, and a sentence between them.
    static func table(_ title: String, _ columns: [String], _ rows: [[String]], lead: String? = nil) -> [String] {
        func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
        let rule = "|" + String(repeating: "---|", count: columns.count)
        return ["## \(title)", ""] + (lead.map { [$0, ""] } ?? []) + [row(columns), rule] + rows.map(row) + [""]
    }

    /// A text on one line in which nothing is a command.
    static func text(_ text: String) -> String {
        plain(text).map { "\\|<>*_[]`".contains($0) ? "\\\($0)" : String($0) }.joined()
    }

    /// A text on one line as code; bars would end the cell of a table.
    static func code(_ text: String) -> String {
        "`" + plain(text).map { $0 == "`" ? "'" : $0 == "|" ? "\\|" : String($0) }.joined() + "`"
    }

    /// A text without line ends and control characters.
    static func plain(_ text: String) -> String {
        String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    }

    /// Lines as a block of code; a fence longer than any in them cannot be closed by them.
    static func block(_ texts: [String], language: String = "") -> [String] {
        let fence = String(repeating: "`", count: max(3, (texts.map(longestFence).max() ?? 0) + 1))
        return [fence + language] + texts + [fence, ""]
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
