import DPPASupport
import Foundation

/// Reading and setting single values of a JSON text, the rest of which stays as it is.
extension ConfigText {
    /// The values of a JSON object; nil when the text is none.
    ///
    /// NaN and Infinity, which Python writes, are texts of these names: no number, and seen by whoever asks for one.
    package static func object(_ text: String) -> [String: Any]? {
        let plain = text.contains("NaN") || text.contains("Infinity") ? withoutNonFinite(text) : text
        return (try? JSONSerialization.jsonObject(with: Data(plain.utf8))) as? [String: Any]
    }

    /// The text with the value at a path of names set to a JSON text; a name at the top that is not there is added.
    ///
    /// Nothing changes when an object on the way is not there. Throws `data` when the text is no JSON object.
    package static func setting(_ text: String, _ path: [String], to json: String) throws -> String {
        var bytes = Array(text.utf8)
        let value = try bytes.withUnsafeBytes { bytes -> Range<Int>? in
            var scanner = JSONScanner(bytes: bytes, file: "config.json", kind: .text)
            return try place(of: path[...], &scanner)
        }
        if let value {
            bytes.replaceSubrange(value, with: Array(json.utf8))
        } else if path.count == 1, let brace = bytes.firstIndex(of: UInt8(ascii: "{")) {
            let isEmpty = bytes[(brace + 1)...].first { ![32, 9, 10, 13].contains($0) } == UInt8(ascii: "}")
            bytes.insert(contentsOf: Array("\n  \"\(path[0])\": \(json)\(isEmpty ? "\n" : ",")".utf8), at: brace + 1)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Where the value at a path stands.
    private static func place(of path: ArraySlice<String>, _ scanner: inout JSONScanner) throws -> Range<Int>? {
        var found: Range<Int>?
        try scanner.members { name, scanner in
            scanner.skipSpace()
            let start = scanner.position
            guard name == path.first, found == nil else { return try scanner.skipValue() }
            if path.count > 1, scanner.isNext("{") {
                found = try place(of: path.dropFirst(), &scanner)
            } else {
                try scanner.skipValue()
                if path.count == 1 { found = start..<scanner.position }
            }
        }
        return found
    }

    /// The text with NaN and the infinities outside strings as strings.
    private static func withoutNonFinite(_ text: String) -> String {
        var result: [UInt8] = []
        let bytes = Array(text.utf8)
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "\"") {
                let end = stringEnd(bytes, index)
                result += bytes[index..<end]
                index = end
            } else if let word = ["NaN", "-Infinity", "Infinity"].first(where: { bytes[index...].starts(with: $0.utf8) }
            ) {
                result += Array("\"\(word)\"".utf8)
                index += word.utf8.count
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
