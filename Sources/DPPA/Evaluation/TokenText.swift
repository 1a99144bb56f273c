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

/// The answer that a generated text ends in.
package struct TextAnswer {
    /// What was found; nil if there is none.
    let text: String?

    /// The last number of a text, or the line that follows the last delimiter.
    package init(in text: String, after delimiter: String?) {
        guard let delimiter else {
            self.text = Self.lastNumber(text)
            return
        }
        guard let found = text.range(of: delimiter, options: .backwards) else {
            self.text = nil
            return
        }
        let rest = text[found.upperBound...].drop { $0.isWhitespace }
        self.text = rest.prefix { !$0.isNewline }.trimmingCharacters(in: .whitespaces)
    }

    /// Whether it is the right answer: equal numbers, whatever their spelling, or equal texts.
    package func matches(_ right: String) -> Bool {
        guard let text else { return false }
        if let a = Self.number(text), let b = Self.number(right) { return a == b }
        return text == right.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func number(_ text: String) -> Double? {
        let plain = text.filter { $0 != "," && $0 != "$" && $0 != " " }
        return Double(plain.hasSuffix(".") ? String(plain.dropLast()) : plain)
    }

    private static func lastNumber(_ text: String) -> String? {
        let characters = Array(text)
        func isDigit(_ index: Int) -> Bool {
            characters.indices.contains(index) && characters[index].isASCII && characters[index].isNumber
        }
        guard let end = characters.lastIndex(where: { $0.isASCII && $0.isNumber }) else { return nil }
        var start = end
        while start > 0 {
            let isInside = (characters[start - 1] == "," || characters[start - 1] == ".") && isDigit(start - 2)
            guard isDigit(start - 1) || isInside else { break }
            start -= 1
        }
        // A minus between two numbers is an operator, not a sign.
        if start > 0, characters[start - 1] == "-", !isDigit(start - 2) { start -= 1 }
        return String(characters[start...end])
    }
}
