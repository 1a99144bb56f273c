/// Reads JSON from left to right, as RFC 8259 has it: the one reader of headers, indices, configurations, tasks and tables.
///
/// Memory in proportion to what is kept: a large text is read a member at a time (`members`, `elements`), a small one as a
/// whole (`value`). Every error names the file, the tensor that is read, and the place. A name twice in an object is one: it
/// would mean one thing here and another elsewhere.
package struct JSONScanner {
    /// What is read, for messages: `page` is a file that people write, with lines and columns.
    package enum Kind {
        case header, text, page
    }

    let bytes: UnsafeRawBufferPointer
    package let file: String
    let kind: Kind
    /// Whether NaN, Infinity and numbers beyond float64 are taken, as Python writes and reads them.
    let nonFinite: Bool
    /// The tensor whose entry is being read.
    package var tensor: String?
    package var position = 0

    package init(bytes: UnsafeRawBufferPointer, file: String, kind: Kind, nonFinite: Bool = false) {
        self.bytes = bytes
        self.file = file
        self.kind = kind
        self.nonFinite = nonFinite
    }

    package func damage(_ what: String) -> DPPAError {
        DPPAError(
            .data, "\(file): \(tensor.map { "\($0.shown): " } ?? "")\(what) (\(place))",
            notes: ["the file is damaged, or no \(kind == .header ? "safetensors file" : "JSON")"])
    }

    /// The position in words.
    private var place: String {
        switch kind {
        case .header: return "header byte \(position)"
        case .text: return "byte \(position)"
        case .page:
            let before = bytes[..<min(position, bytes.count)]
            let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            // Continuation bytes are no characters of their own.
            let column = before[start...].count { $0 & 0xC0 != 0x80 } + 1
            return "line \(before.count { $0 == UInt8(ascii: "\n") } + 1), column \(column)"
        }
    }

    package mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 32, 9, 10, 13: position += 1
            default: return
            }
        }
    }

    package mutating func skip(_ token: Unicode.Scalar) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: token) else { return false }
        position += 1
        return true
    }

    package mutating func expect(_ token: Unicode.Scalar) throws {
        guard skip(token) else {
            throw damage("expected '\(token)', got \(here)")
        }
    }

    /// What stands at the position, for messages.
    var here: String {
        guard position < bytes.count else { return "the end" }
        let byte = bytes[position]
        return (33..<127).contains(byte) ? "'\(Character(Unicode.Scalar(byte)))'" : "the byte \(byte)"
    }

    package mutating func end() throws {
        skipSpace()
        guard position == bytes.count else { throw damage("there is text behind its end") }
    }

    package mutating func integers(limit: Int) throws -> [Int] {
        var numbers: [Int] = []
        try expect("[")
        if skip("]") { return [] }
        repeat {
            guard numbers.count < limit else { throw damage("a list of more than \(limit) numbers") }
            numbers.append(try integer())
        } while skip(",")
        try expect("]")
        return numbers
    }

    package mutating func integer() throws -> Int {
        skipSpace()
        let start = position
        var value = 0
        while position < bytes.count, (48...57).contains(bytes[position]) {
            let (scaled, first) = value.multipliedReportingOverflow(by: 10)
            let (next, second) = scaled.addingReportingOverflow(Int(bytes[position] - 48))
            guard !first, !second else { throw damage("a number is too large") }
            value = next
            position += 1
        }
        guard position > start else { throw damage("expected a whole number from 0, got \(here)") }
        // JSON has no numbers like 007.
        guard position == start + 1 || bytes[start] != 48 else { throw damage("a number has a leading zero") }
        return value
    }

    package mutating func strings() throws -> [String: String] {
        var result: [String: String] = [:]
        try expect("{")
        if skip("}") { return [:] }
        repeat {
            let key = try string()
            try expect(":")
            guard result.updateValue(try string(), forKey: key) == nil else {
                throw damage("'\(key.shown)' twice in one object")
            }
        } while skip(",")
        try expect("}")
        return result
    }
}
