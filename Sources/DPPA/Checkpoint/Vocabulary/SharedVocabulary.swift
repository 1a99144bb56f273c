import DPPASupport

/// One vocabulary for several models: its tokens by id, and which row each of the models has for each.
///
/// The tokens of one model, the owner, keep their ids; what others have besides comes behind the largest of them: pieces of the
/// other models in the order of models and ids, then their added tokens likewise, then tokens that are named and nobody has, by
/// their bytes. Tokens are one where their texts have the same bytes.
struct SharedVocabulary {
    /// A model with rows for its tokens.
    struct Member {
        let model: OpenModel
        let text: TokenizerText
        let tensors: VocabularyTensors
        /// The ids of its tokens that have a row, by hash.
        let ids: [Int: Int]

        init(_ model: OpenModel) throws {
            self.model = model
            tensors = try VocabularyTensors(model)
            text = try TokenizerText(model)
            let (table, rows) = (text.table, tensors.rows)
            var ids: [Int: Int] = [:]
            ids.reserveCapacity(min(rows, table.tokens.count))
            for id in table.ids where id < rows {
                let hash = table.tokens[id].hash
                if ids[hash] == nil { ids[hash] = id }
            }
            self.ids = ids
        }
    }

    /// A token that the owner lacks.
    struct NewToken {
        let id: Int
        let hash: Int
        let text: String
        /// As it is spelled in JSON, quotes included.
        let spelling: String
        /// The first model that has it; nil where none has.
        let member: Int?
        /// What its entry among the added tokens says; nil for a piece.
        let flags: [String: Bool]?
    }

    /// A row of a model.
    struct Place: Equatable {
        let member: Int
        let id: Int
    }

    /// Where a row comes from.
    enum Row: Equatable {
        case place(Place)
        /// The mean of several.
        case mean([Place])
        case zero
        /// The mean of all rows of the owner.
        case meanOfAll
    }

    /// The base first.
    let members: [Member]
    let owner: Int
    let options: VocabularyOptions
    /// The hashes of the tokens, by id; nil where no token is.
    private(set) var tokens: [Int?] = []
    /// How many ids the owner's tokens take.
    private let kept: Int
    private(set) var ids: [Int: Int] = [:]
    private(set) var new: [NewToken] = []
    private(set) var rows = 0
    /// What single tokens have for all models that lack them, or for all.
    private var named: [Int: (row: Row, isForced: Bool)] = [:]

    /// Throws `data` when the tokens of the owner have ids far beyond their number, or a named row cannot be.
    init(_ members: [Member], owner: Int, _ options: VocabularyOptions) throws {
        (self.members, self.owner, self.options) = (members, owner, options)
        let table = members[owner].text.table
        try Self.requireDense(members[owner])
        kept = table.largest.map { $0 + 1 } ?? 0
        tokens = (0..<kept).map { id in table.tokens[id].count > 0 ? table.tokens[id].hash : nil }
        for (id, hash) in tokens.enumerated() { if let hash, ids[hash] == nil { ids[hash] = id } }
        if options.source == .union { addOthers() }
        for (text, row) in options.tokens.sorted(by: { $0.key.precedes($1.key) }) {
            let hash = TokenTable.hash(of: text)
            named[hash] = (try namedRow(text, hash, row.origin), row.isForced)
            guard ids[hash] == nil else { continue }
            let member = members.firstIndex { $0.ids[hash] != nil }
            let flags = member.flatMap { addedTokens(of: $0)[hash]?.flags }
            append(hash, text, JSONValue.quoted(text), member, flags ?? ["special": true, "normalized": false])
        }
        let need = max(1, tokens.count)
        if let multiple = options.multiple {
            rows = (need + multiple - 1) / multiple * multiple
        } else {
            rows = max(members[owner].tensors.rows, need)
        }
    }

    /// A tokenizer.json of a few bytes must not ask for millions of rows.
    private static func requireDense(_ member: Member) throws {
        let table = member.text.table
        guard let largest = table.largest else { return }
        let count = table.ids.reduce(0) { count, _ in count + 1 }
        guard table.isWhole, largest < member.tensors.rows + count else {
            throw DPPAError(
                .data,
                "\(member.text.path): the largest id is \(largest), of \(Phrase.counted(count, "token")) and "
                    + "\(member.tensors.rows) rows",
                notes: ["the file is damaged, or belongs to another model: copy or download it again"])
        }
    }

