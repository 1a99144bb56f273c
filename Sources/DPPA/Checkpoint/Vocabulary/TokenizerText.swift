import DPPASupport

/// A tokenizer.json as a text: its tokens, what kind of tokenizer it is, and where in it further tokens can be written.
struct TokenizerText {
    /// What two tokenizers must have in common for the texts of their tokens to mean the same.
    struct Kind: Hashable {
        /// The type of the model, such as BPE.
        var model: String
        /// Whether pieces are spelled in bytes as printable characters.
        var isByteLevel = false

        var words: String { isByteLevel ? model + " over bytes" : model }
    }

    /// A token that is cut out of a text before anything else is done.
    struct Added {
        let id: Int
        let hash: Int
        let text: String
        /// What the entry says of it: `special`, `lstrip` and the like.
        let flags: [String: Bool]
    }

    let path: String
    let bytes: [UInt8]
    let table: TokenTable
    private(set) var kind = Kind(model: "")
    /// In the order of the file.
    private(set) var added: [Added] = []
    /// The ids of pieces, by hash.
    private(set) var pieces: [Int: Int] = [:]
    /// Whether the pieces are a list, whose places are their ids.
    private(set) var isList = false
    /// Whether merges are written as lists of two, where there are any.
    private(set) var hasPairs: Bool?
    /// Where they stand, brackets included.
    private(set) var places: [Part: Range<Int>] = [:]

    enum Part { case added, pieces, merges }

    /// Reads the tokenizer.json of a model.
    ///
    /// Throws `data` when there is none, or it is damaged, and what reading throws.
    init(_ model: OpenModel) throws {
        guard let path = model.tokenizer.path("tokenizer.json") else {
            throw DPPAError(
                .data, "\(model.title) has no tokenizer.json, by which its tokens could be told",
                notes: [
                    "write one beside the weights: transformers.AutoTokenizer.from_pretrained(path).save_pretrained(path)",
                    "without `vocabulary` rows are matched by their numbers",
                ])
        }
        try self.init(try FileDescriptor.contents(path, limit: TokenTable.sizeLimit), path: path)
    }

    /// Reads a text.
    init(_ bytes: [UInt8], path: String) throws {
        guard let table = TokenTable(bytes, path: path) else {
            // Whoever reads it again says what is wrong and where.
            try JSONScanner.read(bytes, file: path, nonFinite: true) { try $0.skipValue() }
            throw DPPAError(.data, "\(path) is no tokenizer: its lists of tokens cannot be read")
        }
        (self.path, self.bytes, self.table) = (path, bytes, table)
        try bytes.withUnsafeBytes { raw in
            try JSONScanner.read(raw, file: path, nonFinite: true) { try read(&$0, raw) }
        }
    }

    private mutating func read(_ scanner: inout JSONScanner, _ raw: UnsafeRawBufferPointer) throws {
        var (type, isByteLevel): (String?, Bool) = (nil, false)
        try scanner.members { name, scanner in
            switch name {
            case "added_tokens" where scanner.isNext("["):
                try inside(.added, &scanner) { text, scanner in try text.readAdded(&scanner) }
            case "pre_tokenizer", "decoder", "normalizer":
                isByteLevel = Self.names("ByteLevel", in: try scanner.value()) || isByteLevel
            case "model" where scanner.isNext("{"):
                try scanner.members { name, scanner in
                    switch name {
                    case "type": type = try scanner.value().string
                    case "vocab" where scanner.isNext("[") || scanner.isNext("{"):
                        isList = scanner.isNext("[")
                        try inside(.pieces, &scanner) { text, scanner in try text.readPieces(&scanner, raw) }
                    case "merges" where scanner.isNext("["):
                        try inside(.merges, &scanner) { text, scanner in try text.readMerges(&scanner) }
                    default: try scanner.skipValue()
                    }
                }
            default: try scanner.skipValue()
            }
        }
        // Files of before there were types have only what their model needs.
        let guess = places[.merges] != nil ? "BPE" : isList ? "Unigram" : "WordPiece"
        kind = Kind(model: type ?? guess, isByteLevel: isByteLevel)
    }

    private mutating func inside(
        _ part: Part, _ scanner: inout JSONScanner, _ read: (inout TokenizerText, inout JSONScanner) throws -> Void
    ) throws {
        scanner.skipSpace()
        let start = scanner.position
        try read(&self, &scanner)
        places[part] = start..<scanner.position
    }

    private mutating func readAdded(_ scanner: inout JSONScanner) throws {
        try scanner.elements { scanner in
            let entry = try scanner.value()
            guard let id = entry["id"]?.int, let text = entry["content"]?.string else { return }
            let flags = (entry.object?.members ?? []).compactMap { name, value in value.bool.map { (name, $0) } }
            added.append(
                Added(
                    id: id, hash: TokenTable.hash(of: text), text: text,
                    flags: Dictionary(flags, uniquingKeysWith: { first, _ in first })))
        }
    }

    private mutating func readPieces(_ scanner: inout JSONScanner, _ raw: UnsafeRawBufferPointer) throws {
        try TokenTable.pieces(&scanner) { id, place in
            guard let place else { return }
            pieces[TokenTable.hash(spelled: UnsafeRawBufferPointer(rebasing: raw[place]))] = id
        }
    }

    private mutating func readMerges(_ scanner: inout JSONScanner) throws {
        try scanner.elements { scanner in
            hasPairs = hasPairs ?? scanner.isNext("[")
            try scanner.skipValue()
        }
    }

    /// The merges, in order, that make a token of some that are given by hash.
    func merges(making tokens: Set<Int>) throws -> [(left: String, right: String)] {
        guard let place = places[.merges] else { return [] }
        var found: [(String, String)] = []
        try JSONScanner.read(bytes[place], file: path) { scanner in
            try scanner.elements { scanner in
                var parts: [String] = []
                if scanner.isNext("[") {
                    try scanner.elements { parts.append(try $0.string()) }
                } else {
                    // At the byte of a space: to Swift a space with a mark on it is another character.
                    parts = try scanner.string().utf8.split(separator: 32, omittingEmptySubsequences: false).map {
                        String(decoding: $0, as: UTF8.self)
                    }
                }
                guard parts.count == 2, tokens.contains(TokenTable.hash(of: parts[0] + parts[1])) else { return }
                found.append((parts[0], parts[1]))
            }
        }
        return found
    }

    /// A token as it is spelled in the text, quotes included.
    func spelling(_ id: Int) -> String {
        let token = table.tokens[id]
        return String(decoding: bytes[Int(token.start)..<Int(token.start) + Int(token.count)], as: UTF8.self)
    }

    /// A token's text.
    func text(_ id: Int) -> String {
        (try? JSONScanner.read(spelling(id).utf8, file: path) { try $0.string() }) ?? "?"
    }

    /// Whether a part of a tokenizer is of a type, or has one in it that is.
    private static func names(_ type: String, in value: JSONValue) -> Bool {
        if let list = value.array { return list.contains { names(type, in: $0) } }
        guard let object = value.object else { return false }
        return object["type"]?.string == type || object.values.contains { names(type, in: $0) }
    }
}
