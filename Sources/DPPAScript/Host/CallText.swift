import DPPA

/// The text of one call in a recipe: where its arguments and the entries of its tables stand.
///
/// Read from the line of the call, because Lua tells no column. What stands elsewhere (a table with a name) is not found.
struct CallText {
    private let file: String
    private let firstLine: Int
    private let text: [Character]
    /// The arguments, without white space around them.
    private var arguments: [Range<Int>] = []

    /// The first call of a function at or after a line, within 60 lines.
    init?(_ sources: SourceTexts, at start: DPPAError.Location, callee: String) {
        guard let source = sources.texts[start.file], start.line >= 1 else { return nil }
        file = start.file
        firstLine = start.line
        let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
        guard start.line <= lines.count else { return nil }
        text = Array(lines[(start.line - 1)..<min(start.line + 59, lines.count)].joined(separator: "\n"))
        guard let open = opening(Array(callee.split(separator: ".").last ?? "")) else { return nil }
        arguments = text[open] == "{" ? [open..<end(of: open)] : pieces(open)
    }

    /// Where an argument stands, or what lies in it: the last step of the way that its text shows.
    func argument(_ index: Int, _ way: [OptionCheck.Step] = []) -> DPPAError.Location? {
        index < arguments.count ? location(inside(arguments[index], way[...])) : nil
    }

    /// Where the name of an entry stands in the table that an argument is.
    func key(_ name: String, in index: Int) -> DPPAError.Location? { entry(name, index).map { location($0.key) } }

    /// Where the value of an entry stands in the table that an argument is, or what lies in it.
    func value(_ name: String, in index: Int, _ way: [OptionCheck.Step] = []) -> DPPAError.Location? {
        entry(name, index).map { location(inside($0.value, way[...])) }
    }

    private func entry(_ name: String, _ index: Int) -> (key: Range<Int>, value: Range<Int>)? {
        index < arguments.count ? entry(name, of: arguments[index]) : nil
    }

    /// What lies in the text of a value.
    private func inside(_ range: Range<Int>, _ way: ArraySlice<OptionCheck.Step>) -> Range<Int> {
        guard let step = way.first, text[range.lowerBound] == "{" else { return range }
        let next: Range<Int>? =
            switch step {
            case .index(let index):
                pieces(range.lowerBound).filter { !isEntry($0) }.dropFirst(index).first
            case .name(let name): entry(name, of: range)?.value
            }
        return next.map { inside($0, way.dropFirst()) } ?? range
    }

    /// Whether a piece of a table has a key.
    private func isEntry(_ piece: Range<Int>) -> Bool {
        var place = piece.lowerBound
        while place < piece.upperBound {
            let isSign = place > piece.lowerBound && "=~<>".contains(text[place - 1])
            if text[place] == "=", !isSign, place + 1 < piece.upperBound, text[place + 1] != "=" { return true }
            place = step(place)
        }
        return false
    }

    private func entry(_ name: String, of range: Range<Int>) -> (key: Range<Int>, value: Range<Int>)? {
        guard text[range.lowerBound] == "{" else { return nil }
        for piece in pieces(range.lowerBound) {
            let content = String(text[piece])
            let spellings = [name, "[\"\(name)\"]", "['\(name)']"]
            guard let key = spellings.first(where: { content.hasPrefix($0) }) else { continue }
            var place = piece.lowerBound + key.count
            while place < piece.upperBound, text[place].isWhitespace { place += 1 }
            guard place < piece.upperBound, text[place] == "=" else { continue }
            place += 1
            while place < piece.upperBound, text[place].isWhitespace { place += 1 }
            return (piece.lowerBound..<piece.lowerBound + key.count, place..<piece.upperBound)
        }
        return nil
    }

    private func location(_ range: Range<Int>) -> DPPAError.Location {
        let before = text[..<range.lowerBound]
        let column = before.lastIndex(of: "\n").map { range.lowerBound - $0 } ?? range.lowerBound + 1
        // What goes over several lines is underlined on its first.
        let length = text[range].firstIndex(of: "\n").map { $0 - range.lowerBound } ?? range.count
        return DPPAError.Location(
            file: file, line: firstLine + before.count { $0 == "\n" }, column: column, length: max(1, length))
    }

    /// The bracket that opens the call: behind the name, or behind `require "dppa.NAME"`.
    private func opening(_ name: [Character]) -> Int? {
        var place = 0
        while place < text.count {
            if text[place...].starts(with: name), place == 0 || !Self.isWord(text[place - 1]) {
                var next = place + name.count
                while next < text.count, "\"')".contains(text[next]) || text[next].isWhitespace { next += 1 }
                if next < text.count, text[next] == "(" || text[next] == "{" { return next }
            }
            place += 1
        }
        return nil
    }

    /// The pieces between commas inside a bracket, without white space and comments around them.
    private func pieces(_ open: Int) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var (start, last): (Int?, Int) = (nil, open + 1)
        var place = open + 1
        func close() {
            if let first = start { found.append(first..<last) }
            start = nil
        }
        while place < text.count {
            let next = step(place)
            if ")}]".contains(text[place]) { break }
            if text[place] == "," || text[place] == ";" {
                close()
            } else if !text[place].isWhitespace, !isComment(place) {
                start = start ?? place
                last = next
            }
            place = next
        }
        close()
        return found
    }

    /// The place behind a bracket's partner.
    private func end(of open: Int) -> Int {
        var place = open + 1
        while place < text.count, !")}]".contains(text[place]) { place = step(place) }
        return min(place + 1, text.count)
    }

    /// The place behind what stands at a place: a text, a comment or a bracket as a whole, or one character.
    private func step(_ place: Int) -> Int {
        switch text[place] {
        case "\"", "'":
            var next = place + 1
            while next < text.count, text[next] != text[place], text[next] != "\n" {
                next += text[next] == "\\" ? 2 : 1
            }
            return min(next + 1, text.count)
        case "-" where isComment(place): return text[place...].firstIndex(of: "\n") ?? text.count
        case "(", "{", "[": return end(of: place)
        default: return place + 1
        }
    }

    private func isComment(_ place: Int) -> Bool { text[place...].starts(with: "--") }

    private static func isWord(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_"
    }
}
