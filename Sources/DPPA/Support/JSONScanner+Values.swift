/// Whole values: as they are, a member at a time, or passed over.
extension JSONScanner {
    /// How deep lists and objects may be nested in a value that is kept: more is no data of any use here.
    private static let depthLimit = 512

    /// Reads a text from its first byte to its last.
    package static func read<Result>(
        _ text: some Collection<UInt8>, file: String, kind: Kind = .text, nonFinite: Bool = false,
        _ body: (inout JSONScanner) throws -> Result
    ) throws -> Result {
        func read(_ bytes: UnsafeRawBufferPointer) throws -> Result {
            var scanner = JSONScanner(bytes: bytes, file: file, kind: kind, nonFinite: nonFinite)
            let result = try body(&scanner)
            try scanner.end()
            return result
        }
        return try text.withContiguousStorageIfAvailable { try read(UnsafeRawBufferPointer($0)) }
            ?? Array(text).withUnsafeBytes(read)
    }

    /// Reads any value.
    package mutating func value() throws -> JSONValue { try value(depth: 0) }

    private mutating func value(depth: Int) throws -> JSONValue {
        let isObject = isNext("{")
        guard isObject || isNext("[") else { return try plainValue() }
        guard depth < Self.depthLimit else {
            throw damage("lists and objects are nested more than \(Self.depthLimit) deep")
        }
        if isObject {
            var object = JSONObject()
            try members { name, scanner in object.set(name, try scanner.value(depth: depth + 1)) }
            return .object(object)
        }
        var values: [JSONValue] = []
        try elements { values.append(try $0.value(depth: depth + 1)) }
        return .array(values)
    }

    /// Throws when a text is not one JSON object, with NaN and Infinity allowed as Python writes them.
    ///
    /// `subject` begins the message.
    package static func requireObject(_ text: String, _ subject: String) throws {
        try read(text.utf8, file: subject, nonFinite: true) { scanner in
            guard scanner.isNext("{") else { throw scanner.damage("expected '{', got \(scanner.here)") }
            try scanner.skipValue()
        }
    }

    /// Reads an object; `member` is called behind the colon of each name and reads the value.
    package mutating func members(_ member: (String, inout JSONScanner) throws -> Void) throws {
        var names: Set<JSONName> = []
        try expect("{")
        if skip("}") { return }
        repeat {
            let name = try string()
            guard names.insert(JSONName(text: name)).inserted else { throw damage("'\(name.shown)' appears twice") }
            try expect(":")
            try member(name, &self)
        } while skip(",")
        try expect("}")
    }

    /// Reads a list; `element` reads each value.
    package mutating func elements(_ element: (inout JSONScanner) throws -> Void) throws {
        try expect("[")
        if skip("]") { return }
        repeat { try element(&self) } while skip(",")
        try expect("]")
    }

    /// Passes over any value.
    package mutating func skipValue() throws {
        // The lists and objects that are open: whether it is an object.
        var open: [Bool] = []
        while true {
            skipSpace()
            switch position < bytes.count ? bytes[position] : 0 {
            case UInt8(ascii: "\""): try skipString()
            case UInt8(ascii: "{"):
                position += 1
                guard !skip("}") else { break }
                open.append(true)
                try name()
                continue
            case UInt8(ascii: "["):
                position += 1
                guard !skip("]") else { break }
                open.append(false)
                continue
            default: if word() == nil { try number() }
            }
            while let isObject = open.last {
                if skip(",") {
                    if isObject { try name() }
                    break
                }
                try expect(isObject ? "}" : "]")
                open.removeLast()
            }
            if open.isEmpty { return }
        }
    }

    private mutating func name() throws {
        try skipString()
        try expect(":")
    }

    private mutating func plainValue() throws -> JSONValue {
        if isNext("\"") { return .string(try string()) }
        if let word = word() { return word }
        let start = position
        let isWhole = try number()
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        // The sign of -0 is one that an integer does not have.
        if isWhole, text != "-0", let integer = Int(text) { return .integer(integer) }
        guard let number = Double(text), nonFinite || number.isFinite else {
            position = start
            throw damage("a number is too large")
        }
        return .double(number)
    }

    /// A value that is written as a word.
    private mutating func word() -> JSONValue? {
        if skip(word: "true") { return .bool(true) }
        if skip(word: "false") { return .bool(false) }
        if skip(word: "null") { return .null }
        guard nonFinite else { return nil }
        if skip(word: "NaN") { return .double(.nan) }
        if skip(word: "Infinity") { return .double(.infinity) }
        return skip(word: "-Infinity") ? .double(-.infinity) : nil
    }

    /// Whether a token comes next; passes over white space.
    package mutating func isNext(_ token: Unicode.Scalar) -> Bool {
        skipSpace()
        return position < bytes.count && bytes[position] == UInt8(ascii: token)
    }

    private mutating func skip(word: StaticString) -> Bool {
        let length = word.utf8CodeUnitCount
        guard position + length <= bytes.count,
            bytes[position..<position + length].elementsEqual(UnsafeBufferPointer(start: word.utf8Start, count: length))
        else { return false }
        position += length
        return true
    }

    /// Passes over a number; whether it has neither fraction nor power.
    @discardableResult
    private mutating func number() throws -> Bool {
        _ = skipByte("-")
        let start = position
        guard digits() > 0 else { throw damage("expected a value, got \(here)") }
        guard position == start + 1 || bytes[start] != UInt8(ascii: "0") else {
            throw damage("a number has a leading zero")
        }
        let end = position
        if skipByte("."), digits() == 0 { throw damage("expected a digit, got \(here)") }
        if skipByte("e") || skipByte("E") {
            if !skipByte("+") { _ = skipByte("-") }
            guard digits() > 0 else { throw damage("expected a digit, got \(here)") }
        }
        return position == end
    }

    private mutating func skipByte(_ token: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: token) else { return false }
        position += 1
        return true
    }

    private mutating func digits() -> Int {
        let start = position
        while position < bytes.count, (48...57).contains(bytes[position]) { position += 1 }
        return position - start
    }
}
