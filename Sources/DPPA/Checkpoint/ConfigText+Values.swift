import DPPASupport

/// Reading and setting single values of a JSON text, the rest of which stays as it is.
extension ConfigText {
    /// The values of a JSON object, with NaN and Infinity as Python writes them; nil when the text is none.
    package static func object(_ text: String) -> JSONObject? {
        try? JSONObject(text.utf8, file: "config.json", nonFinite: true)
    }

    /// The text with the value at a path of names set to a JSON text; a name at the top that is not there is added.
    ///
    /// Nothing changes when an object on the way is not there. Throws `data` when the text is no JSON object.
    package static func setting(_ text: String, _ path: [String], to json: String) throws -> String {
        var bytes = Array(text.utf8)
        let value = try JSONScanner.read(bytes, file: "config.json", nonFinite: true) { try place(of: path[...], &$0) }
        if let value {
            bytes.replaceSubrange(value, with: Array(json.utf8))
        } else if path.count == 1, let brace = bytes.firstIndex(of: UInt8(ascii: "{")) {
            let isEmpty = bytes[(brace + 1)...].first { ![32, 9, 10, 13].contains($0) } == UInt8(ascii: "}")
            bytes.insert(contentsOf: Array("\n  \"\(path[0])\": \(json)\(isEmpty ? "\n" : ",")".utf8), at: brace + 1)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The text with further entries of the list or object at a path of names, behind those that it has; nil where no such is
    /// there.
    ///
    /// Throws `data` when the text is no JSON object.
    static func adding(_ text: String, _ path: [String], _ entries: [String]) throws -> String? {
        let bytes = Array(text.utf8)
        let value = try JSONScanner.read(bytes, file: "config.json", nonFinite: true) { scanner in
            scanner.skipSpace()
            let start = scanner.position
            guard path.isEmpty else { return try place(of: path[...], &scanner) }
            try scanner.skipValue()
            return start..<scanner.position
        }
        guard let value, ["{", "["].contains(where: { bytes[value.lowerBound] == UInt8(ascii: $0) }) else { return nil }
        let insertions = entries.isEmpty ? [] : [JSONInsertion(bytes, value, entries)]
        return String(decoding: JSONInsertion.apply(insertions, to: bytes), as: UTF8.self)
    }

    /// The text without the member at a path of names, if it is there.
    ///
    /// Throws `data` when the text is no JSON object.
    package static func removing(_ text: String, _ path: [String]) throws -> String {
        var bytes = Array(text.utf8)
        let member = try JSONScanner.read(bytes, file: "config.json", nonFinite: true) {
            try place(of: path[...], &$0, withName: true)
        }
        guard let member else { return text }
        bytes.removeSubrange(member)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Where the value at a path stands; with its name, all from the end of the member before it, or, of the first member, to the
    /// comma behind it.
    private static func place(
        of path: ArraySlice<String>, _ scanner: inout JSONScanner, withName: Bool = false
    ) throws -> Range<Int>? {
        var (found, end): (Range<Int>?, Int?) = (nil, nil)
        scanner.skipSpace()
        let brace = scanner.position + 1
        try scanner.members { name, scanner in
            scanner.skipSpace()
            let start = scanner.position
            defer { end = scanner.position }
            guard name == path.first, found == nil else { return try scanner.skipValue() }
            if path.count > 1, scanner.isNext("{") {
                found = try place(of: path.dropFirst(), &scanner, withName: withName)
            } else {
                try scanner.skipValue()
                guard path.count == 1 else { return }
                found = (withName ? end ?? brace : start)..<scanner.position
                if withName, end == nil, scanner.isNext(",") { found = brace..<scanner.position + 1 }
            }
        }
        return found
    }
}
