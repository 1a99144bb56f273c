import DPPASupport

/// A regular expression as a tree: the part of the language in which tokenizers say where they cut.
indirect enum PatternNode {
    case set(ScalarSet)
    case sequence([PatternNode])
    /// The first that leads on is taken.
    case alternatives([PatternNode])
    case repeated(PatternNode, ClosedRange<Int>, isPossessive: Bool)
    case ahead(PatternNode, isNegated: Bool)
}

/// Reads literals, `.`, classes with ranges and `\p{L}`, `\s \S \d \D \w \W \r \n \t`, groups `(…) (?:…) (?i:…)`, `(?=…)`, `(?!…)`,
/// `|` and the greedy and possessive quantifiers `* + ? {m} {m,} {m,n}`.
struct PatternParser {
    private let source: String
    /// Whose pattern it is, for messages.
    private let owner: String
    private let scalars: [Unicode.Scalar]
    private var place = 0
    private var depth = 0
    private var ignoresCase = false
    /// Beyond this many repetitions nothing that a tokenizer means is said.
    private static let mostRepetitions = 1000
    private static let deepest = 50

    private init(_ source: String, _ owner: String) {
        (self.source, self.owner) = (source, owner)
        scalars = Array(source.unicodeScalars)
    }

    /// The tree of a pattern.
    ///
    /// Throws `data` with what is not read.
    static func parse(_ source: String, of owner: String) throws -> PatternNode {
        var parser = PatternParser(source, owner)
        let node = try parser.alternatives()
        guard parser.place == parser.scalars.count else { throw parser.refusal("')' without '('") }
        return node
    }

    private func refusal(_ what: String) -> DPPAError {
        DPPAError(
            .data, "a pattern of \(owner) has \(what) at character \(place + 1), which is not read",
            notes: ["the pattern is \(source)"])
    }

    private var next: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

    private mutating func take(_ text: String) -> Bool {
        let wanted = Array(text.unicodeScalars)
        guard scalars[place...].starts(with: wanted) else { return false }
        place += wanted.count
        return true
    }

    private mutating func alternatives() throws -> PatternNode {
        depth += 1
        defer { depth -= 1 }
        guard depth < Self.deepest else { throw refusal("groups nested more than \(Self.deepest) deep") }
        var all = [try sequence()]
        while take("|") { all.append(try sequence()) }
        return all.count == 1 ? all[0] : .alternatives(all)
    }

    private mutating func sequence() throws -> PatternNode {
        var parts: [PatternNode] = []
        while let scalar = next, scalar != "|", scalar != ")" { parts.append(try quantified()) }
        return .sequence(parts)
    }

    private mutating func quantified() throws -> PatternNode {
        let node = try atom()
        guard let range = try quantifier() else { return node }
        if take("?") { throw refusal("a lazy quantifier") }
        let isPossessive = take("+")
        if case .ahead = node { throw refusal("a quantifier behind an assertion") }
        return .repeated(node, range, isPossessive: isPossessive)
    }

    private mutating func quantifier() throws -> ClosedRange<Int>? {
        if take("*") { return 0...Int.max }
        if take("+") { return 1...Int.max }
        if take("?") { return 0...1 }
        guard next == "{" else { return nil }
        place += 1
        let low = try number()
        var high: Int? = low
        if take(",") { high = next == "}" ? nil : try number() }
        guard take("}"), let low, high == nil || (low...).contains(high ?? low) else {
            throw refusal("this quantifier")
        }
        return low...(high ?? Int.max)
    }

    private mutating func number() throws -> Int? {
        var digits = ""
        while let scalar = next, ("0"..."9").contains(scalar) {
            digits.unicodeScalars.append(scalar)
            place += 1
        }
        guard let number = Int(digits), number <= Self.mostRepetitions else { throw refusal("this quantifier") }
        return number
    }

    private mutating func atom() throws -> PatternNode {
        guard let scalar = next else { throw refusal("an end") }
        switch scalar {
        case "(": return try group()
        case "[":
            place += 1
            return .set(try classSet())
        case "\\":
            place += 1
            return .set(ScalarSet([try escape()]))
        case ".":
            place += 1
            return .set(ScalarSet([.range(10...10)], isNegated: true))
        case "^", "$", "*", "+", "?", "{", "}", "]": throw refusal("'\(scalar)'")
        default:
            place += 1
            return .set(ScalarSet(literal(scalar)))
        }
    }

