import DPPACheckpoint
import DPPASupport

/// What chat templates models have.
package enum ChatTemplates {
    /// The place of the first model whose template is the one that most have, among equally many the one that comes first; nil where
    /// none has one.
    ///
    /// Throws what reading throws.
    package static func commonest(_ models: [OpenModel]) throws -> Int? {
        var counts: [(text: [UInt8], first: Int, count: Int)] = []
        for (place, model) in models.enumerated() {
            // Bytes tell: to Swift two spellings of one character are equal.
            guard let text = try text(of: model).map({ Self.trimmed(Array($0.utf8)) }) else { continue }
            if let known = counts.firstIndex(where: { $0.text == text }) {
                counts[known].count += 1
            } else {
                counts.append((text, place, 1))
            }
        }
        let most = counts.map(\.count).max()
        return counts.first { $0.count == most }?.first
    }

    /// Without the white space around it, which says nothing.
    private static func trimmed(_ text: [UInt8]) -> [UInt8] {
        func isSpace(_ byte: UInt8) -> Bool { [9, 10, 13, 32].contains(byte) }
        let start = text.firstIndex { !isSpace($0) } ?? text.endIndex
        return Array(text[start..<(text.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? start)])
    }

    /// The template of a file of its own, or the default one in tokenizer_config.json.
    private static func text(of model: OpenModel) throws -> String? {
        if model.sidecarFiles.contains("chat_template.jinja") {
            return String(decoding: try Sidecars.contents(model.home + "/chat_template.jinja"), as: UTF8.self)
        }
        return HeldTemplates(try Sidecars.object(model, "tokenizer_config.json")).standard
    }
}
