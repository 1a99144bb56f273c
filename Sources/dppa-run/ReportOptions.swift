import ArgumentParser
import DPPA
import DPPAScript

/// The files that tell what a run has done, besides the model.
struct ReportOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Write what was done and all named values as JSON.", valueName: "file"))
    var json: String?

    @Option(
        help: ArgumentHelp("Write a page to read: recipe, named values as pictures, searches.", valueName: "file.html"))
    var report: String?

    /// Throws when one of them cannot be made: before hours of work rather than after them.
    func requireFolders() throws {
        for file in [json, report] { try JSONFile.requireFolder(of: file) }
    }

    /// Writes those that are asked for.
    func write(_ outcome: RecipeOutcome) throws {
        if let json { try outcome.writeJSON(to: json) }
        if let report { try outcome.writeReport(to: report) }
    }
}
