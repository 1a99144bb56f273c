import DPPASupport

/// Which tokens the models of a family have a row for in embedding and head, and where rows come from that a model lacks.
public struct VocabularyOptions: Sendable, Hashable {
    /// Whose tokens.
    public enum Source: Sendable, Hashable {
        /// Those of the base, under its ids.
        case base
        /// Those of all models: the base's under its ids, then what the others have besides.
        case union
        /// Those of one model, by its label.
        case model(String)
    }

    /// What the row of a token is that is named.
    public struct Row: Sendable, Hashable {
        /// Where it comes from.
        public enum Origin: Sendable, Hashable {
            case zero
            /// The mean of the rows of all models that have the token.
            case mean
            /// The row of a token of one model, by its label; nil for the same token.
            case model(String, token: String?)
            /// A row of one model, by its label, whether a token has it or not.
            case row(String, id: Int)
        }

        /// Where it comes from.
        public var origin: Origin
        /// Whether models that have the token get this row too.
        public var isForced: Bool

        /// A row.
        public init(_ origin: Origin, isForced: Bool = false) {
            self.origin = origin
            self.isForced = isForced
        }
    }

    /// Whose tokens.
    public var source: Source
    /// The rows of single tokens; one that the vocabulary lacks is added to it.
    public var tokens: [String: Row] = [:]
    /// Whether the first model is a base, whose rows those get that lack a token; otherwise they get the mean of all that have it.
    public var hasBase = true
    /// The number of which the number of rows is a multiple; nil for as many rows as the owner of the ids has, or as the tokens
    /// need.
    public var multiple: Int?

    /// The tokens of a source, with nothing further.
    public init(_ source: Source) { self.source = source }

    /// What tells it from others, for the names of views.
    var spelling: String {
        var words = ["\(source)"]
        for (token, row) in tokens.sorted(by: { $0.key.precedes($1.key) }) {
            words.append("\(token) = \(row.origin)\(row.isForced ? " forced" : "")")
        }
        if !hasBase { words.append("no base") }
        if let multiple { words.append("multiple of \(multiple)") }
        return words.joined(separator: ", ")
    }
}
