import DPPACheckpoint
import DPPASupport

/// From text to tokens, as a tokenizer.json or a SentencePiece tokenizer.model says.
///
/// The steps are those of the library that the files are made for: added tokens are cut out, what lies between them is normalised
/// and cut into pieces, each piece is encoded by its merges, and a template puts tokens in front and behind.
public struct Tokenizer: Sendable {
    /// How a text is read.
    public struct Options: Sendable {
        /// Whether the text of a special token, such as `<|im_end|>`, is that token; otherwise it is text like any other, so that
        /// nobody's text can end a turn.
        public var recognizesSpecial = false
        /// Where that is so although it is not so elsewhere: ranges of the text in UTF-8, such as what a chat template has written.
        public var specialRanges: [Range<Int>] = []
        /// Whether the tokens are added with which the tokenizer begins and ends a text.
        public var addsTemplate = false

        /// Plain text, nothing added.
        public init() {}
    }

    /// The largest file that is read.
    static let sizeLimit = 1 << 28

    /// Reads a tokenizer.json, or a tokenizer.model of SentencePiece.
    ///
    /// Throws `missingInput`, and `data` when it is damaged or of a kind that is not read, which is named.
    public init(path: String) throws {
        let bytes = try FileDescriptor.contents(path, limit: Self.sizeLimit)
        self = try path.hasSuffix(".json") ? TokenizerJSON.read(bytes, path) : SentencePieceModel.read(bytes, path)
    }

    /// The same of the text of a tokenizer.json that is nowhere yet; `path` stands for it in messages.
    package init(json text: String, path: String) throws { self = try TokenizerJSON.read(Array(text.utf8), path) }

    init(
        path: String, added: AddedTokens, addedToNormalized: AddedTokens, normalizer: TextNormalizer?,
        preTokenizer: PreTokenizer?, encoding: BytePairEncoding, front: [Int32], back: [Int32], texts: [Int32: String]
    ) {
        (self.path, self.added, self.addedToNormalized) = (path, added, addedToNormalized)
        (self.normalizer, self.preTokenizer, self.encoding) = (normalizer, preTokenizer, encoding)
        (self.front, self.back, self.texts) = (front, back, texts)
    }

    /// The file, for messages.
    public let path: String
    /// What is found in the text as it is, and in the normalised text.
    let added: AddedTokens
    let addedToNormalized: AddedTokens
    let normalizer: TextNormalizer?
    let preTokenizer: PreTokenizer?
    let encoding: BytePairEncoding
    /// What the tokenizer puts in front of a text.
    public let front: [Int32]
    /// What it puts behind a text.
    public let back: [Int32]
    /// The text of each token as the file has it, by its id.
    package let texts: [Int32: String]

    /// The added tokens that are special.
    package var special: Set<Int32> {
        Set((added.tokens + addedToNormalized.tokens).filter(\.isSpecial).map(\.id))
    }

    /// The id of a token by its text as the file spells it.
    package func id(of text: String) -> Int32? {
        texts.first { $0.value.utf8.elementsEqual(text.utf8) }?.key
    }

    /// The largest id; −1 of an empty vocabulary.
    public var largest: Int32 { texts.keys.max() ?? -1 }

    /// A token as the file spells it: a space may be `Ġ` or `▁`.
    public func text(of token: Int32) -> String? { texts[token] }

    /// What encodes texts one after the other, with what is kept between them; for one thread at a time.
    public func encoder() -> TokenEncoder { TokenEncoder(self) }
}

/// Encodes texts, and remembers what became of short pieces.
public final class TokenEncoder {
    /// The tokenizer.
    public let tokenizer: Tokenizer
    private var patterns = TextPattern.Scratch()
    private var merging = BytePairEncoding.Scratch()
    private var known = PieceCache()

    init(_ tokenizer: Tokenizer) { self.tokenizer = tokenizer }

