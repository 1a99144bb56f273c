import DPPA

/// The texts of the recipe files that have been read, by the name that messages use.
package final class SourceTexts {
    package private(set) var texts: [String: String] = [:]
    /// The recipe's own modules by the name that `require` has, with the names of their files.
    package private(set) var modules: [String: String] = [:]
    /// The shipped modules that were required, without `dppa.`.
    package private(set) var library: Set<String> = []

    func add(_ file: String, _ text: String) { texts[file] = text }

    func addModule(_ name: String, file: String) { modules[name] = file }

    func addLibrary(_ name: String) { library.insert(name) }

    /// The first place of a whole word at or after a line, within 60 lines; as a key it is followed by `=`.
    func find(_ word: String, from start: DPPAError.Location, isKey: Bool = false) -> DPPAError.Location? {
        guard word.utf8.count <= 256, let text = texts[start.file] else { return nil }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for number in start.line..<min(start.line + 60, lines.count + 1) where number >= 1 {
            let line = Array(lines[number - 1])
            let target = Array(word)
            guard line.count >= target.count else { continue }
            for column in 0...(line.count - target.count) where line[column...].starts(with: target) {
                let before = column > 0 ? line[column - 1] : " "
                let rest = line[(column + target.count)...]
                let after = rest.first ?? " "
                guard !Self.isWord(before), !Self.isWord(after) else { continue }
                if isKey, rest.first(where: { !$0.isWhitespace }) != "=" { continue }
                return DPPAError.Location(file: start.file, line: number, column: column + 1, length: target.count)
            }
        }
        return nil
    }

    private static func isWord(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_"
    }
}
