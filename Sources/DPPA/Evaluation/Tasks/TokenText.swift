import DPPACheckpoint
import DPPASupport
import DPPATokenization
import Foundation

/// Tokens as text, by the vocabulary and decoder of a tokenizer.json; without one, tokens 0–255 are bytes.
struct TokenText: Sendable {
    private var bytes: [Int32: [UInt8]] = [:]
    private let isByteVocabulary: Bool

    /// Reads a tokenizer.json; `written` is what it will be where it is written with changes.
    ///
    /// Throws `data` when it is none. Special tokens have no text.
    init(tokenizerPath: String?, written: String? = nil) throws {
        guard let tokenizerPath else {
            isByteVocabulary = true
            return
        }
        isByteVocabulary = false
        let file = try TokenizerFile(tokenizerPath, written: written)
        let usesByteLevel = Self.types(file.decoder).contains("ByteLevel")
        for (piece, token) in file.vocabulary {
            guard let token = Int32(exactly: token) else {
                throw DPPAError(.data, "\(tokenizerPath): '\(piece.shown)' has the token \(token), which is too large")
            }
            bytes[token] = usesByteLevel ? ByteLevel.bytes(piece) : Self.plain(piece)
        }
        for entry in file.added {
            guard let token = entry["id"]?.int.flatMap(Int32.init(exactly:)), let content = entry["content"]?.string
            else { continue }
            bytes[token] = entry["special"]?.bool == true ? [] : Array(content.utf8)
        }
    }

    /// The pieces of a tokenizer.model; those that no text is made of have none.
    init(pieces tokenizer: Tokenizer) {
        isByteVocabulary = false
        let special = tokenizer.special
        for (token, piece) in tokenizer.texts { bytes[token] = special.contains(token) ? [] : Self.plain(piece) }
    }

    /// The text of some tokens.
    func text(_ tokens: [Int32]) -> String {
        let all = tokens.flatMap { token -> [UInt8] in
            isByteVocabulary ? (0..<256).contains(token) ? [UInt8(token)] : [] : bytes[token] ?? []
        }
        return String(decoding: all, as: UTF8.self)
    }

    /// The types of a decoder and of those inside it.
    private static func types(_ decoder: JSONValue?) -> [String] {
        guard let decoder else { return [] }
        return [decoder["type"]?.string].compactMap { $0 } + (decoder["decoders"]?.array ?? []).flatMap { types($0) }
    }

    /// A piece of a SentencePiece vocabulary: `▁` is a space, `<0x0A>` a byte.
    private static func plain(_ piece: String) -> [UInt8] {
        if piece.utf8.count == 6, piece.hasPrefix("<0x"), piece.hasSuffix(">"),
            let byte = UInt8(piece.dropFirst(3).dropLast(), radix: 16)
        {
            return [byte]
        }
        return Array(piece.replacingOccurrences(of: "\u{2581}", with: " ").utf8)
    }
}

/// What a tokenizer.json says of the texts of tokens; the rest of the file, which may be large, is passed over.
private struct TokenizerFile {
    private(set) var vocabulary: [(piece: String, token: Int)] = []
    private(set) var decoder: JSONValue?
    private(set) var added: [JSONValue] = []

    init(_ path: String, written: String?) throws {
        let bytes = try written.map { Array($0.utf8) } ?? FileDescriptor.contents(path, limit: 1 << 28)
        do {
            try JSONScanner.read(bytes, file: path, nonFinite: true) { try read(&$0) }
        } catch let damage as DPPAError {
            throw DPPAError(.data, "\(path) has no vocabulary that can be read", cause: damage.message)
        }
    }

    private mutating func read(_ scanner: inout JSONScanner) throws {
        var hasVocabulary = false
        try scanner.members { name, scanner in
            switch name {
            case "decoder": decoder = try scanner.value()
            case "added_tokens": added = try scanner.value().array ?? []
            case "model":
                try scanner.members { name, scanner in
                    guard name == "vocab" else { return try scanner.skipValue() }
                    hasVocabulary = true
                    try scanner.members { piece, scanner in vocabulary.append((piece, try scanner.integer())) }
                }
            default: try scanner.skipValue()
            }
        }
        if !hasVocabulary { throw scanner.damage("it has no 'vocab' in its 'model'") }
    }
}
