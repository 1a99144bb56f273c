import DPPASupport
import Foundation

/// A run as one page: what was done with what, how the deltas came out, searches, scores, named values, the recipe.
public struct RunReport: Sendable {
    /// What the run has to tell.
    public var record: RunRecord

    /// The report of a run.
    public init(_ record: RunRecord) { self.record = record }

    /// The page in HTML, without anything from elsewhere.
    public var html: String {
        var page = HTMLPage(title: title)
        page.paragraph(sentence, "lead")
        page.facts(facts)
        if !record.warnings.isEmpty { page.notice(record.warnings) }
        page.placeContents()
        page.heading("Models and options")
        page.table(models)
        if !record.options.isEmpty {
            page.table(
                HTMLTable(
                    columns: ["option", "value"],
                    rows: record.options.map { [.code($0.name), .text($0.given ?? record.shown($0.value))] }))
        }
        for output in record.outputs {
            if let deltas = output.deltas, !deltas.statistics.tensors.isEmpty {
                DeltaSection(output: output, deltas: deltas).add(to: &page)
            }
        }
        for table in record.tables { SearchSection(table: table).add(to: &page) }
        if !record.scores.isEmpty { ScoreSection(scores: record.scores).add(to: &page) }
        if !record.named.isEmpty {
            NamedSection(named: record.named, labels: Set(record.models.map(\.label))).add(to: &page)
        }
        if !record.printed.isEmpty {
            page.heading("Printed")
            page.code(record.printed.joined(separator: "\n"))
        }
        page.heading("Recipe")
        page.code(record.recipe.text)
        for module in record.recipe.modules {
            page.subheading("lib/\(module.name).lua")
            page.code(module.text)
        }
        page.footer("Made by dppa-run \(version).")
        return page.text
    }

    private var isMerge: Bool { !record.outputs.isEmpty }

    private var title: String {
        record.recipe.name + (record.models.isEmpty ? "" : ": ") + Self.list(record.models.map(\.label))
    }

    private var sentence: String {
        let time = ShownNumber.duration(record.seconds)
        let labels = Self.list(record.models.map(\.label))
        guard isMerge else {
            return "dppa-run \(version) measured what the recipe names of \(labels) in \(time); no model was written."
        }
        let names = record.outputs.compactMap(\.name)
        let bases = Set(record.outputs.map { $0.deltas.flatMap { $0.isBase ? $0.reference : nil } })
        let experts = record.models.map(\.label).filter { !bases.contains($0) }
        let what =
            if bases.count == 1, case let base?? = bases.first, !experts.isEmpty {
                "\(Self.list(experts)) into \(base)"
            } else {
                labels
            }
        return "dppa-run \(version) merged \(what) in \(time)"
            + (names.count > 1 ? ", into \(names.count) models: \(Self.list(names))." : ".")
    }

    private var facts: [(name: String, value: String)] {
        let engine = record.engine
        let dtypes = Set(record.outputs.map { $0.dtype?.rawValue ?? "as the models have it" }).sorted()
        let moved =
            "\(Self.bytes(engine.bytesRead)) read, \(Self.bytes(engine.bytesWritten)) written, "
            + "\(engine.passes) pass\(engine.passes == 1 ? "" : "es"), through the whole checkpoint "
            + (engine.epochs == 1 ? "once" : "\(engine.epochs) times")
        let all: [(name: String, value: String)] = [
            ("date", Self.date(record.date)), ("command", record.command.map(Self.quoted).joined(separator: " ")),
            ("written", record.written.joined(separator: ", ")),
            ("dtype", isMerge ? dtypes.joined(separator: ", ") : ""), ("seed", record.seed.map(String.init) ?? ""),
            ("weights", moved),
            ("scoring", record.sharingTexts.joined(separator: "; ")),
        ]
        return all.filter { !$0.value.isEmpty }
    }

    private var models: HTMLTable {
        HTMLTable(
            columns: ["model", "name", "path", "parameters", "dtype"],
            rows: record.models.map { model in
                let dtypes = model.dtypes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
                return [
                    .text(model.label), .text(model.name), .code(model.path),
                    .number(Double(model.parameters), ShownNumber.count(model.parameters)),
                    .text(dtypes.map(\.key).joined(separator: ", ")),
                ]
            })
    }

    private static func bytes(_ count: Int) -> String {
        count < 1_000_000_000
            ? String(format: "%.3g MB", Double(count) / 1e6) : String(format: "%.2f GB", Double(count) / 1e9)
    }

    /// A word as a shell reads it back.
    private static func quoted(_ word: String) -> String {
        let isPlain =
            !word.isEmpty
            && word.unicodeScalars.allSatisfy {
                CharacterSet.alphanumerics.contains($0) || "-_./=,:+@%".unicodeScalars.contains($0)
            }
        return isPlain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }

    private static func date(_ date: Date) -> String {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "UTC")
        format.dateFormat = "yyyy-MM-dd HH:mm 'UTC'"
        return format.string(from: date)
    }

    /// "a, b and c".
    private static func list(_ words: [String]) -> String {
        words.count < 2
            ? words.joined() : words.dropLast().joined(separator: ", ") + " and \(words[words.count - 1])"
    }
}
