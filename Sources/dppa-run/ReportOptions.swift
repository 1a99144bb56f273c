import ArgumentParser
import DPPA
import DPPAScript

/// The files that tell what a run has done, besides the model.
struct ReportOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Write what was done and all named values as JSON; - is standard output, which then holds nothing else.",
            valueName: "file"))
    var json: String?

    @Option(
        help: ArgumentHelp(
            "Write a page to read: recipe, named values as pictures, searches; - is standard output.",
            valueName: "file.html"))
    var report: String?

    /// Whether there is one.
    var isAskedFor: Bool { json != nil || report != nil }

    /// The same as files that can be written.
    ///
    /// Throws when one cannot: before hours of work rather than after them.
    func files() throws -> ReportFiles {
        try ReportFiles(json: json.map { try OutputOption.file($0) }, report: report.map { try OutputOption.file($0) })
    }
}

/// The same after the check.
struct ReportFiles {
    let json: WrittenFile?
    let report: WrittenFile?
    /// Both, as places that are written to.
    let outputs: OutputPaths

    init(json: WrittenFile?, report: WrittenFile?) throws {
        (self.json, self.report) = (json, report)
        var outputs = OutputPaths()
        if let json { try outputs.add(json, as: "--json") }
        if let report { try outputs.add(report, as: "--report") }
        self.outputs = outputs
    }

    /// Writes those that are asked for.
    func write(_ outcome: RecipeOutcome) throws {
        if let json { try outcome.writeJSON(to: json) }
        if let report { try outcome.writeReport(to: report) }
    }
}

/// A file that an option of the command line names.
enum OutputOption {
    /// The file, tried out; standard output is kept for it if that is meant.
    static func file(_ path: String) throws -> WrittenFile {
        let file = try WrittenFile(path)
        if file.isStandardOutput { Console.reserveOutput() }
        return file
    }
}

/// The option `--json` of commands that show something.
struct JSONOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Write the same as JSON; - is standard output, which then holds nothing else.", valueName: "file"))
    var json: String?

    /// The file, tried out before the work.
    ///
    /// Throws too when it would change one of the inputs that are known by then.
    func file(apartFrom inputs: [String] = []) throws -> WrittenFile? {
        guard let file = try json.map({ try OutputOption.file($0) }) else { return nil }
        let outputs = try outputs()
        for input in inputs { try outputs.requireApart(from: input) }
        return file
    }

    /// The file as a place that is written to.
    func outputs() throws -> OutputPaths {
        var outputs = OutputPaths()
        if let json { try outputs.add(WrittenFile(json), as: "--json") }
        return outputs
    }
}
