import DPPA
import Foundation

/// What a run of a recipe has done, in words and as JSON.
package struct RecipeOutcome {
    /// The directories that were written.
    package let written: [String]
    /// Warnings, one text each.
    package let warnings: [String]
    /// One line for the person at the keyboard.
    package let summary: String
    /// What the engine did.
    package let report: EngineReport
    /// The named values.
    package let named: [(name: String, values: [(name: String, value: Double)])]
    /// The tables that the recipe added.
    package let tables: [ReportTable]
    private let recipe: String
    private let recipeText: String
    private let options: [RecipeOptions.Taken]
    private let models: [(label: String, path: String)]
    private let seconds: Double

    init(
        session: RecipeSession, recipe: (name: String, text: String), written: [String], start: ContinuousClock.Instant,
        isOwn: (DPPAError.Location) -> Bool
    ) {
        seconds = (ContinuousClock.now - start) / .seconds(1)
        self.written = written
        self.recipe = recipe.name
        recipeText = recipe.text
        report = session.engine.report
        named = RecipeOutcome.named(session)
        tables = session.tables
        options = session.options.taken
        models = session.checkpoints.map { ($0.label, $0.path) }
        var warnings = RecipeOutcome.earlyWarnings(session, isOwn: isOwn)
        for inputs in report.nonFiniteInputs {
            warnings.append(
                "warning: \(inputs.label) has \(inputs.count) infinite or NaN elements, for example in \(inputs.tensor)"
            )
        }
        for clamp in RecipeOutcome.clamps(session) { warnings.append(clamp) }
        self.warnings = warnings
        let moved = Double(report.bytesRead + report.bytesWritten) / 1e9
        summary =
            "wrote \(written.joined(separator: ", ")): \(String(format: "%.2f", moved)) GB moved in "
            + "\(String(format: "%.1f", seconds)) s (\(String(format: "%.2f", moved / max(seconds, 1e-9))) GB/s)"
    }

    /// What is noticed without reading: models that were cut, and masks that nothing depends on.
    static func earlyWarnings(_ session: RecipeSession, isOwn: (DPPAError.Location) -> Bool) -> [String] {
        session.warnings
            + session.unusedMasks(isOwn: isOwn).map { mask in
                "\(mask.location.file):\(mask.location.line): warning: no result depends on the mask \(mask.formula)\n"
                    + "note: Lua's `and`, `or`, `not` and `if` see every field as true; choose with where(mask, a, b)"
            }
    }

    static func card(_ session: RecipeSession, _ result: MergeResult, _ recipe: (name: String, text: String))
        -> ModelCard
    {
        let models = session.graph.models(of: result.node)
        return ModelCard(
            recipe: recipe, models: models.map { session.graph.models[$0].label },
            options: session.options.taken.map { ($0.name, text($0.value)) }, named: named(session),
            tables: session.tables, config: session.graph.models[result.config ?? models.first ?? 0].label)
    }

    /// Writes everything as one page of HTML.
    package func writeReport(to path: String) throws {
        let card = ModelCard(
            recipe: (recipe, recipeText), models: models.map(\.label),
            options: options.map { ($0.name, RecipeOutcome.text($0.value)) }, named: named, tables: tables,
            config: models.first?.label ?? "")
        let page = RunReport(card: card, engine: report, seconds: seconds, warnings: warnings)
        do { try Data(page.html.utf8).write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
            throw DPPAError(.cannotCreate, "cannot write \(path)", cause: error.localizedDescription)
        }
    }

    /// Writes everything as JSON with sorted keys.
    package func writeJSON(to path: String) throws {
        let object: [String: Any] = [
            "version": version, "recipe": recipe, "written": written, "seconds": seconds,
            "bytes_read": report.bytesRead, "bytes_written": report.bytesWritten, "epochs": report.epochs,
            "passes": report.passes,
            "options": Dictionary(options.map { ($0.name, json($0.value)) }, uniquingKeysWith: { a, _ in a }),
            "models": models.map { ["label": $0.label, "path": $0.path] },
            "named": Dictionary(
                named.map { entry -> (String, Any) in
                    if entry.values.count == 1, entry.values[0].name.isEmpty {
                        return (entry.name, JSONFile.number(entry.values[0].value))
                    }
                    return (
                        entry.name,
                        Dictionary(
                            entry.values.map { ($0.name, JSONFile.number($0.value)) }, uniquingKeysWith: { a, _ in a })
                    )
                }, uniquingKeysWith: { a, _ in a }),
            "tables": Dictionary(
                tables.map { table -> (String, Any) in
                    (table.name, ["columns": table.columns, "rows": table.rows.map { $0.map(cell) }] as [String: Any])
                },
                uniquingKeysWith: { a, _ in a }),
            "warnings": warnings,
        ]
        try JSONFile.write(object, to: path)
    }

    private static func named(_ session: RecipeSession) -> [(name: String, values: [(name: String, value: Double)])] {
        session.named.map { ($0.name, session.engine.values($0.node) ?? []) }
    }

    /// What named clamps have cut.
    private static func clamps(_ session: RecipeSession) -> [String] {
        session.named.compactMap { entry in
            guard let inner = session.graph.clamped[entry.node],
                let before = session.engine.values(inner), let after = session.engine.values(entry.node)
            else { return nil }
            let cut = zip(before, after).filter { $0.value != $1.value }
            guard !cut.isEmpty else { return nil }
            let most = 16
            let places = cut.prefix(most).map { "\($0.name): \($0.value) became \($1.value)" }
            return "warning: '\(entry.name)' was clamped in \(cut.count) of \(after.count) places\nnote: "
                + places.joined(separator: "\nnote: ")
                + (cut.count > most ? "\nnote: and \(cut.count - most) more" : "")
        }
    }

    /// An option's value without local folders.
    static func text(_ value: ScriptValue) -> String {
        switch value {
        case .string(let text): text.split(separator: "/").last.map(String.init) ?? text
        case .table(let table): table.array.map(text).joined(separator: ", ")
        case .integer(let number): String(number)
        case .number(let number): Graph.number(number)
        case .bool(let flag): String(flag)
        case .null, .object, .function: "–"
        }
    }

    private func json(_ value: ScriptValue) -> Any {
        switch value {
        case .string(let text): text
        case .table(let table): table.array.map(json)
        case .integer(let number): number
        case .number(let number): JSONFile.number(number)
        case .bool(let flag): flag
        case .null, .object, .function: NSNull()
        }
    }

    private func cell(_ cell: ReportTable.Cell) -> Any {
        switch cell {
        case .number(let value): JSONFile.number(value)
        case .text(let text): text
        case .nothing: NSNull()
        }
    }
}