    private mutating func group() throws -> PatternNode {
        let node: PatternNode
        if take("(?:") {
            node = try alternatives()
        } else if take("(?i:") {
            let before = ignoresCase
            ignoresCase = true
            node = try alternatives()
            ignoresCase = before
        } else if take("(?!") {
            node = .ahead(try alternatives(), isNegated: true)
        } else if take("(?=") {
            node = .ahead(try alternatives(), isNegated: false)
        } else if scalars[place...].starts(with: "(?".unicodeScalars) {
            throw refusal("a group of the kind '\(String(String.UnicodeScalarView(scalars[place...].prefix(4))))'")
        } else {
            place += 1
            node = try alternatives()
        }
        guard take(")") else { throw refusal("'(' without ')'") }
        return node
    }

    /// One character, in both cases where case does not count.
    private func literal(_ scalar: Unicode.Scalar) -> [ScalarSet.Item] {
        guard ignoresCase else { return [.range(scalar.value...scalar.value)] }
        var all = [scalar.value]
        for text in [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping]
        where text.unicodeScalars.count == 1 {
            all += text.unicodeScalars.map(\.value)
        }
        // The two signs that fold to an ASCII letter.
        if "sS".unicodeScalars.contains(scalar) { all.append(0x17F) }
        if "kK".unicodeScalars.contains(scalar) { all.append(0x212A) }
        return Set(all).map { .range($0...$0) }
    }

    /// What stands behind a backslash.
    private mutating func escape() throws -> ScalarSet.Item {
        guard let scalar = next else { throw refusal("a backslash at its end") }
        place += 1
        switch scalar {
        case "s": return .space(isNegated: false)
        case "S": return .space(isNegated: true)
        case "d": return .categories(Category.digits, isNegated: false)
        case "D": return .categories(Category.digits, isNegated: true)
        case "w": return .categories(Category.words, isNegated: false)
        case "W": return .categories(Category.words, isNegated: true)
        case "r": return .range(13...13)
        case "n": return .range(10...10)
        case "t": return .range(9...9)
        case "p", "P":
            guard take("{") else { throw refusal("'\\\(scalar)' without a name in braces") }
            var name = ""
            while let letter = next, letter != "}" {
                name.unicodeScalars.append(letter)
                place += 1
            }
            guard take("}"), let bits = Category.bits(name) else { throw refusal("the property '\(name)'") }
            return .categories(bits, isNegated: scalar == "P")
        case _ where scalar.properties.isAlphabetic || ("0"..."9").contains(scalar): throw refusal("'\\\(scalar)'")
        default: return .range(scalar.value...scalar.value)
        }
    }

    /// A class behind its '['.
    private mutating func classSet() throws -> ScalarSet {
        let isNegated = take("^")
        var items: [ScalarSet.Item] = []
        while let scalar = next, scalar != "]" {
            if scalar == "[" || scalars[place...].starts(with: "&&".unicodeScalars) {
                throw refusal("a class in a class")
            }
            place += 1
            var item = ScalarSet.Item.range(scalar.value...scalar.value)
            if scalar == "\\" { item = try escape() }
            guard case .range(let low) = item, low.count == 1, next == "-", place + 1 < scalars.count,
                scalars[place + 1] != "]"
            else {
                if case .range(let range) = item, let single = Unicode.Scalar(range.lowerBound) {
                    items += literal(single)
                } else {
                    items.append(item)
                }
                continue
            }
            place += 1
            let end = scalars[place]
            place += 1
            let high = end == "\\" ? try escape() : .range(end.value...end.value)
            guard case .range(let last) = high, last.lowerBound >= low.lowerBound else { throw refusal("this range") }
            items.append(.range(low.lowerBound...last.lowerBound))
            // Of both cases the range is held; beyond ASCII no tokenizer asks for it.
            if ignoresCase {
                for (first, shift) in [(UInt32(65), 32), (97, -32)] {
                    let common = (first...first + 25).clamped(to: low.lowerBound...last.lowerBound)
                    guard (first...first + 25).overlaps(low.lowerBound...last.lowerBound) else { continue }
                    items.append(
                        .range(
                            UInt32(Int(common.lowerBound) + shift)...UInt32(Int(common.upperBound) + shift)))
                }
            }
        }
        guard take("]"), !items.isEmpty else { throw refusal("'[' without ']'") }
        return ScalarSet(items, isNegated: isNegated)
    }
}
