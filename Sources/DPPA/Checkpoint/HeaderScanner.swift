/// Reads tokens of a safetensors header from left to right.
///
/// Strings, whole numbers and punctuation as JSON has them; every error names the file, the tensor whose entry is read, and
/// the byte of the header.
struct HeaderScanner {
    let bytes: UnsafeRawBufferPointer
    let file: String
    /// The tensor whose entry is being read.
    var tensor: String?
    private var position = 0

    init(bytes: UnsafeRawBufferPointer, file: String) {
        self.bytes = bytes
        self.file = file
    }

    func damage(_ what: String) -> DPPAError {
        DPPAError(
            .data, "\(file): \(tensor.map { "\($0): " } ?? "")\(what) (header byte \(position))",
            notes: ["the file is damaged, or no safetensors file"])
    }

    private mutating func skipSpace() {
        while position < bytes.count, [32, 9, 10, 13].contains(bytes[position]) { position += 1 }
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
    private var here: String {
        guard position < bytes.count else { return "the end" }
        let byte = bytes[position]
        return (33..<127).contains(byte) ? "'\(Character(Unicode.Scalar(byte)))'" : "the byte \(byte)"
    }

    mutating func end() throws {
        skipSpace()
        guard position == bytes.count else { throw damage("there is text behind the header's closing brace") }
    }

    mutating func string() throws -> String {
        try expect("\"")
        var text: [UInt8] = []
        while true {
            guard position < bytes.count else { throw damage("a string has no end") }
            let byte = bytes[position]
            position += 1
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

    private mutating func escape(_ text: inout [UInt8]) throws {
        guard position < bytes.count else { throw damage("a string has no end") }
        let byte = bytes[position]
        position += 1
        let plain: [UInt8: UInt8] = [
            UInt8(ascii: "n"): 10, UInt8(ascii: "t"): 9, UInt8(ascii: "r"): 13, UInt8(ascii: "b"): 8,
            UInt8(ascii: "f"): 12, UInt8(ascii: "/"): 47, UInt8(ascii: "\\"): 92, UInt8(ascii: "\""): 34,
        ]
        if let value = plain[byte] { return text.append(value) }
        guard byte == UInt8(ascii: "u") else { throw damage("a string has an unknown escape") }
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

    private mutating func integer() throws -> Int {
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
                throw damage("the metadata has '\(key)' twice")
            }
        } while skip(",")
        try expect("}")
        return result
    }
}
