import DPPASupport

extension TokenizerText {
    /// The text with further tokens, each under its id, and with merges that make some of them.
    ///
    /// Readers give an added token that is no piece the next free id, whatever the file says: where that is another one, all of
    /// them are written among the pieces as well, under their ids. Throws `data` where the tokenizer cannot hold them, and
    /// `internalFault` where what would be written is read otherwise than meant.
    func adding(_ tokens: [SharedVocabulary.NewToken], _ merges: [(left: String, right: String)]) throws -> [UInt8] {
        guard !tokens.isEmpty else { return bytes }
        let ordinary = tokens.filter { $0.flags == nil }
        let entries =
            added.map { (hash: $0.hash, id: $0.id) }
            + tokens.filter { $0.flags != nil }.map { (hash: $0.hash, id: $0.id) }
        var written = ordinary.map { "\($0.spelling): \($0.id)" }
        let known = pieces.merging(ordinary.map { ($0.hash, $0.id) }) { first, _ in first }
        if Self.misread(entries, known) != nil {
            let spellings = Dictionary(
                added.map { ($0.hash, JSONValue.quoted($0.text)) } + tokens.map { ($0.hash, $0.spelling) },
                uniquingKeysWith: { first, _ in first })
            written += entries.compactMap { hash, id in
                known[hash] == nil ? spellings[hash].map { "\($0): \(id)" } : nil
            }
        }
        if !written.isEmpty, isList || places[.pieces] == nil {
            throw DPPAError(
                .data,
                "\(path): a tokenizer of the kind \(kind.words) takes no further "
                    + (ordinary.isEmpty ? "tokens behind a gap in its ids" : "pieces: ")
                    + Phrase.list(ordinary.map { "'\($0.text.shown)'" }),
                notes: ["take the tokens of one model: vocabulary = \"base\", or the label of another one"])
        }
        var insertions = [
            try insertion(.pieces, written), try insertion(.merges, spelled(merges)),
            try insertion(.added, tokens.compactMap(Self.entry)),
        ].compactMap(\.self)
        if places[.added] == nil, tokens.contains(where: { $0.flags != nil }) {
            guard let brace = bytes.firstIndex(of: UInt8(ascii: "{")) else {
                throw DPPAError(.internalFault, "\(path) is no JSON object")
            }
            let list = tokens.compactMap(Self.entry).joined(separator: ",\n    ")
            insertions.append(JSONInsertion("\n  \"added_tokens\": [\n    \(list)\n  ],", at: brace + 1))
        }
        return try checked(JSONInsertion.apply(insertions, to: bytes), tokens)
    }

    /// The first of some added tokens that readers give another id than it has: that of the piece, or the next free one.
    private static func misread(
        _ entries: [(hash: Int, id: Int)], _ pieces: [Int: Int]
    ) -> (place: Int, given: Int)? {
        var largest = -1
        for (place, (hash, id)) in entries.enumerated() {
            let given = pieces[hash] ?? max(largest + 1, pieces.count)
            guard given == id || pieces[hash] != nil else { return (place, given) }
            largest = max(largest, given)
        }
        return nil
    }

    /// The first added token that readers give another id than the file, in words; nil where there is none.
    var misreading: String? {
        Self.misread(added.map { (hash: $0.hash, id: $0.id) }, pieces).map { place, given in
            "tokenizer.json has '\(added[place].text.shown)' at \(added[place].id), where readers of it have \(given): its ids are "
                + "taken as they are written"
        }
    }

    private func insertion(_ part: Part, _ entries: [String]) throws -> JSONInsertion? {
        guard !entries.isEmpty else { return nil }
        guard let place = places[part] else {
            guard part != .merges else { throw DPPAError(.data, "\(path) has no list of merges") }
            return nil
        }
        return JSONInsertion(bytes, place, entries)
    }

    /// Merges as the file spells its own.
    private func spelled(_ merges: [(left: String, right: String)]) throws -> [String] {
        if hasPairs == true {
            return merges.map { "[\(JSONValue.quoted($0.left)), \(JSONValue.quoted($0.right))]" }
        }
        // Nothing to go by: as files have it since there are pieces with spaces in them.
        let hasSpaces = merges.contains { $0.left.contains(" ") || $0.right.contains(" ") }
        guard hasSpaces else { return merges.map { JSONValue.quoted("\($0.left) \($0.right)") } }
        guard hasPairs == nil else {
            throw DPPAError(
                .data, "\(path) writes its merges with a space between the parts, and a new part has one in it",
                notes: [
                    "write the file as newer tokenizers do: transformers.AutoTokenizer.from_pretrained(path).save_pretrained(path)"
                ])
        }
        return merges.map { "[\(JSONValue.quoted($0.left)), \(JSONValue.quoted($0.right))]" }
    }

    /// What a token is among the added ones; nil for a piece.
    private static func entry(_ token: SharedVocabulary.NewToken) -> String? {
        token.flagsText.map { "{\"id\": \(token.id), \"content\": \(token.spelling), \($0)}" }
    }

    /// The text, if it is read as it is meant: all tokens as before, and the new ones at their ids.
    private func checked(_ text: [UInt8], _ new: [SharedVocabulary.NewToken]) throws -> [UInt8] {
        guard let written = TokenTable(text, path: path) else {
            throw DPPAError(.internalFault, "\(path) cannot be read again with further tokens")
        }
        let isKept = table.ids.allSatisfy { written.tokens[$0].hash == table.tokens[$0].hash }
        guard isKept, new.allSatisfy({ $0.id < written.tokens.count && written.tokens[$0.id].hash == $0.hash }) else {
            throw DPPAError(.internalFault, "\(path) is read otherwise than meant with further tokens")
        }
        return text
    }
}

extension SharedVocabulary.NewToken {
    /// Its flags in the order of files; nil for a piece.
    var flagsText: String? {
        guard let flags else { return nil }
        return ["single_word", "lstrip", "rstrip", "normalized", "special"].map {
            "\"\($0)\": \(flags[$0] ?? ($0 == "normalized" && flags["special"] != true))"
        }.joined(separator: ", ")
    }
}
