/// A task of a file, or one that only an external program knows, by name.
public enum ScoredTask: Sendable {
    case builtIn(EvaluationTask)
    case external(String)

    /// The task of an external program that a text names as `external:NAME`; nil for the path of a file.
    package static func externalName(_ text: String) -> String? {
        let prefix = "external:"
        return text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : nil
    }

    /// The files that it was read from.
    public var files: [String] { if case .builtIn(let task) = self { task.files } else { [] } }

    /// The name in reports.
    public var name: String {
        switch self {
        case .builtIn(let task): task.name
        case .external(let name): name
        }
    }
}
