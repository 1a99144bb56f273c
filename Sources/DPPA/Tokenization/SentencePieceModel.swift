import DPPASupport

/// Reads a BPE model of SentencePiece: tokenizer.model of LLaMA 2 and Mistral.
///
/// Source: `sentencepiece_model.proto` of SentencePiece. Unigram, word and character models, and normalisers other than the
/// identity, are refused by name.
struct SentencePieceModel {
    private enum Kind: UInt64 {
        case normal = 1
        case unknown, control, userDefined, unused, byte
    }

    private struct Piece {
        var text: [UInt8] = []
        var score: Float = 0
        var kind = Kind.normal
    }

    private let path: String
    private let bytes: [UInt8]
    private var pieces: [Piece] = []
    /// 1 unigram, 2 BPE, 3 words, 4 characters.
    private var modelType: UInt64 = 1
    private var hasByteFallback = false
    private var hasSuffixedSpaces = false
    private var charsmapBytes = 0
    private var addsPrefix = true
    private var collapsesSpaces = true
    private var escapesSpaces = true

    /// The tokenizer of a file's bytes.
    ///
    /// Throws `data` when it is damaged or of a kind that is not read.
    static func read(_ bytes: [UInt8], _ path: String) throws -> Tokenizer {
        guard !isRanks(bytes) else {
            throw DPPAError(
                .data,
                "\(path) is a list of pieces with ranks, as tiktoken reads it: it does not say where texts are cut",
                notes: ["take the tokenizer.json of the same model"])
        }
        return try SentencePieceModel(bytes, path: path).tokenizer()
    }

    /// Whether a file's first line is a piece in base64 and a number.
    private static func isRanks(_ bytes: [UInt8]) -> Bool {
        let words = bytes.prefix { $0 != 10 }.split(separator: 32, omittingEmptySubsequences: false)
        return words.count == 2 && words[1].allSatisfy { (48...57).contains($0) } && !words[1].isEmpty
            && !words[0].isEmpty && words[0].allSatisfy { $0 >= 43 && $0 < 127 }
    }

    private init(_ bytes: [UInt8], path: String) throws {
        (self.bytes, self.path) = (bytes, path)
        var reader = ProtobufReader(bytes, path: path)
        while let (field, value) = try reader.next() {
            guard case .bytes(let range) = value else { continue }
            switch field {
            case 1: pieces.append(try piece(range))
            case 2: try trainer(range)
            case 3: try normalizer(range)
            default: break
            }
        }
        guard !pieces.isEmpty else {
            throw DPPAError(
                .data, "\(path) has no pieces: it is no SentencePiece model", notes: ["copy or download it again"])
        }
    }

    private func piece(_ range: Range<Int>) throws -> Piece {
        var piece = Piece()
        var reader = ProtobufReader(bytes, range, path: path)
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (1, .bytes(let range)): piece.text = Array(bytes[range])
            case (2, .bits32(let bits)): piece.score = Float(bitPattern: bits)
            case (3, .number(let number)):
                guard let kind = Kind(rawValue: number) else { throw refusal("it has a piece of the kind \(number)") }
                piece.kind = kind
            default: break
            }
        }
        return piece
    }

    private mutating func trainer(_ range: Range<Int>) throws {
        var reader = ProtobufReader(bytes, range, path: path)
        while let (field, value) = try reader.next() {
            guard case .number(let number) = value else { continue }
            switch field {
            case 3: modelType = number
            case 24: hasSuffixedSpaces = number != 0
            case 35: hasByteFallback = number != 0
            default: break
            }
        }
    }

    private mutating func normalizer(_ range: Range<Int>) throws {
        var reader = ProtobufReader(bytes, range, path: path)
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (2, .bytes(let range)): charsmapBytes = range.count
            case (3, .number(let number)): addsPrefix = number != 0
            case (4, .number(let number)): collapsesSpaces = number != 0
            case (5, .number(let number)): escapesSpaces = number != 0
            default: break
            }
        }
    }

    private func refusal(_ what: String) -> DPPAError {
        DPPAError(
            .data, "\(path): \(what), which is not read",
            notes: ["read are BPE models of SentencePiece that leave texts as they are, as of LLaMA 2 and Mistral"])
    }

    private func tokenizer() throws -> Tokenizer {
        guard modelType == 2 else {
            let name = [1: "unigram", 3: "word", 4: "char"][modelType] ?? "unknown"
            throw refusal("it is a \(name) model")
        }
        guard charsmapBytes == 0 else { throw refusal("it normalises texts by a table of characters") }
        guard !hasSuffixedSpaces else { throw refusal("it puts spaces behind words") }
        guard !pieces.contains(where: { $0.kind == .unused }) else { throw refusal("it has unused pieces") }
        var table = PieceTable(capacity: pieces.count)
        var texts: [Int32: String] = [:]
        for (id, piece) in pieces.enumerated() {
            texts[Int32(id)] = String(decoding: piece.text, as: UTF8.self)
            if piece.kind == .normal { _ = table.add(piece.text, Int32(id)) }
        }
        func tokens(_ kind: Kind) -> [AddedTokens.Token] {
            pieces.enumerated().filter { $1.kind == kind }.map { id, piece in
                AddedTokens.Token(id: Int32(id), text: piece.text, isSpecial: kind == .control)
            }
        }
        let fallback = pieces.enumerated().filter { $1.kind == .byte }.map { Int32($0.offset) }
        guard !hasByteFallback || fallback.count == 256 else {
            throw DPPAError(.data, "\(path) has \(fallback.count) pieces for bytes; 256 are expected")
        }
        let unknown = pieces.firstIndex { $0.kind == .unknown }.map(Int32.init)
        var steps: [TextNormalizer] = collapsesSpaces ? [.collapseSpaces] : []
        if addsPrefix { steps.append(.prepend([32])) }
        let sign = Array("▁".utf8)
        if escapesSpaces { steps.append(.replace(.text([32]), with: sign)) }
        // The sign itself counts as a space at the end of a text, and there alone.
        if collapsesSpaces { steps.append(.trimEnd(sign)) }
        return Tokenizer(
            path: path, added: AddedTokens(tokens(.control)), addedToNormalized: AddedTokens(tokens(.userDefined)),
            normalizer: .sequence(steps), preTokenizer: nil,
            encoding: BytePairEncoding(
                pieces: table, rule: .pieces(ranks),
                unknown: .init(bytes: hasByteFallback ? fallback : nil, token: unknown, isFused: true), byteTokens: nil,
                takesWholePieces: false),
            front: [], back: [], texts: texts)
    }

    /// The rank of each piece: the better its score the earlier, with one rank for equal scores.
    private var ranks: [UInt32] {
        let order = pieces.indices.sorted { pieces[$0].score > pieces[$1].score }
        var ranks = [UInt32](repeating: 0, count: pieces.count)
        var rank: UInt32 = 0
        for (index, piece) in order.enumerated() {
            if index > 0, pieces[order[index - 1]].score != pieces[piece].score { rank += 1 }
            ranks[piece] = rank
        }
        return ranks
    }
}
