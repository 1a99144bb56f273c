import ArgumentParser
import DPPA

/// How much of the named values a terminal shows.
struct ValueOptions: ParsableArguments {
    @Flag(help: "Show every value; otherwise a line for each name, with its values by layer as a curve.")
    var all = false

    @Option(help: ArgumentHelp("Show the N largest and the N smallest values of each name.", valueName: "N"))
    var top: Int?

    func validate() throws {
        if let top, top < 1 { throw ValidationError("--top must be at least 1; it is \(top)") }
        if all, top != nil { throw ValidationError("--all and --top exclude each other") }
    }

    /// The lines to print.
    func lines(_ named: [RunRecord.NamedValue]) -> [String] {
        if all { return ValueText.lines(named) }
        if let top { return ValueText.extremes(named, top) }
        return ValueText.summary(named)
    }
}
