import DPPASupport
import Synchronization

/// The tokens of a model's tokenizer.json by id, without their texts: what each is by a hash, and where it stands in the file.
package struct TokenTable: Sendable {
    /// A token that an id stands for; of an id without one, no bytes.
    struct Token: Sendable {
        /// The hash of the text, however it is spelled: the same within one run of the program.
        var hash = 0
        /// Where it stands, quotes included.
        var start: UInt32 = 0
        var count: UInt32 = 0
    }

    private let path: String
    private let contents: Contents

    /// The tokens of the vocabulary and the added ones, which count where both have an id.
    var tokens: [Token] { contents.tokens }
    /// The added tokens, in the order of the file.
    var added: [(text: String, id: Int)] { contents.added }
    /// The largest id; nil where there is none.
    var largest: Int? { contents.largest }
    /// Whether all tokens are there: an id far beyond what a file of its size can have is none of a vocabulary.
    var isWhole: Bool { contents.isWhole }

    /// What a model's file says, which is read once; nil where there is none, or it is damaged.
    package init?(_ model: OpenModel) {
        guard let table = model.tokenizer.table else { return nil }
        self = table
    }

    /// Reads a file; one with the bytes of another that was read before is not read again.
    init?(path: String) {
        guard let bytes = try? FileDescriptor.contents(path, limit: Self.sizeLimit) else { return nil }
        self.init(bytes, path: path)
    }

    /// What the bytes of a file say; nil where they are damaged.
    init?(_ bytes: [UInt8], path: String) {
        guard let contents = Contents.of(bytes, path) else { return nil }
        (self.path, self.contents) = (path, contents)
    }

    /// The largest file that is read.
    static let sizeLimit = 1 << 28
    /// The hash of a token's text, as tables have it.
    static func hash(of text: String) -> Int { Contents.hash(of: text) }

    /// The same of a text as it is spelled in a file, quotes included, which has been checked.
    static func hash(spelled raw: UnsafeRawBufferPointer) -> Int { Contents.hash(spelled: raw) }

    /// The ids that have a token, in order.
    var ids: some Sequence<Int> { tokens.indices.lazy.filter { tokens[$0].count > 0 } }

    /// Whether two files have the same bytes.
    package func isCopy(of other: TokenTable) -> Bool { contents.digest == other.contents.digest }

    /// A token as text, read from the file; "?" where that has gone.
    func text(_ id: Int) -> String {
        let token = tokens[id]
        var raw = [UInt8](repeating: 0, count: Int(token.count))
        let text = try? raw.withUnsafeMutableBytes { buffer in
            guard let start = buffer.baseAddress else { return "" }
            try FileDescriptor(path).read(buffer.count, at: Int(token.start), into: start, nil)
            return try JSONScanner.read(buffer, file: path) { try $0.string() }
        }
        return text ?? "?"
    }

    /// Tells of each piece of a vocabulary its id and its place: pieces with their ids, or, in a unigram model, pairs of pieces and
    /// scores in the order of their ids, where an entry without a text has no place.
    static func pieces(_ scanner: inout JSONScanner, _ take: (_ id: Int, _ place: Range<Int>?) -> Void) throws {
        func piece(_ scanner: inout JSONScanner) throws -> Range<Int> {
            scanner.skipSpace()
            let start = scanner.position
            try scanner.skipString()
            return start..<scanner.position
        }
        if scanner.isNext("[") {
            var id = 0
            return try scanner.elements { scanner in
                var place: Range<Int>?
                try scanner.elements { scanner in
                    if scanner.isNext("\"") { place = try piece(&scanner) } else { try scanner.skipValue() }
                }
                take(id, place)
                id += 1
            }
        }
        try scanner.expect("{")
        guard !scanner.skip("}") else { return }
        repeat {
            let place = try piece(&scanner)
            try scanner.expect(":")
            take(try scanner.integer(), place)
        } while scanner.skip(",")
        try scanner.expect("}")
    }
}

/// What a tokenizer.json says of its tokens.
private struct Contents: Sendable {
    let digest: Int
    private(set) var tokens: [TokenTable.Token] = []
    private(set) var added: [(text: String, id: Int)] = []
    private(set) var largest: Int?
    private(set) var isWhole = true
    /// Beyond this an id is none of a vocabulary: a million, or as many as the file has bytes, up to sixteen million.
    private let idLimit: Int

