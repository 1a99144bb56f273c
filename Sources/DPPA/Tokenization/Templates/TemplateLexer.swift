import DPPASupport

/// A word or sign inside a tag of a template.
enum TemplateToken: Equatable {
    case name(String)
    case integer(Int)
    case number(Double)
    case text(String)
    case sign(String)

    /// The token as it is written, for messages.
    var shown: String {
        switch self {
        case .name(let text), .sign(let text): text
        case .integer(let number): String(number)
        case .number(let number): "\(number)"
        case .text(let text): "'\(text.shown)'"
        }
    }
}

/// Cuts a template into texts and tags, with the white space around tags cut as Jinja does it.
struct TemplateLexer {
    enum Piece {
        case text(String)
        case output([TemplateToken], line: Int)
        case statement([TemplateToken], line: Int)
    }

    private let label: String
    private let style: Template.Style
    private let source: [Unicode.Scalar]
    private var place = 0
    private var line = 1
    private var pieces: [Piece] = []
    /// Of one tag: what is made of it is as deep as it is long.
    private static let mostTokens = 4000
    /// Whether the text since the last tag begins a line.
    private var startsLine = true

    /// The pieces of a template.
    ///
    /// Throws `data` with the line of a tag that is not closed or that holds what is no token.
    static func pieces(_ source: String, label: String, style: Template.Style) throws -> [Piece] {
        var lexer = TemplateLexer(source, label, style)
        try lexer.read()
        return lexer.pieces
    }

    private init(_ source: String, _ label: String, _ style: Template.Style) {
        (self.label, self.style) = (label, style)
        var scalars: [Unicode.Scalar] = []
        for scalar in source.unicodeScalars {
            if scalar == "\n", scalars.last == "\r" { scalars.removeLast() }
            scalars.append(scalar)
        }
        if style.cutsLastNewline, scalars.last == "\n" { scalars.removeLast() }
        self.source = scalars
    }

    private func damage(_ what: String, line: Int? = nil) -> DPPAError {
        DPPAError(.data, "\(label), line \(line ?? self.line): \(what)")
    }

    private func isAt(_ text: String, _ place: Int) -> Bool { source[place...].starts(with: text.unicodeScalars) }

    private mutating func read() throws {
        var text: [Unicode.Scalar] = []
        while place < source.count {
            guard source[place] == "{", place + 1 < source.count, ["{", "%", "#"].contains(source[place + 1]) else {
                if source[place] == "\n" { line += 1 }
                text.append(source[place])
                place += 1
                continue
            }
            let (kind, start) = (source[place + 1], line)
            place += 2
            let mark = place < source.count ? source[place] : " "
            if mark == "-" {
                while text.last?.isPythonSpace == true { text.removeLast() }
            } else if kind != "{", style.stripsBlocks, mark != "+" {
                let rest = text.reversed().drop { $0 == " " || $0 == "\t" }.reversed()
                if rest.isEmpty ? startsLine : rest.last == "\n" { text = Array(rest) }
            }
            if mark == "-" || mark == "+" && kind != "{" { place += 1 }
            if !text.isEmpty { pieces.append(.text(string(text))) }
            text = []
            switch kind {
            case "#":
                while place < source.count, !isAt("#}", place) {
                    if source[place] == "\n" { line += 1 }
                    place += 1
                }
                guard place < source.count else { throw damage("'{#' without '#}'", line: start) }
                let isCut = source[place - 1] == "-"
                place += 2
                skip(isCut ? "-" : " ", isBlock: true)
            case "{":
                let (tokens, mark) = try tokens(until: "}}", from: start)
                pieces.append(.output(tokens, line: start))
                skip(mark, isBlock: false)
            default:
                let (tokens, mark) = try tokens(until: "%}", from: start)
                if tokens == [.name("raw")] {
                    throw damage("'{% raw %}' is not read", line: start)
                }
                pieces.append(.statement(tokens, line: start))
                skip(mark, isBlock: true)
            }
        }
        if !text.isEmpty { pieces.append(.text(string(text))) }
    }

    /// Passes over the white space that a tag takes with it.
    private mutating func skip(_ mark: Unicode.Scalar, isBlock: Bool) {
        startsLine = false
        while place < source.count, mark == "-" ? source[place].isPythonSpace : source[place] == "\n" {
            guard mark == "-" || isBlock && style.trimsBlocks && mark != "+" && !startsLine else { return }
            startsLine = source[place] == "\n"
            line += startsLine ? 1 : 0
            place += 1
        }
    }

