/// The header of a safetensors file: names, types, shapes and places of the tensors.
///
/// A small streaming parser of the JSON subset that the format allows: memory in proportion to the tensors, no recursion,
/// duplicate keys are an error. Everything is checked before any size is computed with.
struct SafetensorsHeader {
    struct Entry {
        var name: String
        var dtype: DType
        var shape: [Int]
        /// The place in the data part, in bytes.
        var bytes: Range<Int>
    }

    /// The tensors in the order of their places.
    private(set) var entries: [Entry] = []
    private(set) var metadata: [String: String] = [:]

    /// The largest header, as the format says.
    static let sizeLimit = 100_000_000

    /// Parses a header.
    ///
    /// `dataSize` is the number of bytes behind it. Errors name the file.
    init(_ bytes: UnsafeRawBufferPointer, dataSize: Int, file: String) throws {
        var scanner = HeaderScanner(bytes: bytes, file: file)
        try scanner.expect("{")
        var names: Set<String> = []
        if !scanner.skip("}") {
            repeat {
                let name = try scanner.string()
                guard names.insert(name).inserted else { throw scanner.damage("the name '\(name)' appears twice") }
                try scanner.expect(":")
                if name == "__metadata__" {
                    metadata = try scanner.strings()
                } else {
                    entries.append(try Self.entry(name, &scanner))
                }
            } while scanner.skip(",")
            try scanner.expect("}")
        }
        try scanner.end()
        try check(dataSize, file)
    }

    private static func entry(_ name: String, _ scanner: inout HeaderScanner) throws -> Entry {
        var (dtype, shape, offsets): (DType?, [Int]?, [Int]?)
        var keys: Set<String> = []
        try scanner.expect("{")
        if !scanner.skip("}") {
            repeat {
                let key = try scanner.string()
                guard keys.insert(key).inserted else { throw scanner.damage("\(name): '\(key)' appears twice") }
                try scanner.expect(":")
                switch key {
                case "dtype":
                    let text = try scanner.string()
                    guard let known = DType(rawValue: text) else {
                        throw scanner.damage("\(name) has the unknown dtype '\(text)'")
                    }
                    dtype = known
                case "shape": shape = try scanner.integers(limit: 64, name)
                case "data_offsets": offsets = try scanner.integers(limit: 2, name)
                default: throw scanner.damage("\(name) has the unknown key '\(key)'")
                }
            } while scanner.skip(",")
            try scanner.expect("}")
        }
        guard let dtype, let shape, let offsets, offsets.count == 2 else {
            throw scanner.damage("\(name) needs dtype, shape and two data_offsets")
        }
        guard offsets[0] <= offsets[1] else {
            throw scanner.damage("\(name) ends at byte \(offsets[1]), before it begins at byte \(offsets[0])")
        }
        var size = dtype.byteSize
        // A dimension of 0 makes the others harmless, but they must not overflow what counts rows.
        var elements = 1
        for dimension in shape {
            let (next, overflows) = elements.multipliedReportingOverflow(by: max(1, dimension))
            guard !overflows else { throw scanner.damage("\(name) has the shape \(shape), which is too large") }
            elements = next
        }
        if shape.contains(0) { elements = 0 }
        let (bytes, overflows) = elements.multipliedReportingOverflow(by: size)
        guard !overflows else { throw scanner.damage("\(name) has the shape \(shape), which is too large") }
        size = bytes
        guard offsets[1] - offsets[0] == size else {
            throw scanner.damage(
                "\(name) is \(dtype.rawValue) \(shape), which takes \(size) bytes, but has "
                    + "\(offsets[1] - offsets[0]) bytes")
        }
        return Entry(name: name, dtype: dtype, shape: shape, bytes: offsets[0]..<offsets[1])
    }

    /// The tensors must fill the data part without gaps and overlaps.
    private mutating func check(_ dataSize: Int, _ file: String) throws {
        entries.sort {
            ($0.bytes.lowerBound, $0.bytes.upperBound, $0.name) < ($1.bytes.lowerBound, $1.bytes.upperBound, $1.name)
        }
        var end = 0
        for entry in entries {
            guard entry.bytes.lowerBound == end else {
                let fault = entry.bytes.lowerBound < end ? "overlaps the tensor before it" : "leaves a gap before it"
                throw DPPAError(
                    .data,
                    "\(file): \(entry.name) begins at byte \(entry.bytes.lowerBound), expected \(end): it \(fault)",
                    notes: ["the file is damaged; copy or download it again"])
            }
            end = entry.bytes.upperBound
        }
        guard end == dataSize else {
            throw DPPAError(
                .data, "\(file): the header describes \(end) bytes of data; the file has \(dataSize)",
                notes: [end > dataSize ? "the file is cut short; copy or download it again" : "the file is damaged"])
        }
    }
}

/// Reads tokens of a header from left to right.
private struct HeaderScanner {
    let bytes: UnsafeRawBufferPointer
    let file: String
    var position = 0

    func damage(_ what: String) -> DPPAError {
        DPPAError(
            .data, "\(file): \(what) (header byte \(position))",
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
            let got = position < bytes.count ? "'\(Character(Unicode.Scalar(bytes[position])))'" : "the end"
            throw damage("expected '\(token)', got \(got)")
        }
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

    mutating func integers(limit: Int, _ name: String) throws -> [Int] {
        var numbers: [Int] = []
        try expect("[")
        if skip("]") { return [] }
        repeat {
            guard numbers.count < limit else { throw damage("\(name) has a list of more than \(limit) numbers") }
            numbers.append(try integer(name))
        } while skip(",")
        try expect("]")
        return numbers
    }

    private mutating func integer(_ name: String) throws -> Int {
        skipSpace()
        let start = position
        var value = 0
        while position < bytes.count, (48...57).contains(bytes[position]) {
            let (scaled, first) = value.multipliedReportingOverflow(by: 10)
            let (next, second) = scaled.addingReportingOverflow(Int(bytes[position] - 48))
            guard !first, !second else { throw damage("\(name) has a number that is too large") }
            value = next
            position += 1
        }
        guard position > start else { throw damage("\(name) needs whole numbers from 0") }
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
