import DPPA

extension AlignmentOptions {
    /// What a table of options says, which has been checked.
    init(_ options: [String: ScriptValue]) {
        self.init()
        if case .table(let table)? = options["names"] { names = table.fields.compactMapValues { $0.text } }
        rows = options["rows"]?.text.flatMap(Rows.init) ?? rows
        stacks = options["stacks"]?.text.flatMap(Stacks.init) ?? stacks
        missing = options["missing"]?.text.flatMap(Missing.init) ?? missing
        extra = options["extra"]?.text.flatMap(Extra.init) ?? extra
        vocabulary = VocabularyOptions(options)
        refused = Set(options["refuse"]?.texts.compactMap(Step.init) ?? [])
    }
}

extension VocabularyOptions {
    /// What a table of options says, which has been checked; nil where no vocabulary is named.
    init?(_ options: [String: ScriptValue]) {
        guard let words = options["vocabulary"]?.text else { return nil }
        self.init(words == "base" ? .base : words == "union" ? .union : .model(words))
        multiple = options["pad_to_multiple"]?.int
        guard case .table(let table)? = options["tokens"] else { return }
        for (token, value) in table.fields {
            guard let from = value.text else {
                guard case .table(let row) = value, let from = row.fields["from"]?.text else { continue }
                let isForced = row.fields["force"]?.flag ?? false
                let origin = row.fields["id"]?.int.map { Row.Origin.row(from, id: $0) }
                tokens[token] = Row(origin ?? Self.origin(from, row.fields["token"]?.text), isForced: isForced)
                continue
            }
            tokens[token] = Row(Self.origin(from, nil))
        }
    }

    /// Throws `data` where a table of options says of a vocabulary what has no effect.
    static func check(_ options: [String: ScriptValue], at place: DPPAError.Location?) throws {
        func mistake(_ message: String, _ note: String) -> DPPAError {
            DPPAError(.data, "family: " + message, notes: [note], location: place)
        }
        if let alone = ["tokens", "pad_to_multiple"].first(where: { options[$0] != nil }), options["vocabulary"] == nil
        {
            throw mistake(
                "'\(alone)' says something of a vocabulary, and none is named",
                "name it: vocabulary = \"base\", \"union\", or the label of a model")
        }
        guard case .table(let table)? = options["tokens"] else { return }
        for (token, value) in table.fields.sorted(by: { $0.key < $1.key }) {
            guard case .table(let row) = value, let from = row.fields["from"]?.text else { continue }
            let given = ["token", "id"].filter { row.fields[$0] != nil }
            if given.count == 2 {
                throw mistake(
                    "tokens: '\(token.shown)' has its row from a token and from an id", "leave one of them out")
            }
            if let given = given.first, from == "zero" || from == "mean" {
                throw mistake(
                    "tokens: '\(token.shown)' is \"\(from)\", which has no \(given)", "name a model: from = model")
            }
        }
    }

    private static func origin(_ from: String, _ token: String?) -> Row.Origin {
        switch from {
        case "zero": .zero
        case "mean": .mean
        default: .model(from, token: token)
        }
    }

    /// The same with the labels of models for what the recipe calls them.
    ///
    /// Throws `data` for what is none of them; `label` gives the label, and nil for no model.
    func naming(_ labels: [String], _ label: (String) -> String?) throws -> VocabularyOptions {
        var named = self
        func known(_ words: String, _ subject: String, _ others: [String]) throws -> String {
            if let label = label(words) { return label }
            throw DPPAError(
                .data,
                "\(subject) names '\(words.shown)', which is none of the models"
                    + Suggestions.hint(for: words, among: others + labels),
                notes: ["it is " + (others.map { "\"\($0)\"" } + labels).joined(separator: ", ")])
        }
        if case .model(let words) = source {
            named.source = .model(try known(words, "vocabulary", ["base", "union"]))
        }
        for (token, row) in tokens {
            func label(_ words: String) throws -> String {
                try known(words, "tokens: '\(token.shown)'", ["zero", "mean"])
            }
            switch row.origin {
            case .zero, .mean: continue
            case .model(let words, let other): named.tokens[token]?.origin = .model(try label(words), token: other)
            case .row(let words, let id): named.tokens[token]?.origin = .row(try label(words), id: id)
            }
        }
        return named
    }
}