    /// What was read, by the bytes' hash: models that are merged have one tokenizer more often than not.
    private static let known = Mutex<[Int: Contents]>([:])
    private static let knownLimit = 16

    /// What a file's bytes say; nil where they are damaged.
    static func of(_ bytes: [UInt8], _ path: String) -> Contents? {
        let digest = bytes.withUnsafeBytes { hash($0) }
        if let contents = known.withLock({ $0[digest] }) { return contents }
        guard let contents = try? Contents(bytes, path, digest) else { return nil }
        known.withLock {
            if $0.count >= knownLimit { $0 = [:] }
            $0[digest] = contents
        }
        return contents
    }

    /// With a seed of the running program, so that no file can be made to look like another.
    private static func hash(_ bytes: UnsafeRawBufferPointer) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: bytes)
        return hasher.finalize()
    }

    private init(_ bytes: [UInt8], _ path: String, _ digest: Int) throws {
        self.digest = digest
        idLimit = min(1 << 24, max(1 << 20, bytes.count))
        try bytes.withUnsafeBytes { bytes in
            try JSONScanner.read(bytes, file: path, nonFinite: true) { try read(&$0, bytes) }
        }
    }

    private mutating func read(_ scanner: inout JSONScanner, _ bytes: UnsafeRawBufferPointer) throws {
        // Added tokens may stand before the vocabulary.
        var later: [(Int, TokenTable.Token)] = []
        try scanner.members { name, scanner in
            switch name {
            case "added_tokens":
                try scanner.elements { scanner in
                    guard let (id, text, token) = try Self.addedToken(&scanner, bytes) else { return }
                    added.append((text, id))
                    later.append((id, token))
                }
            case "model" where scanner.isNext("{"):
                try scanner.members { name, scanner in
                    guard name == "vocab" else { return try scanner.skipValue() }
                    try vocabulary(&scanner, bytes)
                }
            default: try scanner.skipValue()
            }
        }
        for (id, token) in later { set(id, token) }
    }

    private static func addedToken(
        _ scanner: inout JSONScanner, _ bytes: UnsafeRawBufferPointer
    ) throws -> (id: Int, text: String, TokenTable.Token)? {
        var (id, found): (Int?, (String, TokenTable.Token)?)
        try scanner.members { name, scanner in
            switch name {
            case "id": id = try scanner.integer()
            case "content":
                scanner.skipSpace()
                let start = scanner.position
                let text = try scanner.string()
                found = (text, token(start..<scanner.position, bytes))
            default: try scanner.skipValue()
            }
        }
        guard let id, let found else { return nil }
        return (id, found.0, found.1)
    }

    private mutating func vocabulary(_ scanner: inout JSONScanner, _ bytes: UnsafeRawBufferPointer) throws {
        try TokenTable.pieces(&scanner) { id, place in
            set(id, place.map { Self.token($0, bytes) } ?? TokenTable.Token())
        }
    }

    /// The token at a place that has been checked.
    private static func token(_ place: Range<Int>, _ bytes: UnsafeRawBufferPointer) -> TokenTable.Token {
        let raw = UnsafeRawBufferPointer(rebasing: bytes[place])
        return TokenTable.Token(
            hash: hash(spelled: raw), start: UInt32(place.lowerBound), count: UInt32(place.count))
    }

    static func hash(spelled raw: UnsafeRawBufferPointer) -> Int {
        // A token may be spelled in two ways.
        raw.contains(UInt8(ascii: "\\"))
            ? (try? JSONScanner.read(raw, file: "") { try $0.string() }).map { hash(of: $0) } ?? hash(raw)
            : hash(UnsafeRawBufferPointer(rebasing: raw[1..<raw.count - 1]))
    }

    static func hash(of text: String) -> Int {
        var text = text
        return text.withUTF8 { hash(UnsafeRawBufferPointer($0)) }
    }

    private mutating func set(_ id: Int, _ token: TokenTable.Token) {
        largest = max(largest ?? 0, id)
        guard id < idLimit else {
            isWhole = false
            return
        }
        if id >= tokens.count {
            tokens += Array(repeating: TokenTable.Token(), count: max(id + 1, 2 * tokens.count) - tokens.count)
        }
        tokens[id] = token
    }
}
