/// Sizes, counts and names as messages tell them.
package enum Phrase {
    /// A number of bytes in words.
    package static func bytes(_ bytes: Int) -> String {
        if bytes < 1 << 20 { return "\((bytes + 1023) >> 10) KiB" }
        let mebibytes = Double(bytes) / Double(1 << 20)
        if mebibytes < 1024 { return "\(Int(mebibytes.rounded(.up))) MiB" }
        let tenths = Int((mebibytes / 1024 * 10).rounded(.up))
        return "\(tenths / 10).\(tenths % 10) GiB"
    }

    /// "1 tensor", "2 tensors".
    package static func counted(_ count: Int, _ word: String) -> String { "\(count) \(word)\(count == 1 ? "" : "s")" }

    /// A short list of names for a message.
    package static func list(_ names: [String], limit: Int = 4) -> String {
        names.count <= limit
            ? names.joined(separator: ", ")
            : names.prefix(limit).joined(separator: ", ") + " and \(names.count - limit) more"
    }
}
