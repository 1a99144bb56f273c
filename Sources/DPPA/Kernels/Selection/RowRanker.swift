import DPPASupport

/// The ranks of the elements of one row after the other, by a stable sort of their keys.
///
/// Digit by digit, the lowest first, and only over the bits in which a row's keys differ: differences of bfloat16 numbers have a
/// short fraction, so that two digits are enough where a float32 needs three, and key and index fit into one word of 32 bits. The
/// last digit gives places, and so ranks, without a sorted row being written.
struct RowRanker {
    private let keys: Buffer<UInt32>
    private let narrow: (Buffer<UInt32>, Buffer<UInt32>)
    private let wide: (Buffer<UInt64>, Buffer<UInt64>)
    private let bins: Buffer<UInt32>
    /// The bits of an index.
    private let indexBits: Int

    /// Bits of a digit, and digits of a key, at most: the counts of one digit fit into the first-level cache.
    private static let (digitBits, digitCount) = (11, 4)
    /// Rows of so many elements are sorted by insertion.
    private static let few = 48

    /// Room for rows of up to `capacity` elements, fewer than 2^32.
    init(capacity: Int) {
        keys = Buffer(capacity)
        // Both are small beside the row's own registers, and which of them a row needs is only known when it is there.
        narrow = (Buffer(capacity), Buffer(capacity))
        wide = (Buffer(capacity), Buffer(capacity))
        bins = Buffer(Self.digitCount << Self.digitBits)
        indexBits = Int.bitWidth - max(1, capacity - 1).leadingZeroBitCount
    }

    /// `ranks[i]` = how many elements come before x[i] in ascending order; equal ones by index, NaN last.
    func rank(_ x: UnsafePointer<Float>, count: Int, into ranks: UnsafeMutablePointer<Float>) {
        OrderKey.fill(keys.pointer, x, count: count, .ascending)
        let varying = varyingBits(count)
        guard varying != 0 else {
            for index in 0..<count { ranks[index] = Float(index) }
            return
        }
        guard count > Self.few else { return insert(count, ranks) }
        let lowest = varying.trailingZeroBitCount
        let width = UInt32.bitWidth - varying.leadingZeroBitCount - lowest
        let digit = Digit(width: width, shift: UInt32(lowest), elements: count)
        countDigits(count, digit)
        // All digits, which may reach beyond the bits that vary.
        if digit.count * digit.bits + indexBits <= UInt32.bitWidth {
            place(count, digit, narrow.0.pointer, narrow.1.pointer, ranks)
        } else {
            place(count, digit, wide.0.pointer, wide.1.pointer, ranks)
        }
    }

    /// How the bits of keys are cut: digits of so many bits from a lowest bit on.
    private struct Digit {
        let bits: Int
        let count: Int
        let shift: UInt32

        /// As many digits as cost least: each goes over the elements, twice with its counts, and over its values.
        init(width: Int, shift: UInt32, elements: Int) {
            var (best, least) = ((bits: width, count: 1), Int.max)
            for count in 1...RowRanker.digitCount {
                let bits = (width + count - 1) / count
                guard bits <= RowRanker.digitBits else { continue }
                let cost = count * (2 * elements + 1 << bits)
                if cost < least { (best, least) = ((bits, count), cost) }
            }
            (bits, count, self.shift) = (best.bits, best.count, shift)
        }

        var bins: Int { 1 << bits }
        var mask: UInt32 { UInt32(truncatingIfNeeded: bins - 1) }
    }

    /// The bits in which some two keys differ.
    private func varyingBits(_ count: Int) -> UInt32 {
        guard count > 0 else { return 0 }
        let (keys, one) = (UnsafePointer(keys.pointer), keys.pointer[0])
        var varying: UInt32 = 0
        for index in 0..<count { varying |= keys[index] ^ one }
        return varying
    }

    /// Counts the values of all digits, and makes of the counts the places where each value begins.
    private func countDigits(_ count: Int, _ digit: Digit) {
        let (keys, first) = (UnsafePointer(keys.pointer), bins.pointer)
        let (mask, shift, step) = (digit.mask, digit.shift, UInt32(digit.bits))
        first.update(repeating: 0, count: digit.count * digit.bins)
        if digit.count == 2 {
            let second = first + digit.bins
            for index in 0..<count {
                let key = keys[index] &>> shift
                first[Int(key & mask)] &+= 1
                second[Int(key &>> step & mask)] &+= 1
            }
        } else {
            for number in 0..<digit.count {
                let (bins, down) = (first + number * digit.bins, shift &+ UInt32(number) &* step)
                for index in 0..<count { bins[Int(keys[index] &>> down & mask)] &+= 1 }
            }
        }
        for number in 0..<digit.count {
            let bins = first + number * digit.bins
            var sum: UInt32 = 0
            for bin in 0..<digit.bins {
                let size = bins[bin]
                bins[bin] = sum
                sum &+= size
            }
        }
    }

    /// Ranks of a few elements.
    private func insert(_ count: Int, _ ranks: UnsafeMutablePointer<Float>) {
        let (keys, words) = (keys.pointer, wide.0.pointer)
        for position in 0..<count {
            let word = UInt64(keys[position]) << 32 | UInt64(position)
            var hole = position
            while hole > 0, words[hole - 1] > word {
                words[hole] = words[hole - 1]
                hole -= 1
            }
            words[hole] = word
        }
        for position in 0..<count { ranks[Int(words[position] & 0xffff_ffff)] = Float(position) }
    }

    /// Orders words of key and index by all digits but the last, which gives the ranks.
    @inline(__always)
    private func place<Word: FixedWidthInteger & UnsignedInteger>(
        _ count: Int, _ digit: Digit, _ a: UnsafeMutablePointer<Word>, _ b: UnsafeMutablePointer<Word>,
        _ ranks: UnsafeMutablePointer<Float>
    ) {
        let (keys, starts) = (UnsafePointer(keys.pointer), bins.pointer)
        let (mask, shift) = (digit.mask, digit.shift)
        guard digit.count > 1 else {
            for index in 0..<count {
                let bin = Int(keys[index] &>> shift & mask)
                ranks[index] = Float(starts[bin])
                starts[bin] &+= 1
            }
            return
        }
        // Bits above those that vary are the same in all keys, and may be cut off by the word's end.
        let up = Word(truncatingIfNeeded: indexBits)
        for index in 0..<count {
            let key = keys[index] &>> shift
            let bin = Int(key & mask)
            let place = starts[bin]
            a[Int(place)] = Word(truncatingIfNeeded: key) &<< up | Word(truncatingIfNeeded: index)
            starts[bin] = place &+ 1
        }
        var (source, target) = (a, b)
        let wordMask = Word(truncatingIfNeeded: mask)
        for number in 1..<digit.count - 1 {
            let (bins, down) = (starts + number * digit.bins, up &+ Word(truncatingIfNeeded: number * digit.bits))
            for index in 0..<count {
                let word = source[index]
                let bin = Int(truncatingIfNeeded: word &>> down & wordMask)
                let place = bins[bin]
                target[Int(place)] = word
                bins[bin] = place &+ 1
            }
            swap(&source, &target)
        }
        let number = digit.count - 1
        let (bins, down) = (starts + number * digit.bins, up &+ Word(truncatingIfNeeded: number * digit.bits))
        let indexMask = Word(truncatingIfNeeded: (1 << indexBits) - 1)
        for index in 0..<count {
            let word = source[index]
            let bin = Int(truncatingIfNeeded: word &>> down & wordMask)
            ranks[Int(truncatingIfNeeded: word & indexMask)] = Float(bins[bin])
            bins[bin] &+= 1
        }
    }
}
