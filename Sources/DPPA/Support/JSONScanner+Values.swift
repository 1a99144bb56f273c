/// Whole values: objects whose names are told apart, and what is passed over.
extension JSONScanner {
    /// Throws when a text is not one JSON object, with NaN and Infinity allowed as Python writes them.
    ///
    /// `subject` begins the message.
    package static func requireObject(_ text: String, _ subject: String) throws {
        var text = text
        try text.withUTF8 { bytes in
            var scanner = JSONScanner(bytes: UnsafeRawBufferPointer(bytes), file: subject, kind: .text)
            guard scanner.isNext("{") else { throw scanner.damage("expected '{', got \(scanner.here)") }
            try scanner.skipValue()
            try scanner.end()
        }
    }

    /// Reads an object; `member` is called behind the colon of each name and reads the value.
    ///
    /// A name that appears twice is an error: it would mean one thing here and another elsewhere.
    package mutating func members(_ member: (String, inout JSONScanner) throws -> Void) throws {
        var names: Set<String> = []
        try expect("{")
        if skip("}") { return }
        repeat {
            let name = try string()
            guard names.insert(name).inserted else { throw damage("'\(name.shown)' appears twice") }
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
            if skip("{") {
                if !skip("}") {
                    open.append(true)
                    try name()
                    continue
                }
            } else if skip("[") {
                if !skip("]") {
                    open.append(false)
                    continue
                }
            } else {
                try plainValue()
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

    private mutating func plainValue() throws {
        if isNext("\"") {
            try skipString()
        } else if !["true", "false", "null", "NaN", "Infinity", "-Infinity"].contains(where: { skip(word: $0) }) {
            try number()
        }
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

    private mutating func number() throws {
        _ = skipByte("-")
        let start = position
        guard digits() > 0 else { throw damage("expected a value, got \(here)") }
        guard position == start + 1 || bytes[start] != UInt8(ascii: "0") else {
            throw damage("a number has a leading zero")
        }
        if skipByte("."), digits() == 0 { throw damage("expected a digit, got \(here)") }
        if skipByte("e") || skipByte("E") {
            if !skipByte("+") { _ = skipByte("-") }
            guard digits() > 0 else { throw damage("expected a digit, got \(here)") }
        }
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