    private func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return String(text)
    }

    /// The tokens up to the end of a tag, and the sign before that end: `-`, `+`, or none.
    private mutating func tokens(
        until end: String, from start: Int
    ) throws -> ([TemplateToken], mark: Unicode.Scalar) {
        var tokens: [TemplateToken] = []
        var open = 0
        while place < source.count {
            guard tokens.count < Self.mostTokens else {
                throw damage("a tag of more than \(Self.mostTokens) words", line: start)
            }
            let scalar = source[place]
            if scalar.isPythonSpace {
                if scalar == "\n" { line += 1 }
                place += 1
            } else if open == 0 || end == "%}", isAt(end, place) {
                place += 2
                return (tokens, " ")
            } else if scalar == "-" || scalar == "+", isAt(end, place + 1) {
                place += 3
                return (tokens, scalar)
            } else if scalar == "'" || scalar == "\"" {
                tokens.append(.text(try quoted(scalar)))
            } else if scalar == "_" || scalar.properties.isXIDStart {
                let first = place
                while place < source.count, source[place] == "_" || source[place].properties.isXIDContinue {
                    place += 1
                }
                tokens.append(.name(string(source[first..<place])))
            } else if ("0"..."9").contains(scalar) {
                tokens.append(try number())
            } else {
                tokens.append(.sign(try sign()))
                if ["{", "[", "("].contains(scalar) { open += 1 }
                if ["}", "]", ")"].contains(scalar) { open -= 1 }
            }
        }
        throw damage("'\(end == "}}" ? "{{" : "{%")' without '\(end)'", line: start)
    }

    private mutating func sign() throws -> String {
        for text in ["==", "!=", "<=", ">=", "//", "**"] where isAt(text, place) {
            place += 2
            return text
        }
        let scalar = source[place]
        guard "+-*/%~<>=()[]{},.:|".unicodeScalars.contains(scalar) else {
            throw damage("'\(String(Character(scalar)).shown)' has no meaning here")
        }
        place += 1
        return String(Character(scalar))
    }

    private mutating func number() throws -> TemplateToken {
        let first = place
        var isWhole = true
        while place < source.count {
            if ("0"..."9").contains(source[place]) {
                place += 1
            } else if isWhole, source[place] == ".", place + 1 < source.count, ("0"..."9").contains(source[place + 1]) {
                isWhole = false
                place += 1
            } else {
                break
            }
        }
        if place < source.count, ["e", "E"].contains(source[place]) {
            var end = place + 1
            if end < source.count, ["+", "-"].contains(source[end]) { end += 1 }
            let digits = source[end...].prefix { ("0"..."9").contains($0) }.count
            if digits > 0 { (isWhole, place) = (false, end + digits) }
        }
        let text = string(source[first..<place])
        if isWhole, let number = Int(text) { return .integer(number) }
        guard !isWhole, let number = Double(text), number.isFinite else {
            throw damage("the number \(text.shown) is too large")
        }
        return .number(number)
    }

    /// The text of a literal, whose escapes are Python's; what is no escape stays as it stands.
    private mutating func quoted(_ quote: Unicode.Scalar) throws -> String {
        let start = line
        place += 1
        var text: [Unicode.Scalar] = []
        while place < source.count, source[place] != quote {
            let scalar = source[place]
            place += 1
            if scalar == "\n" { line += 1 }
            guard scalar == "\\", place < source.count else {
                text.append(scalar)
                continue
            }
            let sign = source[place]
            place += 1
            switch sign {
            case "n": text.append("\n")
            case "t": text.append("\t")
            case "r": text.append("\r")
            case "\\", "'", "\"": text.append(sign)
            case "\n": line += 1
            case "x", "u", "U":
                let count = sign == "x" ? 2 : sign == "u" ? 4 : 8
                let digits = string(source[place..<min(place + count, source.count)])
                guard digits.utf8.count == count, let value = UInt32(digits, radix: 16),
                    let found = Unicode.Scalar(value)
                else { throw damage("'\\\(String(Character(sign)))\(digits.shown)' is no character") }
                text.append(found)
                place += count
            default: text += ["\\", sign]
            }
        }
        guard place < source.count else { throw damage("a text without its closing \(quote)", line: start) }
        place += 1
        return string(text)
    }
}
