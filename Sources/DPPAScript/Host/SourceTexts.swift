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
                guard !LuaToken.isWord(before), !LuaToken.isWord(after) else { continue }
                if isKey, rest.first(where: { !$0.isWhitespace }) != "=" { continue }
                return DPPAError.Location(file: start.file, line: number, column: column + 1, length: target.count)
            }
        }
        return nil
    }

    /// The place of an argument, from 0, in the only call of a name on a line; of the name where there is no such argument.
    ///
    /// Nil when the line does not call the name, or calls it more than once.
    func argument(_ index: Int, of name: String, from start: DPPAError.Location) -> DPPAError.Location? {
        guard let text = texts[start.file] else { return nil }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropFirst(start.line - 1).prefix(60)
        guard let first = lines.first.map(Array.init) else { return nil }
        let word = Array(name)
        let calls = first.indices.filter { column in
            guard first[column...].starts(with: word), column == 0 || !LuaToken.isWord(first[column - 1]) else {
                return false
            }
            let next = first[(column + word.count)...].first { $0 != " " }
            return next.map { "({\"'".contains($0) } ?? false
        }
        guard calls.count == 1, let column = calls.first else { return nil }
        let place = { (line: Int, column: Int, length: Int) in
            DPPAError.Location(file: start.file, line: start.line + line, column: column + 1, length: max(1, length))
        }
        let spans = ArgumentSpans(lines.map(Array.init), after: column + word.count).spans
        guard spans.indices.contains(index) else { return place(0, column, word.count) }
        return place(spans[index].line, spans[index].column, spans[index].length)
    }

    /// The place of a word as a key when the file has it once; nil otherwise.
    func only(_ word: String, in file: String) -> DPPAError.Location? {
        var found: DPPAError.Location?
        var line = 1
        while let place = find(word, from: DPPAError.Location(file: file, line: line), isKey: true) {
            guard found == nil else { return nil }
            found = place
            line = place.line + 1
        }
        return found
    }

    private static func isWord(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_"
    }
}
