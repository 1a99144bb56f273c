/// Tokens that are found in a text as they are spelled, before anything else is done to it: the longest one at each place, from
/// the left.
struct AddedTokens: Sendable {
    /// One of them.
    struct Token: Sendable {
        var id: Int32
        /// What is looked for.
        var text: [UInt8]
        var isSpecial = false
        /// Whether no letter, digit or `_` may stand beside it.
        var isWord = false
        /// Whether white space before or behind it is part of it.
        var takesSpaceBefore = false
        var takesSpaceBehind = false
    }

    /// A part of a text: a token, or what lies between tokens.
    struct Part {
        var range: Range<Int>
        var token: Int32?
    }

    let tokens: [Token]
    /// A tree over bytes; of each node, the token that ends there.
    private var children: [[UInt8: Int32]] = [[:]]
    private var ends: [Int32] = [-1]
    private var canBegin = [Bool](repeating: false, count: 256)

    init(_ tokens: [Token]) {
        self.tokens = tokens
        for (index, token) in tokens.enumerated() where !token.text.isEmpty {
            canBegin[Int(token.text[0])] = true
            var node = 0
            for byte in token.text {
                if let next = children[node][byte] {
                    node = Int(next)
                } else {
                    children[node][byte] = Int32(children.count)
                    node = children.count
                    children.append([:])
                    ends.append(-1)
                }
            }
            // Of two of one spelling the first is found.
            if ends[node] < 0 { ends[node] = Int32(index) }
        }
    }

    var isEmpty: Bool { tokens.isEmpty }

    /// Cuts a text; special tokens are text like any other unless they lie in one of the ranges.
    func parts(_ text: UTF8Text.Bytes, specialIn ranges: [Range<Int>]) -> [Part] {
        guard !isEmpty else { return text.isEmpty ? [] : [Part(range: 0..<text.count)] }
        var parts: [Part] = []
        var (place, done) = (0, 0)
        while place < text.count {
            guard canBegin[Int(text[place])], let (token, end) = longest(text, at: place) else {
                place += 1
                continue
            }
            let found = place..<end
            place = end
            if token.isSpecial,
                !ranges.contains(where: { $0.lowerBound <= found.lowerBound && found.upperBound <= $0.upperBound })
            {
                continue
            }
            if token.isWord, isWord(text, before: found.lowerBound) || isWord(text, at: found.upperBound) { continue }
            var (start, stop) = (found.lowerBound, found.upperBound)
            if token.takesSpaceBefore { start = max(done, spaceStart(text, before: start)) }
            if token.takesSpaceBehind { stop = spaceEnd(text, from: stop) }
            if done < start { parts.append(Part(range: done..<start)) }
            parts.append(Part(range: start..<max(start, stop), token: token.id))
            done = stop
        }
        if done < text.count { parts.append(Part(range: done..<text.count)) }
        return parts
    }

    private func longest(_ text: UTF8Text.Bytes, at start: Int) -> (Token, end: Int)? {
        var (node, place) = (0, start)
        var found: (Token, end: Int)?
        while place < text.count, let next = children[node][text[place]] {
            node = Int(next)
            place += 1
            if ends[node] >= 0 { found = (tokens[Int(ends[node])], place) }
        }
        return found
    }

    private func isWord(_ text: UTF8Text.Bytes, before place: Int) -> Bool {
        place > 0 && isWord(text, at: UTF8Text.before(text, place))
    }

    private func isWord(_ text: UTF8Text.Bytes, at place: Int) -> Bool {
        place < text.count
            && Unicode.Scalar(UTF8Text.scalar(text, at: place).value).map { Category.bit($0) & Category.words != 0 }
                == true
    }

    private func isSpace(_ text: UTF8Text.Bytes, _ place: Int) -> Bool {
        Unicode.Scalar(UTF8Text.scalar(text, at: place).value)?.properties.isWhitespace == true
    }

    private func spaceStart(_ text: UTF8Text.Bytes, before place: Int) -> Int {
        var start = place
        while start > 0, isSpace(text, UTF8Text.before(text, start)) { start = UTF8Text.before(text, start) }
        return start
    }

    private func spaceEnd(_ text: UTF8Text.Bytes, from place: Int) -> Int {
        var end = place
        while end < text.count, isSpace(text, end) { end = UTF8Text.scalar(text, at: end).next }
        return end
    }
}
