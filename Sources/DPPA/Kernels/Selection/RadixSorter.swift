import DPPASupport

/// A stable sort of keys with their indices, for one row after the other.
struct RadixSorter {
    /// Keys in the upper half, indices in the lower.
    struct Order {
        fileprivate let pairs: UnsafeMutablePointer<UInt64>

        /// The index that was given with the key at a position of the ascending order.
        @inline(__always)
        func index(_ position: Int) -> Int { Int(pairs[position] & 0xffff_ffff) }
    }

    private let first: Buffer<UInt64>
    private let second: Buffer<UInt64>
    private let bins: Buffer<UInt32>

    /// Room for rows of up to `capacity` elements, fewer than 2^32.
    init(capacity: Int) {
        first = Buffer(capacity)
        second = Buffer(capacity)
        bins = Buffer(Self.longestDigit.bins * Self.mostDigits)
    }

    /// Gives the key of an index, in ascending order of indices.
    @inline(__always)
    func set(_ index: Int, key: UInt32) {
        first.pointer[index] = UInt64(key) << 32 | UInt64(truncatingIfNeeded: index)
    }

    /// Sorts the keys of the indices 0..<count; equal keys stay in the order of their indices.
    ///
    /// Only the bits in which the row's keys differ are looked at: differences of bfloat16 numbers have a short fraction, so two
    /// digits are enough where a float32 needs three.
    func sort(count: Int) -> Order {
        guard count > 64 else { return insertionSort(count) }
        let varying = varyingBits(count)
        guard varying != 0 else { return Order(pairs: first.pointer) }
        let lowest = varying.trailingZeroBitCount
        let width = UInt32.bitWidth - varying.leadingZeroBitCount - lowest
        let digits = (width + Self.longestDigit.bits - 1) / Self.longestDigit.bits
        let digit = Digit(bits: (width + digits - 1) / digits)
        let shift = UInt64(UInt32.bitWidth + lowest)
        countDigits(count, digit, digits, shift)
        var (source, target) = (first.pointer, second.pointer)
        for place in 0..<digits {
            distribute(
                source, target, count, digit, shift + UInt64(place * digit.bits), bins.pointer + place * digit.bins)
            swap(&source, &target)
        }
        return Order(pairs: source)
    }

    /// A digit of a key: how many bits it has, and so how many values.
    private struct Digit {
        let bits: Int
        var bins: Int { 1 << bits }
        var mask: UInt64 { UInt64(truncatingIfNeeded: bins - 1) }
    }

    private static let longestDigit = Digit(bits: 11)
    private static let mostDigits = 3

    /// The bits in which some two keys differ.
    private func varyingBits(_ count: Int) -> UInt32 {
        let pairs = first.pointer
        let one = pairs[0]
        var varying: UInt64 = 0
        for index in 0..<count { varying |= pairs[index] ^ one }
        return UInt32(truncatingIfNeeded: varying >> 32)
    }

    /// Counts the values of all digits in one pass.
    private func countDigits(_ count: Int, _ digit: Digit, _ digits: Int, _ shift: UInt64) {
        let (pairs, bins, mask, step) = (first.pointer, bins.pointer, digit.mask, UInt64(digit.bits))
        bins.update(repeating: 0, count: digits * digit.bins)
        let (second, third) = (bins + digit.bins, bins + 2 * digit.bins)
        switch digits {
        case 1:
            for index in 0..<count { bins[Int(pairs[index] &>> shift & mask)] &+= 1 }
        case 2:
            for index in 0..<count {
                let key = pairs[index] &>> shift
                bins[Int(key & mask)] &+= 1
                second[Int(key &>> step & mask)] &+= 1
            }
        default:
            for index in 0..<count {
                let key = pairs[index] &>> shift
                bins[Int(key & mask)] &+= 1
                second[Int(key &>> step & mask)] &+= 1
                third[Int(key &>> (2 &* step) & mask)] &+= 1
            }
        }
    }

    /// Orders by one digit, of which `starts` has the counts.
    private func distribute(
        _ source: UnsafeMutablePointer<UInt64>, _ target: UnsafeMutablePointer<UInt64>, _ count: Int, _ digit: Digit,
        _ shift: UInt64, _ starts: UnsafeMutablePointer<UInt32>
    ) {
        var sum: UInt32 = 0
        for bin in 0..<digit.bins {
            let size = starts[bin]
            starts[bin] = sum
            sum &+= size
        }
        let mask = digit.mask
        for index in 0..<count {
            let pair = source[index]
            let bin = Int(pair &>> shift & mask)
            let place = starts[bin]
            target[Int(place)] = pair
            starts[bin] = place &+ 1
        }
    }

    private func insertionSort(_ count: Int) -> Order {
        let pairs = first.pointer
        for position in 1..<max(1, count) {
            let pair = pairs[position]
            var hole = position
            while hole > 0, pairs[hole - 1] > pair {
                pairs[hole] = pairs[hole - 1]
                hole -= 1
            }
            pairs[hole] = pair
        }
        return Order(pairs: pairs)
    }
}
