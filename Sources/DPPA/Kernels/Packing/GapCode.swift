/// Places of a few elements among many, as the gaps before them.
///
/// A gap is how many elements lie between one and the one before it, or the beginning. It is written in bytes of seven bits,
/// the lowest first, of which all but its last have their highest bit set (LEB128).
package enum GapCode {
    /// What the bits of a run of elements take, `ChangedBits`.
    package struct Run: BitwiseCopyable, Sendable {
        /// How many bits are set.
        package var count = 0
        /// The places of the first and the last of them in the run.
        package var first = 0, last = 0
        /// The bytes of all gaps but that before the first.
        package var byteCount = 0

        /// Of no bits.
        package init() {}

        /// Of so many bits.
        package init(_ bits: UnsafePointer<UInt8>, count: Int) {
            var (index, previous) = (0, -1)
            while index < count {
                var mask = ChangedBits.word(bits, index, of: count &- index)
                while mask != 0 {
                    let place = index &+ mask.trailingZeroBitCount
                    if previous < 0 { first = place } else { byteCount &+= GapCode.byteCount(place &- previous &- 1) }
                    previous = place
                    self.count &+= 1
                    mask &= mask &- 1
                }
                index &+= 64
            }
            last = max(0, previous)
        }
    }

    /// The bytes of one gap.
    @inline(__always)
    package static func byteCount(_ gap: Int) -> Int {
        gap < 128 ? 1 : (Int.bitWidth &- gap.leadingZeroBitCount &+ 6) / 7
    }

    /// Writes the gaps of a run before which `before` elements are not marked, and gives how many bytes they take.
    package static func encode(
        _ bits: UnsafePointer<UInt8>, count: Int, before: Int, into bytes: UnsafeMutablePointer<UInt8>
    ) -> Int {
        var (index, previous, next) = (0, -1 &- before, 0)
        while index < count {
            var mask = ChangedBits.word(bits, index, of: count &- index)
            while mask != 0 {
                let place = index &+ mask.trailingZeroBitCount
                var gap = place &- previous &- 1
                while gap > 127 {
                    bytes[next] = UInt8(truncatingIfNeeded: gap) | 128
                    gap >>= 7
                    next &+= 1
                }
                bytes[next] = UInt8(truncatingIfNeeded: gap)
                next &+= 1
                previous = place
                mask &= mask &- 1
            }
            index &+= 64
        }
        return next
    }

    /// Marks the places in `range` that gaps lead to, in bits that are 0, from behind the place `place` on.
    ///
    /// The bytes are those that `GapIndex` has seen. Gives how many come before the range and how many are in it.
    package static func decode(
        _ bytes: UnsafePointer<UInt8>, count: Int, behind place: Int, range: Range<Int>,
        into bits: UnsafeMutablePointer<UInt8>
    ) -> (before: Int, marked: Int) {
        var (next, place, before, marked) = (0, place, 0, 0)
        while next < count {
            var (gap, shift) = (0, 0)
            while next < count {
                let byte = Int(bytes[next])
                next &+= 1
                gap |= (byte & 127) &<< shift
                shift &+= 7
                if byte < 128 { break }
            }
            place &+= gap &+ 1
            if place >= range.upperBound { break }
            if place < range.lowerBound {
                before &+= 1
            } else {
                let bit = place &- range.lowerBound
                bits[bit >> 3] |= 1 << UInt8(bit & 7)
                marked &+= 1
            }
        }
        return (before, marked)
    }
}

/// Where blocks of elements begin in a list of gaps, found in one walk over the bytes.
package struct GapIndex: Sendable {
    /// Where decoding stands before a block.
    package struct Entry: Sendable, Equatable {
        /// The byte of the next gap.
        package var byte: Int
        /// The last place that was marked; −1 for none.
        package var place: Int
        /// How many have been marked.
        package var count: Int

        package init(byte: Int, place: Int, count: Int) { (self.byte, self.place, self.count) = (byte, place, count) }
    }

    /// What is wrong with bytes that are no gaps of so many elements.
    package enum Fault: Error {
        /// A gap leads beyond the last element.
        case beyond
        /// The last gap is not complete, or one is too long.
        case unfinished
    }

    /// Before each block, and behind all.
    package private(set) var entries: [Entry] = []
    private let elements, block: Int
    /// Where decoding stands behind the last whole gap.
    private var here = Entry(byte: 0, place: -1, count: 0)
    /// What is known of the next gap.
    private var gap = 0, shift = 0
    /// How many bytes have been read.
    private var end = 0

    /// An index of no bytes yet.
    package init(elements: Int, block: Int) {
        (self.elements, self.block) = (elements, block)
        entries.reserveCapacity(elements / block &+ 2)
    }

    /// Reads the next bytes.
    package mutating func add(_ bytes: UnsafePointer<UInt8>, count: Int) throws(Fault) {
        for next in 0..<count {
            let byte = Int(bytes[next])
            guard shift < 49 else { throw .unfinished }
            gap |= (byte & 127) &<< shift
            shift &+= 7
            end &+= 1
            guard byte < 128 else { continue }
            let place = here.place &+ gap &+ 1
            guard place < elements else { throw .beyond }
            while entries.count &* block <= place { entries.append(here) }
            here = Entry(byte: end, place: place, count: here.count &+ 1)
            (gap, shift) = (0, 0)
        }
    }

    /// Ends the walk, and gives how many places there are.
    package mutating func finish() throws(Fault) -> Int {
        guard shift == 0 else { throw .unfinished }
        while entries.count &* block < elements &+ block { entries.append(here) }
        return here.count
    }
}
