/// Reads JSON from left to right: the header of a safetensors file, an index, the text of a configuration.
///
/// No recursion, and memory in proportion to what is kept; every error names the file, the tensor that is read, and the
/// byte.
struct JSONScanner {
    /// What is read, for messages.
    enum Kind {
        case header, text
    }

    let bytes: UnsafeRawBufferPointer
    let file: String
    let kind: Kind
    /// The tensor whose entry is being read.
    var tensor: String?
    var position = 0

    init(bytes: UnsafeRawBufferPointer, file: String, kind: Kind) {
        self.bytes = bytes
        self.file = file
        self.kind = kind
    }

    func damage(_ what: String) -> DPPAError {
        let (unit, format) = kind == .header ? ("header byte", "safetensors file") : ("byte", "JSON")
        return DPPAError(
            .data, "\(file): \(tensor.map { "\($0.shown): " } ?? "")\(what) (\(unit) \(position))",
            notes: ["the file is damaged, or no \(format)"])
    }

    mutating func skipSpace() {
        while position < bytes.count, bytes[position] <= 32, [32, 9, 10, 13].contains(bytes[position]) { position += 1 }
    }

    mutating func skip(_ token: Unicode.Scalar) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: token) else { return false }
        position += 1
        return true
    }

    mutating func expect(_ token: Unicode.Scalar) throws {
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

    mutating func end() throws {
        skipSpace()
        guard position == bytes.count else { throw damage("there is text behind the closing brace") }
    }

    mutating func string() throws -> String {
        try expect("\"")
        var text: [UInt8] = []
        while true {
            let byte = try stringByte()
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw damage("a string is not UTF-8")
                }
                return string
            case UInt8(ascii: "\\"): try escape(&text)
            case 0..<32: throw damage("a string holds a control character")
            default: text.append(byte)
            }
        }
    }

    /// The next byte of a string.
    @inline(__always) private mutating func stringByte() throws -> UInt8 {
        guard position < bytes.count else { throw damage("a string has no end") }
        position += 1
        return bytes[position - 1]
    }

    /// Passes over a string, which is checked as one that is read.
    mutating func skipString() throws {
        try expect("\"")
        let start = position
        var isASCII = true
        while true {
            let byte = try stringByte()
            switch byte {
            case UInt8(ascii: "\""):
                let text = UnsafeRawBufferPointer(rebasing: bytes[start..<position - 1])
                guard isASCII || String(validating: text, as: UTF8.self) != nil else {
                    throw damage("a string is not UTF-8")
                }
                return
            case UInt8(ascii: "\\"):
                var text: [UInt8] = []
                try escape(&text)
            case 0..<32: throw damage("a string holds a control character")
            default: isASCII = isASCII && byte < 128
            }
        }
    }

    private mutating func escape(_ text: inout [UInt8]) throws {
        let byte = try stringByte()
        switch byte {
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "/"), UInt8(ascii: "\\"), UInt8(ascii: "\""): text.append(byte)
        case UInt8(ascii: "u"): try scalar(&text)
        default: throw damage("a string has an unknown escape")
        }
    }

    /// What stands behind `\\u`.
    private mutating func scalar(_ text: inout [UInt8]) throws {
        var code = try hex()
        if (0xD800..<0xDC00).contains(code) {
            guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
                bytes[position + 1] == UInt8(ascii: "u")
            else { throw damage("a string has half a surrogate pair") }
            position += 2
            let low = try hex()
            guard (0xDC00..<0xE000).contains(low) else { throw damage("a string has half a surrogate pair") }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw damage("a string has half a surrogate pair") }
        text += Array(String(Character(scalar)).utf8)
    }

    private mutating func hex() throws -> UInt32 {
        guard position + 4 <= bytes.count else { throw damage("a string has no end") }
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
                throw damage("a string has an unknown escape")
            }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        return code
    }

    mutating func integers(limit: Int) throws -> [Int] {
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

    mutating func integer() throws -> Int {
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

    mutating func strings() throws -> [String: String] {
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
