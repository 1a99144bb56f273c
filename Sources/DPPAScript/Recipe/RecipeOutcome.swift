import DPPA
import Foundation

/// What a run of a recipe has done, for the person at the keyboard.
package struct RecipeOutcome {
    /// All that there is to tell.
    package let record: RunRecord

    /// The directories that were written.
    package var written: [String] { record.written }
    /// Warnings, one text each.
    package var warnings: [String] { record.warnings }
    /// What the engine did.
    package var report: EngineReport { record.engine }
    /// The named values.
    package var named: [RunRecord.NamedValue] { record.named }
    /// The tables that the recipe added.
    package var tables: [ReportTable] { record.tables }

    /// A line for the person at the keyboard, and one for each way in which ranks have shared the scoring, for each adapter and each
    /// pack.
    package var summary: String {
        let adapters = zip(written, record.outputs).compactMap { path, output in
            (output.adapter?.summary ?? output.pack?.summary).map { "\n\(path): \($0)" }
        }
        return "wrote \(written.joined(separator: ", ")): \(report.traffic(seconds: record.seconds))"
            + record.sharingTexts.map { "\nscored " + $0 }.joined()
            + adapters.joined()
    }

    /// Writes everything as one page of HTML.
    package func writeReport(to file: WrittenFile) throws { try file.write(RunReport(record).html.utf8) }

    /// Writes everything as JSON with sorted keys.
    package func writeJSON(to file: WrittenFile) throws { try JSONFile.write(record.json, to: file) }
}