    /// The tokens of a text.
    ///
    /// Throws `limit` when a pattern of the tokenizer tries too many ways on it.
    public func encode(_ text: String, _ options: Tokenizer.Options = Tokenizer.Options()) throws -> [Int32] {
        var tokens = options.addsTemplate ? tokenizer.front : []
        var text = text
        try text.withUTF8 { bytes in
            let special = options.recognizesSpecial ? [0..<bytes.count] : options.specialRanges
            for part in tokenizer.added.parts(bytes, specialIn: special) {
                if let token = part.token {
                    tokens.append(token)
                } else {
                    let inside = special.map { $0.clamped(to: part.range) }.filter { !$0.isEmpty }.map {
                        $0.lowerBound - part.range.lowerBound..<$0.upperBound - part.range.lowerBound
                    }
                    try normalize(
                        UTF8Text.Bytes(rebasing: bytes[part.range]), isFirst: part.range.lowerBound == 0,
                        specialIn: inside, &tokens)
                }
            }
        }
        return options.addsTemplate ? tokens + tokenizer.back : tokens
    }

    private func normalize(
        _ text: UTF8Text.Bytes, isFirst: Bool, specialIn ranges: [Range<Int>], _ tokens: inout [Int32]
    ) throws {
        let normal = try tokenizer.normalizer?.apply(Array(text), &patterns) ?? Array(text)
        try normal.withUnsafeBufferPointer { bytes in
            // Where normalising has moved something, only a text that is special as a whole is still known to be.
            let isWhole = ranges == [0..<text.count]
            let special = isWhole ? [0..<bytes.count] : normal.elementsEqual(text) ? ranges : []
            for part in tokenizer.addedToNormalized.parts(bytes, specialIn: special) {
                if let token = part.token {
                    tokens.append(token)
                    continue
                }
                let isFirst = isFirst && part.range.lowerBound == 0
                try encode(UTF8Text.Bytes(rebasing: bytes[part.range]), isFirst: isFirst, &tokens)
            }
        }
    }

    private func encode(_ text: UTF8Text.Bytes, isFirst: Bool, _ tokens: inout [Int32]) throws {
        guard let preTokenizer = tokenizer.preTokenizer else {
            return tokenizer.encoding.encode(text, into: &tokens, &merging)
        }
        var pieces = PreTokenizer.Pieces(bytes: Array(text), ranges: [0..<text.count])
        try preTokenizer.apply(&pieces, isFirst: isFirst, &patterns)
        pieces.bytes.withUnsafeBufferPointer { bytes in
            for range in pieces.ranges { encodePiece(UTF8Text.Bytes(rebasing: bytes[range]), &tokens) }
        }
    }

    private func encodePiece(_ piece: UTF8Text.Bytes, _ tokens: inout [Int32]) {
        guard piece.count <= PieceCache.longest else {
            return tokenizer.encoding.encode(piece, into: &tokens, &merging)
        }
        if known.append(piece, to: &tokens) { return }
        let start = tokens.count
        tokenizer.encoding.encode(piece, into: &tokens, &merging)
        known.add(piece, tokens[start...])
    }
}

/// What became of pieces lately: each has one place, in which a later one takes over.
struct PieceCache {
    static let longest = 24
    private static let slots = 1 << 15
    private static let mostTokens = 8

    /// Of each place the length of the piece, its bytes, and its tokens.
    private var lengths = [UInt8](repeating: 0, count: slots)
    private var counts = [UInt8](repeating: 0, count: slots)
    private var bytes = [UInt8](repeating: 0, count: slots * longest)
    private var tokens = [Int32](repeating: 0, count: slots * mostTokens)

    private static func slot(_ piece: UTF8Text.Bytes) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in piece { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return Int(truncatingIfNeeded: hash ^ hash >> 32) & (slots - 1)
    }

    /// Appends the tokens of a piece; false when it is not known.
    func append(_ piece: UTF8Text.Bytes, to result: inout [Int32]) -> Bool {
        let slot = Self.slot(piece)
        guard Int(lengths[slot]) == piece.count, !piece.isEmpty else { return false }
        let start = slot * Self.longest
        for index in 0..<piece.count where bytes[start + index] != piece[index] { return false }
        for index in 0..<Int(counts[slot]) { result.append(tokens[slot * Self.mostTokens + index]) }
        return true
    }

    /// Remembers the tokens of a piece, if they are few.
    mutating func add(_ piece: UTF8Text.Bytes, _ found: ArraySlice<Int32>) {
        guard found.count <= Self.mostTokens, !piece.isEmpty else { return }
        let slot = Self.slot(piece)
        lengths[slot] = UInt8(piece.count)
        counts[slot] = UInt8(found.count)
        for (index, byte) in piece.enumerated() { bytes[slot * Self.longest + index] = byte }
        for (index, token) in found.enumerated() { tokens[slot * Self.mostTokens + index] = token }
    }
}
