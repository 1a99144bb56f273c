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
                tokens[token] = Row(Self.origin(from, row.fields["token"]?.text), isForced: isForced)
                continue
            }
            tokens[token] = Row(Self.origin(from, nil))
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
            guard case .model(let words, let other) = row.origin else { continue }
            let label = try known(words, "tokens: '\(token.shown)'", ["zero", "mean"])
            named.tokens[token]?.origin = .model(label, token: other)
        }
        return named
    }
}
