import DPPASupport

/// The models of a family as views that have one row for each token of one vocabulary.
struct VocabularyFitting {
    private(set) var base: OpenModel
    private(set) var experts: [OpenModel]
    private(set) var notes: [AlignmentNote] = []
    private let options: AlignmentOptions

    /// The models as they are where no vocabulary is asked for, or all have it.
    ///
    /// Throws `data` where tokens of two models cannot be compared, a model has none that are known, or the tokenizer cannot
    /// hold those of all.
    init(_ base: OpenModel, _ experts: [OpenModel], _ options: AlignmentOptions) throws {
        (self.base, self.experts, self.options) = (base, experts, options)
        guard let wish = options.vocabulary else { return }
        try requireSingleWish(wish)
        try requireKnownDeltas()
        let models = ([base] + experts).filter { $0.space == .model }
        let members = try models.map(SharedVocabulary.Member.init)
        try requireOneKind(members)
        let vocabulary = try SharedVocabulary(members, owner: Self.owner(wish, members), wish)
        tellUnused(vocabulary)
        guard
            !members.indices.allSatisfy(vocabulary.isFitting) || !vocabulary.new.isEmpty
                || vocabulary.unusedNames.count < wish.tokens.count
                || wish.multiple != nil
        else {
            notes.append(
                AlignmentNote(
                    step: .rows,
                    text: "vocabulary: all models have the same tokens, under the same ids: rows are taken as they lie",
                    isWarning: false))
            return
        }
        try fit(vocabulary)
    }

    /// Throws unless the number of rows is said once.
    private func requireSingleWish(_ wish: VocabularyOptions) throws {
        guard options.rows == .base else {
            throw DPPAError(
                .data, "vocabulary says which rows there are, and rows = \"\(options.rows.rawValue)\" how many",
                notes: ["leave one of them out; pad_to_multiple gives a vocabulary further rows, or 1 none"])
        }
        if let multiple = wish.multiple, !(1...1 << 16).contains(multiple) {
            throw DPPAError(.data, "pad_to_multiple is \(multiple); it must be from 1 to \(1 << 16)")
        }
    }

    /// A delta has the rows of its base, and no place for tokens of its own.
    private func requireKnownDeltas() throws {
        for delta in experts where delta.space != .model {
            let comparison = TokenizerComparison(TokenTable(delta), TokenTable(base))
            guard comparison.count > 0 || !comparison.more.isEmpty else { continue }
            throw DPPAError(
                .data,
                "\(delta.title) is a delta of \(base.label), and its tokenizer has tokens that this one lacks: "
                    + Phrase.list((comparison.example.map { [$0.own] } ?? comparison.more).map { "'\($0.shown)'" }),
                notes: [
                    "put it into its base first, with the tokenizer beside it: load both with peft, then "
                        + "merge_and_unload() and save_pretrained(directory)"
                ])
        }
    }

    private func requireOneKind(_ members: [SharedVocabulary.Member]) throws {
        guard let first = members.first,
            let other = members.first(where: { $0.text.kind != first.text.kind })
        else { return }
        throw DPPAError(
            .data,
            "the tokenizer of \(first.model.label) is \(first.text.kind.words), that of \(other.model.label) "
                + "\(other.text.kind.words): equal texts of their tokens do not mean the same",
            notes: ["\(first.text.path) and \(other.text.path)", "leave one of the models out, or `vocabulary`"])
    }

    /// The place of the model whose ids are kept.
    private static func owner(_ wish: VocabularyOptions, _ members: [SharedVocabulary.Member]) throws -> Int {
        guard case .model(let label) = wish.source else { return 0 }
        guard let index = members.firstIndex(where: { $0.model.label == label }) else {
            throw DPPAError(
                .data, "vocabulary: '\(label.shown)' is none of the models whose tokens are known",
                notes: [
                    "it is \"base\", \"union\", or one of \(members.map(\.model.label).joined(separator: ", ")); a delta has the "
                        + "tokens of its base"
                ])
        }
        return index
    }

    /// Rows that were named and that no model gets.
    private mutating func tellUnused(_ vocabulary: SharedVocabulary) {
        let words = vocabulary.unusedNames.map { "'\($0.shown)'" }
        guard !words.isEmpty else { return }
        notes.append(
            AlignmentNote(
                step: .rows,
                text:
                    "tokens: every model has \(Phrase.list(words)) and keeps its row; force = true gives all of them the one "
                    + "that is named", isWarning: true))
    }

    private mutating func fit(_ vocabulary: SharedVocabulary) throws {
        let owner = vocabulary.members[vocabulary.owner].model
        let key =
            vocabulary.options.spelling + " of " + vocabulary.members.map(\.model.identity).joined(separator: ", ")
        let files = try VocabularyFiles(vocabulary, key: key)
        let suffix = " in the vocabulary " + String(Fingerprint.of(Array(key.utf8)), radix: 16)
        let tokenizer =
            vocabulary.new.isEmpty
            ? owner.tokenizer
            : TokenizerFiles(
                owner.tokenizer, adding: vocabulary.new.map { ($0.text, $0.id, $0.flags != nil) })
        let rows = try VocabularyRows(vocabulary)
        for member in vocabulary.members {
            guard let words = member.text.misreading else { continue }
            notes.append(AlignmentNote(step: .rows, text: "\(member.model.label): " + words, isWarning: true))
        }
        notes += try vocabulary.notes(options)
        for (index, member) in vocabulary.members.enumerated() {
            guard let head = rows.head(of: index) else { continue }
            notes.append(
                try options.note(
                    .heads, of: member.model, fitting: "the vocabulary",
                    "\(head.facts.name.shown) taken from \(member.tensors.embedding.name.shown), to which it is tied",
                    isWarning: false))
        }
        var (views, member): ([OpenModel], Int) = ([], 0)
        for model in [base] + experts {
            let isWhole = model.space == .model
            let config = isWhole ? try fittedConfig(vocabulary, member) : model.config
            let tensors = isWhole ? rows.tensors(member) : rows.tensors(delta: model)
            if isWhole { member += 1 }
            views.append(
                model.replacing(
                    tensors, identity: model.identity + suffix, config: config,
                    stamps: vocabulary.members.map(\.model.stamp), tokenizer: tokenizer,
                    vocabulary: files))
        }
        (base, experts) = (views[0], Array(views.dropFirst()))
    }

    /// A model's config.json with the rows and the ids of the vocabulary.
    private mutating func fittedConfig(_ vocabulary: SharedVocabulary, _ member: Int) throws -> String? {
        let model = vocabulary.members[member].model
        // What is no JSON cannot be mended; a reader says so.
        guard let config = model.config, ConfigText.object(config) != nil else { return model.config }
        let ids = try TokenIDText(config) { vocabulary.translated($0, of: member) }
        for (key, id) in ids.lost {
            let token = vocabulary.members[member].text.text(id)
            notes.append(
                AlignmentNote(
                    step: .rows,
                    text:
                        "\(model.label): \(key) of config.json names '\(token.shown)', which the vocabulary lacks: left out",
                    isWarning: true))
        }
        return try VocabularySize.setting(ids.text, vocabulary.rows)
    }
}
