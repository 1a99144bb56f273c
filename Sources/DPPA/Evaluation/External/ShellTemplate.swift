/// A shell command line with `{model}` and `{tasks}` in it, made into one that takes them from its environment.
///
/// A shell does not read the value of a variable as a part of the command, so no directory name can be one; quotes are
/// needed only to keep the value in one piece, and which depends on the quotes that are open where it stands.
struct ShellTemplate {
    /// The command line for the shell.
    let text: String

    /// What the command line needs in its environment.
    static func variables(model: String, tasks: [String]) -> [String: String] {
        ["DPPA_MODEL": model, "DPPA_TASKS": tasks.joined(separator: ",")]
    }

    init(_ template: String) {
        // Bytes, as the shell reads them: to Swift a quote and an accent that follows it are one character.
        var (text, rest, quotes) = ([UInt8](), Array(template.utf8)[...], Quotes.none)
        var hasModel = false
        while let first = rest.first {
            if rest.starts(with: "{model}".utf8) || rest.starts(with: "{tasks}".utf8) {
                let isModel = rest.starts(with: "{model}".utf8)
                text += quotes.expansion(isModel ? "DPPA_MODEL" : "DPPA_TASKS").utf8
                hasModel = hasModel || isModel
                rest = rest.dropFirst(7)
            } else if first == UInt8(ascii: "\\"), quotes != .single {
                text += rest.prefix(2)
                rest = rest.dropFirst(2)
            } else {
                quotes = quotes.after(first)
                text.append(first)
                rest = rest.dropFirst()
            }
        }
        if !hasModel {
            // After a line break the directory would be a command of its own.
            while let last = text.last, last == 32 || (9...13).contains(last) { text.removeLast() }
            text += (" " + Quotes.none.expansion("DPPA_MODEL")).utf8
        }
        self.text = String(decoding: text, as: UTF8.self)
    }

    private enum Quotes {
        case none, single, double

        func after(_ byte: UInt8) -> Quotes {
            switch (self, byte) {
            case (.none, UInt8(ascii: "'")): .single
            case (.none, UInt8(ascii: "\"")): .double
            case (.single, UInt8(ascii: "'")), (.double, UInt8(ascii: "\"")): .none
            default: self
            }
        }

        func expansion(_ name: String) -> String {
            switch self {
            case .none: "\"${\(name)}\""
            case .double: "${\(name)}"
            case .single: "'\"${\(name)}\"'"
            }
        }
    }
}
