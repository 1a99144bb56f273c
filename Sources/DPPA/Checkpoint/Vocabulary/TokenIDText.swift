import DPPASupport

/// The ids of tokens in a config.json, which say other tokens where the vocabulary is another one.
struct TokenIDText {
    /// The text with new ids.
    let text: String
    /// The keys whose tokens the vocabulary lacks, with the old ids.
    private(set) var lost: [(key: String, id: Int)] = []

    /// How deep configurations hold others.
    private static let depthLimit = 8

    /// A text with every id replaced by what a function gives for it: itself, another one, or nil for a token that is not there,
    /// which leaves null, or nothing in a list.
    init(_ text: String, _ new: (Int) -> Int?) throws {
        let bytes = Array(text.utf8)
        var edits: [(place: Range<Int>, text: String)] = []
        var lost: [(key: String, id: Int)] = []
        func value(_ old: JSONValue, _ key: String) -> JSONValue? {
            switch old {
            case .array(let list): return .array(list.compactMap { value($0, key) })
            case .integer(let id):
                if let id = new(id) { return .integer(id) }
                lost.append((key, id))
                return nil
            default: return old
            }
        }
        func walk(_ scanner: inout JSONScanner, _ depth: Int) throws {
            try scanner.members { name, scanner in
                if Self.isID(name) {
                    scanner.skipSpace()
                    let start = scanner.position
                    let old = try scanner.value()
                    let found = value(old, name) ?? .null
                    if found.text != old.text { edits.append((start..<scanner.position, found.text)) }
                } else if scanner.isNext("{"), depth < Self.depthLimit {
                    try walk(&scanner, depth + 1)
                } else {
                    try scanner.skipValue()
                }
            }
        }
        try JSONScanner.read(bytes, file: "config.json", nonFinite: true) { try walk(&$0, 0) }
        var result = bytes
        for edit in edits.reversed() { result.replaceSubrange(edit.place, with: Array(edit.text.utf8)) }
        self.text = String(decoding: result, as: UTF8.self)
        self.lost = lost
    }

    /// Whether a key holds ids of tokens.
    private static func isID(_ key: String) -> Bool {
        ["_token_id", "_token_ids", "_token_index"].contains(where: key.hasSuffix)
            || ["suppress_tokens", "begin_suppress_tokens"].contains(key)
    }
}
