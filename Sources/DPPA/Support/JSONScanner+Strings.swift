/// Texts in quotes: as they are, or passed over.
extension JSONScanner {
    package mutating func string() throws -> String {
        try expect("\"")
        var text: [UInt8] = []
        // What has no escapes is taken as it stands.
        var start = position
        while true {
            skipPlain()
            let byte = try stringByte()
            switch byte {
            case UInt8(ascii: "\""):
                let last = UnsafeRawBufferPointer(rebasing: bytes[start..<position - 1])
                guard
                    let string = text.isEmpty
                        ? String(validating: last, as: UTF8.self) : String(validating: text + last, as: UTF8.self)
                else { throw damage("a string is not UTF-8") }
                return string
            case UInt8(ascii: "\\"):
                text += bytes[start..<position - 1]
                try escape(&text)
                start = position
            case 0..<32: throw damage("a string holds a control character")
            default: break
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
    package mutating func skipString() throws {
        try expect("\"")
        while true {
            skipPlain()
            let byte = try stringByte()
            switch byte {
            case UInt8(ascii: "\""): return
            case UInt8(ascii: "\\"):
                var text: [UInt8] = []
                try escape(&text)
            case 0..<32: throw damage("a string holds a control character")
            default:
                position -= 1
                guard let length = utf8Length() else { throw damage("a string is not UTF-8") }
                position += length
            }
        }
    }

    /// Passes over what means nothing in a string: all up to a quote, a backslash, a control character, or a byte that is not
    /// ASCII.
    @inline(__always) private mutating func skipPlain() {
        let (ones, tops) = (0x0101_0101_0101_0101 as UInt64, 0x8080_8080_8080_8080 as UInt64)
        while position + 8 <= bytes.count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            let (quote, slash) = (word ^ ones &* 0x22, word ^ ones &* 0x5C)
            // The top bit of each byte that ends it. A borrow can set further ones, but above the first alone.
            let ends = ((quote &- ones) & ~quote | (slash &- ones) & ~slash | (word &- ones &* 0x20) | word) & tops
            guard ends == 0 else {
                position += ends.trailingZeroBitCount / 8
                return
            }
            position += 8
        }
        while position < bytes.count, case let byte = bytes[position], (0x20..<0x80).contains(byte), byte != 0x22,
            byte != 0x5C
        {
            position += 1
        }
    }

    /// How many bytes the character at the position has, which is not ASCII; nil where it is no UTF-8.
    private func utf8Length() -> Int? {
        func follows(_ offset: Int, _ range: ClosedRange<UInt8> = 0x80...0xBF) -> Bool {
            position + offset < bytes.count && range.contains(bytes[position + offset])
        }
        // The table of well-formed sequences of the Unicode standard.
        return switch bytes[position] {
        case 0xC2...0xDF: follows(1) ? 2 : nil
        case 0xE0: follows(1, 0xA0...0xBF) && follows(2) ? 3 : nil
        case 0xED: follows(1, 0x80...0x9F) && follows(2) ? 3 : nil
        case 0xE1...0xEF: follows(1) && follows(2) ? 3 : nil
        case 0xF0: follows(1, 0x90...0xBF) && follows(2) && follows(3) ? 4 : nil
        case 0xF1...0xF3: follows(1) && follows(2) && follows(3) ? 4 : nil
        case 0xF4: follows(1, 0x80...0x8F) && follows(2) && follows(3) ? 4 : nil
        default: nil
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
}
