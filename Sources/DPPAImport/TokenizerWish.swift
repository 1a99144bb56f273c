import DPPASupport

/// Which tokens a merge has, and which rows.
struct TokenizerWish {
    /// Whose tokens.
    enum Source {
        case union, base
        case model(MergekitModel)
    }

    /// What the row of one token is.
    struct Row {
        enum Origin {
            case zero
            /// That of the same token, of a token, or of a number, in a model.
            case same(MergekitModel)
            case token(MergekitModel, String)
            case id(MergekitModel, Int)

            /// The model that it is of.
            var model: MergekitModel? {
                switch self {
                case .zero: nil
                case .same(let model), .token(let model, _), .id(let model, _): model
                }
            }
        }

        var token: String
        var origin: Origin
        /// Whether models that have the token get it too.
        var isForced: Bool
    }

    var source: Source
    /// In the order of the file.
    var rows: [Row] = []
    /// The number of which the number of rows is a multiple.
    var multiple: Int?
    var place: DPPAError.Location

    /// Nil where nothing is said.
    ///
    /// Throws when both are there, or one is not as it should be.
    init?(_ short: YAMLValue?, _ long: YAMLValue?) throws {
        func source(_ value: YAMLValue) throws -> Source {
            switch value.text {
            case "union": .union
            case "base": .base
            default: .model(try MergekitModel(value))
            }
        }
        if let short {
            if let long { throw long.error("there is both tokenizer_source and tokenizer") }
            (self.source, place) = (try source(short), short.place)
            return
        }
        guard let long else { return nil }
        guard let members = long.members else { throw long.error("tokenizer is a mapping; this is \(long.described)") }
        try KnownKeys(["source", "tokens", "pad_to_multiple_of"], of: "tokenizer").check(members)
        let written = long.given("source")
        (self.source, place) = (try written.map(source) ?? .union, long.place)
        if let tokens = long.given("tokens") {
            guard let members = tokens.members else {
                throw tokens.error("tokens is a mapping of tokens; this is \(tokens.described)")
            }
            rows = try members.map(Self.row)
        }
        if let pad = long.given("pad_to_multiple_of") {
            guard let number = pad.int, number >= 0, number <= 1 << 16 else {
                throw pad.error("'pad_to_multiple_of' is a whole number from 1 to 65536; this is \(pad.described)")
            }
            multiple = number == 0 ? nil : number
        }
    }

    private static func row(_ member: YAMLValue.Member) throws -> Row {
        let what = "the token '\(member.key.shown)'"
        guard let members = member.value.members else {
            throw member.value.error(
                "\(what) is a mapping with a source; this is \(member.value.described)",
                notes: ["for example { source: model }, or { source: { kind: zero } }"])
        }
        try KnownKeys(["source", "force"], of: what).check(members)
        guard let source = member.value.given("source") else {
            throw DPPAError(.data, "\(what) has no source", location: member.place)
        }
        var isForced = false
        if let force = member.value.given("force") {
            guard let flag = force.flag else {
                throw force.error("'force' is true or false; this is \(force.described)")
            }
            isForced = flag
        }
        return Row(token: member.key, origin: try origin(source), isForced: isForced)
    }

    private static func origin(_ source: YAMLValue) throws -> Row.Origin {
        guard let kind = source.given("kind") else { return .same(try MergekitModel(source)) }
        switch kind.text {
        case "zero":
            try KnownKeys(["kind"], of: "a row of zeros").check(source.members ?? [])
            return .zero
        case "model_token":
            try KnownKeys(["kind", "model", "token", "token_id"], of: "a model's token").check(source.members ?? [])
            guard let model = source.given("model") else { throw source.error("a model's token has no model") }
            let (token, id) = (source.given("token"), source.given("token_id"))
            guard (token == nil) != (id == nil) else {
                throw source.error("a model's token has one of token and token_id")
            }
            let owner = try MergekitModel(model)
            if let token {
                guard let text = token.text else {
                    throw token.error("'token' is a text; this is \(token.described)")
                }
                return .token(owner, text)
            }
            guard let id, let number = id.int, number >= 0 else {
                throw (id ?? source).error("'token_id' is a whole number from 0; this is \((id ?? source).described)")
            }
            return .id(owner, number)
        default:
            throw kind.error("'kind' is zero or model_token; this is \(kind.described)")
        }
    }
}