    /// The added tokens of a model, by hash.
    private func addedTokens(of member: Int) -> [Int: TokenizerText.Added] {
        Dictionary(members[member].text.added.map { ($0.hash, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// What other models have besides.
    private mutating func addOthers() {
        let others = members.indices.filter { $0 != owner }
        // One without a row says nothing of the token.
        let added = others.map { index in addedTokens(of: index).filter { members[index].ids[$0.key] != nil } }
        let isAdded = added.reduce(into: Set<Int>()) { $0.formUnion($1.keys) }
        for index in others {
            let text = members[index].text
            for id in text.table.ids where id < members[index].tensors.rows {
                let hash = text.table.tokens[id].hash
                guard ids[hash] == nil, !isAdded.contains(hash) else { continue }
                append(hash, text.text(id), text.spelling(id), index, nil)
            }
        }
        for (index, added) in zip(others, added) {
            for token in added.values.sorted(by: { ($0.id, $0.text) < ($1.id, $1.text) })
            where ids[token.hash] == nil {
                append(token.hash, token.text, JSONValue.quoted(token.text), index, token.flags)
            }
        }
    }

    private mutating func append(
        _ hash: Int, _ text: String, _ spelling: String, _ member: Int?, _ flags: [String: Bool]?
    ) {
        new.append(
            NewToken(id: tokens.count, hash: hash, text: text, spelling: spelling, member: member, flags: flags))
        ids[hash] = tokens.count
        tokens.append(hash)
    }

    /// The models that have a token.
    func owners(_ hash: Int) -> [Place] {
        members.indices.compactMap { index in members[index].ids[hash].map { Place(member: index, id: $0) } }
    }

    /// Whether a model has all tokens under the ids of the vocabulary, and no others.
    func isFitting(_ member: Int) -> Bool {
        let own = members[member].ids
        return own.count == ids.count && own.allSatisfy { ids[$0.key] == $0.value }
    }

    /// The named tokens whose rows no model gets, as all have one of their own.
    var unusedNames: [String] {
        options.tokens.keys.filter { text in
            let hash = TokenTable.hash(of: text)
            return named[hash]?.isForced == false && members.allSatisfy { $0.ids[hash] != nil }
        }.sorted()
    }

    /// The row that a model which lacks a token has for it.
    func lacking(_ hash: Int) -> Row {
        if let (row, _) = named[hash] { return row }
        if options.hasBase, let id = members[0].ids[hash] { return .place(Place(member: 0, id: id)) }
        let owners = owners(hash)
        return owners.isEmpty ? .zero : owners.count == 1 ? .place(owners[0]) : .mean(owners)
    }

    /// The rows of a model, by the ids of the vocabulary.
    func sources(of member: Int) -> [Row] {
        (0..<rows).map { id in
            guard id < tokens.count, let hash = tokens[id] else { return padding(id) }
            if let (row, isForced) = named[hash], isForced { return row }
            return place(id, hash, of: member).map(Row.place) ?? lacking(hash)
        }
    }

    /// The rows of a delta to the first model: its own, or zeros.
    var sourcesOfDelta: [Row] {
        (0..<rows).map { id in
            guard id < tokens.count, let hash = tokens[id] else { return owner == 0 ? padding(id) : .zero }
            if named[hash]?.isForced == true { return .zero }
            return place(id, hash, of: 0).map(Row.place) ?? .zero
        }
    }

    /// The row that a model has for a token, if it has one.
    func place(_ id: Int, _ hash: Int, of member: Int) -> Place? {
        // A text that two ids of the owner have keeps both rows.
        let isOwn = member == owner && id < kept && id < members[member].tensors.rows
        return isOwn ? Place(member: member, id: id) : members[member].ids[hash].map { Place(member: member, id: $0) }
    }

    /// The row of an id without a token: that of the owner, which all models share, as nothing was learnt there.
    private func padding(_ id: Int) -> Row {
        id < members[owner].tensors.rows ? .place(Place(member: owner, id: id)) : .meanOfAll
    }

    /// The id that a token of a model has here; itself for what is none, nil for a token that the vocabulary lacks.
    func translated(_ id: Int, of member: Int) -> Int? {
        let tokens = members[member].text.table.tokens
        guard member != owner, tokens.indices.contains(id), tokens[id].count > 0 else { return id }
        return ids[tokens[id].hash]
    }
}
