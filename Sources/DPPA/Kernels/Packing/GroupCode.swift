/// The same number of words of every group of elements that lie side by side: n of m, m being 4, 8 or 16.
///
/// A word's place in its group takes log₂ m bits, those of one group ascending, packed from the lowest bit of each byte on. A
/// group of which fewer have changed keeps unchanged words as well.
package enum GroupCode {
    /// The sizes of groups.
    package static let sizes = [4, 8, 16]

    /// The bytes that the places of so many groups take.
    package static func byteCount(groups: Int, n: Int, m: Int) -> Int { (groups &* n &* width(m) &+ 7) / 8 }

    /// The bits of a place.
    @inline(__always)
    private static func width(_ m: Int) -> Int { m.trailingZeroBitCount }

    /// Writes places and words of whole groups, of whose elements at most n are marked in `bits`; places go into bytes that
    /// are 0.
    package static func encode(
        _ x: UnsafeRawPointer, size: Int, _ bits: UnsafePointer<UInt8>, count: Int, n: Int, m: Int,
        places: UnsafeMutablePointer<UInt8>, words: UnsafeMutableRawPointer
    ) {
        let (width, all) = (width(m), (UInt64(1) << UInt64(m)) &- 1)
        var (bit, next) = (0, 0)
        for start in stride(from: 0, to: count, by: m) {
            var kept = ChangedBits.word(bits, start, of: m)
            var rest = ~kept & all
            for _ in kept.nonzeroBitCount..<max(n, kept.nonzeroBitCount) {
                kept |= rest & ~(rest &- 1)
                rest &= rest &- 1
            }
            while kept != 0 {
                let place = kept.trailingZeroBitCount
                let shifted = place << (bit & 7)
                places[bit >> 3] |= UInt8(truncatingIfNeeded: shifted)
                if bit & 7 &+ width > 8 { places[bit >> 3 &+ 1] |= UInt8(truncatingIfNeeded: shifted >> 8) }
                bit &+= width
                (words + next).copyMemory(from: x + (start &+ place) &* size, byteCount: size)
                next &+= size
                kept &= kept &- 1
            }
        }
    }

    /// Puts the words of groups where they belong in a range of elements; `places` and `words` are those of the group in
    /// which the range begins and of those after it, the first place at the bit `first`.
    package static func decode(
        places: UnsafePointer<UInt8>, first: Int, words: UnsafeRawPointer, size: Int, n: Int, m: Int,
        range: Range<Int>, into x: UnsafeMutableRawPointer
    ) {
        let width = width(m)
        var (bit, next) = (first, 0)
        for start in stride(from: range.lowerBound / m &* m, to: range.upperBound, by: m) {
            for _ in 0..<n {
                let pair = Int(places[bit >> 3]) | Int(places[bit >> 3 &+ 1]) << 8
                let place = start &+ pair >> (bit & 7) & (m &- 1)
                if range.contains(place) {
                    (x + (place &- range.lowerBound) &* size).copyMemory(from: words + next, byteCount: size)
                }
                bit &+= width
                next &+= size
            }
        }
    }
}
