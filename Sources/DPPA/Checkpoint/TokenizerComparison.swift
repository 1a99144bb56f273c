import DPPASupport
import Foundation

/// The tokens of a model's tokenizer.json by id, as places in its text: nothing is copied before two of them differ.
package struct TokenTable: Sendable {
    fileprivate private(set) var bytes: [UInt8]
    private var path: String
    /// Where the token of each id stands, quotes included; empty where there is none.
    fileprivate private(set) var places: [Range<Int>] = []

    /// Beyond this an id is none of a vocabulary.
    private static let idLimit = 1 << 24

    /// Reads a tokenizer; nil where there is none, or it is damaged.
    package init?(_ model: OpenModel) {
        guard let path = model.tokenizerPath, let bytes = try? FileDescriptor.contents(path, limit: 1 << 28) else {
            return nil
        }
        (self.path, self.bytes) = (path, bytes)
        var found = self
        guard (try? JSONScanner.read(bytes, file: path, nonFinite: true, { try found.read(&$0) })) != nil else {
            return nil
        }
        self = found
    }

    private mutating func read(_ scanner: inout JSONScanner) throws {
        // Added tokens stand before the vocabulary, and are what readers take where both have an id.
        var added: [(Int, Range<Int>)] = []
        try scanner.members { name, scanner in
            switch name {
            case "added_tokens": try scanner.elements { try added.append(Self.addedToken(&$0)) }
            case "model" where scanner.isNext("{"):
                try scanner.members { name, scanner in
                    guard name == "vocab" else { return try scanner.skipValue() }
                    try vocabulary(&scanner)
                }
            default: try scanner.skipValue()
            }
        }
        for (id, place) in added { set(id, place) }
    }

    private static func addedToken(_ scanner: inout JSONScanner) throws -> (Int, Range<Int>) {
        var (id, place) = (-1, 0..<0)
        try scanner.members { name, scanner in
            switch name {
            case "id": id = try scanner.integer()
            case "content": place = try string(&scanner)
            default: try scanner.skipValue()
            }
        }
        return (id, place)
    }

    /// Pieces with their ids, or, in a unigram model, pairs of pieces and scores in the order of their ids.
    private mutating func vocabulary(_ scanner: inout JSONScanner) throws {
        if scanner.isNext("[") {
            var id = 0
            return try scanner.elements { scanner in
                var place = 0..<0
                try scanner.elements { scanner in
                    if scanner.isNext("\"") { place = try Self.string(&scanner) } else { try scanner.skipValue() }
                }
                set(id, place)
                id += 1
            }
        }
        try scanner.expect("{")
        guard !scanner.skip("}") else { return }
        repeat {
            let place = try Self.string(&scanner)
            try scanner.expect(":")
            set(try scanner.integer(), place)
        } while scanner.skip(",")
        try scanner.expect("}")
    }

    private static func string(_ scanner: inout JSONScanner) throws -> Range<Int> {
        scanner.skipSpace()
        let start = scanner.position
        try scanner.skipString()
        return start..<scanner.position
    }

    private mutating func set(_ id: Int, _ place: Range<Int>) {
        guard id >= 0, id < Self.idLimit else { return }
        if id >= places.count { places += Array(repeating: 0..<0, count: max(id + 1, 2 * places.count) - places.count) }
        places[id] = place
    }

    /// A token as text.
    fileprivate func text(_ id: Int) -> String {
        let raw = bytes[places[id]]
        return (try? JSONScanner.read(raw, file: path) { try $0.string() }) ?? String(decoding: raw, as: UTF8.self)
    }
}

/// Ids that stand for other tokens in one tokenizer than in another: rows of one embedding that mean two things.
package struct TokenizerComparison {
    /// How many ids both have, for different tokens.
    package private(set) var count = 0
    /// The lowest of them, with its token in the first model and in the second.
    package private(set) var example: (id: Int, own: String, other: String)?

    /// Compares two tokenizers; where one is missing nothing is known.
    package init(_ own: TokenTable?, _ other: TokenTable?) {
        guard let own, let other else { return }
        for id in 0..<min(own.places.count, other.places.count) {
            let (a, b) = (own.places[id], other.places[id])
            // A token may be spelled in two ways.
            guard !a.isEmpty, !b.isEmpty, !Self.areEqual(own.bytes, a, other.bytes, b), own.text(id) != other.text(id)
            else { continue }
            count += 1
            if example == nil { example = (id, own.text(id), other.text(id)) }
        }
    }

    /// Whether two models have one tokenizer.json, byte by byte: then there is nothing to be read in them.
    package static func haveEqualFiles(_ a: OpenModel, _ b: OpenModel) -> Bool {
        func bytes(_ model: OpenModel) -> [UInt8]? {
            model.tokenizerPath.flatMap { try? FileDescriptor.contents($0, limit: 1 << 28) }
        }
        return a.tokenizerPath == b.tokenizerPath || bytes(a) == bytes(b)
    }

    private static func areEqual(_ a: [UInt8], _ first: Range<Int>, _ b: [UInt8], _ second: Range<Int>) -> Bool {
        first.count == second.count
            && a.withUnsafeBufferPointer { a in
                b.withUnsafeBufferPointer { b in
                    guard let a = a.baseAddress, let b = b.baseAddress else { return true }
                    return memcmp(a + first.lowerBound, b + second.lowerBound, first.count) == 0
                }
            }
    }
}
