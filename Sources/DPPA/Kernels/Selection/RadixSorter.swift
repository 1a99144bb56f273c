import DPPASupport

/// A stable sort of elements with their indices, for one row after the other.
struct RadixSorter {
    /// Keys in the upper half, indices in the lower.
    struct Order {
        let pairs: UnsafeMutablePointer<UInt64>

        /// The index of the element at a position of the ascending order.
        @inline(__always)
        func index(_ position: Int) -> Int { Int(pairs[position] & 0xffff_ffff) }
    }

    let keys: Buffer<UInt32>
    let places: Buffer<UInt32>
    let first: Buffer<UInt64>
    private let second: Buffer<UInt64>
    let bins: Buffer<UInt32>

    /// Room for rows of up to `capacity` elements, fewer than 2^32.
    init(capacity: Int) {
        keys = Buffer(capacity)
        places = Buffer(capacity)
        first = Buffer(capacity)
        second = Buffer(capacity)
        bins = Buffer(max(1 << Self.mostLeadingBits, Self.longestDigit.bins * Self.mostDigits))
    }

    /// Sorts elements by `OrderKey.ascending`; equal ones stay in the order of their indices.
    ///
    /// Only the bits in which the row's keys differ are looked at. Where these are few, as of magnitudes of differences of
    /// bfloat16 numbers, so are the values, and neighbours by the leading bits are mostly equal.
    func sort(_ x: UnsafePointer<Float>, count: Int) -> Order {
        let spread = fillKeys(x, count)
        if count > 64, spread.width <= Self.mostBits, let order = sortByLeadingBits(count, spread) { return order }
        let (pairs, keys) = (first.pointer, keys.pointer)
        for index in 0..<count { pairs[index] = Self.pair(keys[index], index) }
        return count > 64 ? sortByDigits(count, spread.varying) : sortByInsertion(count)
    }

    @inline(__always)
    static func pair(_ key: UInt32, _ index: Int) -> UInt64 {
        UInt64(key) << 32 | UInt64(truncatingIfNeeded: index)
    }

    /// How the keys of a row differ.
    struct Spread {
        /// The bits in which some two differ.
        var varying: UInt32
        /// The leading bits are those of keys minus this; what lies below counts as equal to it.
        var floor: UInt32
        /// How many bits keys minus the floor have.
        var bits: Int
        /// How many of these vary.
        var width: Int { max(0, bits - varying.trailingZeroBitCount) }
    }

    /// Sixteen octaves: magnitudes that lie further below the largest one, zeros as a rule, share their leading bits.
    private static var deepest: UInt32 { 16 << 23 }

    private func fillKeys(_ x: UnsafePointer<Float>, _ count: Int) -> Spread {
        guard count > 0 else { return Spread(varying: 0, floor: 0, bits: 0) }
        let keys = keys.pointer
        let one = OrderKey.ascending(x[0])
        OrderKey.fill(keys, x, count: count, .ascending)
        // Up to a multiple of sixteen, so that every vector is whole.
        for index in count..<(count + 15) & ~15 { keys[index] = one }
        let sign = SIMD16<UInt32>(repeating: 1 << 31)
        var varying = SIMD16<UInt32>()
        // Signed, as AVX2 compares.
        var (least, greatest) = (SIMD16<Int32>(repeating: .max), SIMD16<Int32>(repeating: .min))
        var index = 0
        while index < count {
            let lanes = UnsafeRawPointer(keys + index).loadUnaligned(as: SIMD16<UInt32>.self)
            varying |= lanes ^ SIMD16(repeating: one)
            let signed = unsafeBitCast(lanes ^ sign, to: SIMD16<Int32>.self)
            least = least.replacing(with: signed, where: signed .< least)
            greatest = greatest.replacing(with: signed, where: signed .> greatest)
            index &+= 16
        }
        var (all, low, high) = (varying[0], least[0], greatest[0])
        for lane in 1..<16 {
            all |= varying[lane]
            low = min(low, least[lane])
            high = max(high, greatest[lane])
        }
        let (bottom, top) = (UInt32(bitPattern: low) ^ 1 << 31, UInt32(bitPattern: high) ^ 1 << 31)
        // Numbers of both signs are spread around keys of zero, and none of them can be left out.
        let floor = bottom >= 1 << 31 && top - bottom > Self.deepest ? top - Self.deepest : bottom
        return Spread(varying: all, floor: floor, bits: UInt32.bitWidth - (top - floor).leadingZeroBitCount)
    }

    private func sortByInsertion(_ count: Int) -> Order {
        _ = putRight(count, steps: .max)
        return Order(pairs: first.pointer)
    }

    /// Moves each pair back to where it belongs among those before it; false when that has taken too many steps.
    func putRight(_ count: Int, steps: Int) -> Bool {
        let pairs = first.pointer
        var left = steps
        var position = 1
        while position < count {
            let pair = pairs[position]
            if pair < pairs[position &- 1] {
                var hole = position
                repeat {
                    pairs[hole] = pairs[hole &- 1]
                    hole &-= 1
                } while hole > 0 && pairs[hole &- 1] > pair
                pairs[hole] = pair
                left &-= position &- hole
                if left < 0 { return false }
            }
            position &+= 1
        }
        return true
    }
}

/// By digits, from the last.
extension RadixSorter {
    /// A digit of a key: how many bits it has, and so how many values.
    private struct Digit {
        let bits: Int
        var bins: Int { 1 << bits }
        var mask: UInt64 { UInt64(truncatingIfNeeded: bins - 1) }
    }

    private static var longestDigit: Digit { Digit(bits: 11) }
    private static var mostDigits: Int { 3 }

    private func sortByDigits(_ count: Int, _ varying: UInt32) -> Order {
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
}
