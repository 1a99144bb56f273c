/// How a text is cut into the pieces that are encoded each for itself.
indirect enum PreTokenizer: Sendable {
    /// What becomes of what was searched for.
    enum Behavior: String, Sendable {
        case removed = "Removed"
        case isolated = "Isolated"
        case mergedWithPrevious = "MergedWithPrevious"
        case mergedWithNext = "MergedWithNext"
        case contiguous = "Contiguous"
    }

    /// Where a sign that stands for a space is put in front.
    enum Prefix: String, Sendable {
        case always, first, never
    }

    case split(TextSearch, Behavior, isInverted: Bool)
    /// Around numbers, or each digit by itself.
    case digits(isIndividual: Bool)
    /// A space in front where there is none.
    case prefixSpace
    /// Spaces as another sign, with one in front, and cuts before each.
    case metaspace([UInt8], Prefix, splits: Bool)
    case sequence([PreTokenizer])

    /// A text with the ranges that are its pieces.
    struct Pieces {
        var bytes: [UInt8]
        var ranges: [Range<Int>]
    }

    /// Cuts; `isFirst` says whether the text is the beginning of all.
    ///
    /// Throws what matching throws.
    func apply(_ pieces: inout Pieces, isFirst: Bool, _ scratch: inout TextPattern.Scratch) throws {
        switch self {
        case .sequence(let all): for each in all { try each.apply(&pieces, isFirst: isFirst, &scratch) }
        case .split(let search, let behavior, let isInverted):
            try cut(&pieces) { text in
                let parts = try search.cut(text, &scratch).map { ($0.range, $0.isMatch != isInverted) }
                return Self.ranges(parts, behavior)
            }
        case .digits(let isIndividual):
            cut(&pieces) { Self.ranges(Self.numbers($0), isIndividual ? .isolated : .contiguous) }
        case .prefixSpace:
            Self.rewrite(&pieces) { piece, _ in piece.first == 32 ? Array(piece) : [32] + piece }
        case .metaspace(let sign, let prefix, let splits):
            Self.rewrite(&pieces) { piece, isStart in
                var text: [UInt8] = []
                for byte in piece { if byte == 32 { text += sign } else { text.append(byte) } }
                let isWanted = prefix == .always || (prefix == .first && isStart && isFirst)
                return isWanted && !text.starts(with: sign) ? sign + text : text
            }
            guard splits else { return }
            try cut(&pieces) { Self.ranges(try TextSearch.text(sign).cut($0, &scratch), .mergedWithNext) }
        }
    }

    private func cut(_ pieces: inout Pieces, _ body: (UTF8Text.Bytes) throws -> [Range<Int>]) rethrows {
        let old = pieces.ranges
        pieces.ranges = try pieces.bytes.withUnsafeBufferPointer { bytes in
            var ranges: [Range<Int>] = []
            for range in old {
                let parts = try body(UTF8Text.Bytes(rebasing: bytes[range]))
                for part in parts where !part.isEmpty {
                    ranges.append(range.lowerBound + part.lowerBound..<range.lowerBound + part.upperBound)
                }
            }
            return ranges
        }
    }

    private static func rewrite(_ pieces: inout Pieces, _ body: (ArraySlice<UInt8>, _ isStart: Bool) -> [UInt8]) {
        var new = Pieces(bytes: [], ranges: [])
        for range in pieces.ranges {
            let start = new.bytes.count
            new.bytes += body(pieces.bytes[range], range.lowerBound == 0)
            new.ranges.append(start..<new.bytes.count)
        }
        pieces = new
    }

    /// A text's numerals, each character by itself.
    private static func numbers(_ text: UTF8Text.Bytes) -> [(Range<Int>, Bool)] {
        var (parts, place, done): ([(Range<Int>, Bool)], Int, Int) = ([], 0, 0)
        while place < text.count {
            let (value, next) = UTF8Text.scalar(text, at: place)
            if let scalar = Unicode.Scalar(value), Category.bit(scalar) & Category.numbers != 0 {
                if done < place { parts.append((done..<place, false)) }
                parts.append((place..<next, true))
                done = next
            }
            place = next
        }
        if done < text.count { parts.append((done..<text.count, false)) }
        return parts
    }

    private static func ranges(_ parts: [(range: Range<Int>, isMatch: Bool)], _ behavior: Behavior) -> [Range<Int>] {
        switch behavior {
        case .isolated: return parts.map(\.range)
        case .removed: return parts.filter { !$0.isMatch }.map(\.range)
        case .mergedWithPrevious: return merged(parts) { $0.lowerBound..<$1.upperBound }
        case .mergedWithNext: return merged(parts.reversed()) { $1.lowerBound..<$0.upperBound }.reversed()
        case .contiguous:
            var ranges: [Range<Int>] = []
            for (index, part) in parts.enumerated() {
                if index > 0, parts[index - 1].isMatch == part.isMatch {
                    ranges[ranges.count - 1] = ranges[ranges.count - 1].lowerBound..<part.range.upperBound
                } else {
                    ranges.append(part.range)
                }
            }
            return ranges
        }
    }

    /// Matches joined to what comes before them in the order given; one behind a match stands by itself.
    private static func merged(
        _ parts: [(range: Range<Int>, isMatch: Bool)], _ join: (Range<Int>, Range<Int>) -> Range<Int>
    ) -> [Range<Int>] {
        var (ranges, wasMatch): ([Range<Int>], Bool) = ([], false)
        for part in parts {
            if part.isMatch, !wasMatch, let last = ranges.popLast() {
                ranges.append(join(last, part.range))
            } else {
                ranges.append(part.range)
            }
            wasMatch = part.isMatch
        }
        return ranges
    }
}
