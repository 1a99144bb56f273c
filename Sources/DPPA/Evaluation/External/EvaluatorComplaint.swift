import DPPASupport

/// Makes the errors of an external evaluator, each of which names its command and the file with its output.
struct EvaluatorComplaint: Sendable {
    /// The command as the user wrote it.
    let command: String
    /// The file with its output.
    let log: String

    /// An error whose headline is "the evaluator '…' " and `what`.
    func error(
        _ what: String, code: DPPAError.Code = .data, notes: [String] = [], cause: String? = nil
    ) -> DPPAError {
        let notes = notes + ["what it printed is in \(log)"]
        return DPPAError(code, "the evaluator '\(shortCommand)' \(what)", notes: notes, cause: cause)
    }

    /// The error of a command that had to be stopped.
    func tookLonger(than timeout: Duration) -> DPPAError {
        let seconds = (timeout / .seconds(1) * 10).rounded() / 10
        return error(
            "did not end within \(seconds) s and was stopped", code: .limit,
            notes: ["give it more time, or give it fewer questions"])
    }

    /// The last lines of what the command wrote to its standard error, as a note.
    func quote(_ bytes: [UInt8]) -> String {
        // A progress bar ends its lines with a carriage return. Half a MiB holds more than is quoted of twenty lines.
        let lines = bytes.suffix(1 << 19).split { $0 == 10 || $0 == 13 }.suffix(20).map { line in
            let scalars = String(decoding: line.prefix(1000), as: UTF8.self).unicodeScalars
            // Escape sequences would act on the terminal that shows the error.
            return String(String.UnicodeScalarView(scalars.filter { $0.properties.generalCategory != .control }))
        }
        if lines.isEmpty { return "it wrote nothing to standard error" }
        return "the end of its standard error:" + lines.map { "\n  " + $0 }.joined()
    }

    private var shortCommand: String {
        let line = command.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return line.count > 100 ? line.prefix(99) + "…" : line
    }
}
