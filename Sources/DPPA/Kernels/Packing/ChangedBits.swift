/// A bit for each element of a run: whether it has other bytes than an element of another tensor.
///
/// The first element has the lowest bit of the first byte, as NumPy's `packbits(…, bitorder="little")` has it; bits behind
/// the last element are 0. Elements are words of 1, 2, 4 or 8 bytes and are compared as such: NaNs of one payload are equal,
/// 0 and −0 are not. Pointers to elements need no alignment; bits lie in a `Buffer`, behind whose end some bytes may be read.
package enum ChangedBits {
    /// The bytes that the bits of so many elements take.
    package static func byteCount(_ elements: Int) -> Int { (elements &+ 7) / 8 }

    /// Compares elements of `size` bytes, and gives how many differ.
    package static func compare(
        _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, size: Int, count: Int, into bits: UnsafeMutablePointer<UInt8>
    ) -> Int {
        switch size {
        case 1: compare(a, b, UInt8.self, count, bits)
        case 2: compare(a, b, UInt16.self, count, bits)
        case 4: compare(a, b, UInt32.self, count, bits)
        default: compare(a, b, UInt64.self, count, bits)
        }
    }

    private static func compare<Word: FixedWidthInteger & BitwiseCopyable>(
        _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _: Word.Type, _ count: Int, _ bits: UnsafeMutablePointer<UInt8>
    ) -> Int {
        let size = MemoryLayout<Word>.size
        var (index, found) = (0, 0)
        while index &+ 64 <= count {
            let (x, y) = (a + index &* size, b + index &* size)
            var difference: UInt64 = 0
            for word in 0..<8 &* size {
                difference |=
                    x.loadUnaligned(fromByteOffset: word &* 8, as: UInt64.self)
                    ^ y.loadUnaligned(fromByteOffset: word &* 8, as: UInt64.self)
            }
            // Where little has changed most blocks are equal.
            let mask = difference == 0 ? 0 : Self.mask(x, y, Word.self, 64)
            UnsafeMutableRawPointer(bits).storeBytes(of: mask.littleEndian, toByteOffset: index / 8, as: UInt64.self)
            found &+= mask.nonzeroBitCount
            index &+= 64
        }
        if index < count {
            let mask = Self.mask(a + index &* size, b + index &* size, Word.self, count &- index)
            for byte in 0..<byteCount(count &- index) {
                bits[index / 8 &+ byte] = UInt8(truncatingIfNeeded: mask >> UInt64(byte &* 8))
            }
            found &+= mask.nonzeroBitCount
        }
        return found
    }

    /// The bits of at most 64 elements.
    @inline(__always)
    private static func mask<Word: FixedWidthInteger & BitwiseCopyable>(
        _ x: UnsafeRawPointer, _ y: UnsafeRawPointer, _: Word.Type, _ count: Int
    ) -> UInt64 {
        let size = MemoryLayout<Word>.size
        var mask: UInt64 = 0
        for lane in 0..<count {
            let (p, q) = (
                x.loadUnaligned(fromByteOffset: lane &* size, as: Word.self),
                y.loadUnaligned(fromByteOffset: lane &* size, as: Word.self)
            )
            mask |= UInt64(p == q ? 0 : 1) &<< UInt64(truncatingIfNeeded: lane)
        }
        return mask
    }

    /// Sets the bits of a range; those behind it in its last byte become 0.
    package static func set(_ range: Range<Int>, in bits: UnsafeMutablePointer<UInt8>) {
        var index = range.lowerBound
        while index < range.upperBound {
            let count = min(8 &- index & 7, range.upperBound &- index)
            let ones = UInt8(truncatingIfNeeded: (1 << count) &- 1) << UInt8(index & 7)
            bits[index >> 3] = index & 7 == 0 ? ones : bits[index >> 3] | ones
            index &+= count
        }
    }

    /// How many of `count` bits from `first` on are set.
    package static func count(_ bits: UnsafePointer<UInt8>, first: Int, count: Int) -> Int {
        var (index, found) = (0, 0)
        while index < count {
            found &+= word(bits, first &+ index, of: count &- index).nonzeroBitCount
            index &+= 64
        }
        return found
    }

    /// Up to 64 bits from one on, as many as are left; the others are 0.
    @inline(__always)
    static func word(_ bits: UnsafePointer<UInt8>, _ first: Int, of left: Int) -> UInt64 {
        let place = UnsafeRawPointer(bits) + first >> 3
        let shift = UInt64(truncatingIfNeeded: first & 7)
        let low = UInt64(littleEndian: place.loadUnaligned(as: UInt64.self)) >> shift
        // Shifted by 64 it is gone.
        let high = UInt64(place.loadUnaligned(fromByteOffset: 8, as: UInt8.self)) << (64 &- shift)
        return left < 64 ? (low | high) & ((1 << UInt64(left)) &- 1) : low | high
    }

    /// The most bits that are set in a group of `size`, 4, 8 or 16, that begins at a multiple of it.
    package static func fullest(_ bits: UnsafePointer<UInt8>, count: Int, group size: Int) -> Int {
        let ones: UInt64 = (1 << UInt64(size)) &- 1
        var (index, most) = (0, 0)
        while index < count {
            var word = word(bits, index, of: count &- index)
            while word != 0 {
                most = max(most, (word & ones).nonzeroBitCount)
                word >>= UInt64(size)
            }
            if most == size { break }
            index &+= 64
        }
        return most
    }
}

/// The words of the elements whose bits are set.
extension ChangedBits {
    /// Copies the words that are marked, one after the other.
    package static func gather(
        _ x: UnsafeRawPointer, size: Int, _ bits: UnsafePointer<UInt8>, count: Int, into words: UnsafeMutableRawPointer
    ) {
        switch size {
        case 1: gather(x, UInt8.self, bits, count, words)
        case 2: gather(x, UInt16.self, bits, count, words)
        case 4: gather(x, UInt32.self, bits, count, words)
        default: gather(x, UInt64.self, bits, count, words)
        }
    }

    private static func gather<Word: FixedWidthInteger & BitwiseCopyable>(
        _ x: UnsafeRawPointer, _: Word.Type, _ bits: UnsafePointer<UInt8>, _ count: Int,
        _ words: UnsafeMutableRawPointer
    ) {
        let size = MemoryLayout<Word>.size
        var (index, next) = (0, 0)
        while index < count {
            var mask = word(bits, index, of: count &- index)
            while mask != 0 {
                let lane = mask.trailingZeroBitCount
                words.storeBytes(
                    of: x.loadUnaligned(fromByteOffset: (index &+ lane) &* size, as: Word.self),
                    toByteOffset: next, as: Word.self)
                next &+= size
                mask &= mask &- 1
            }
            index &+= 64
        }
    }

    /// Puts words, one after the other, in the places that are marked among `count` bits from `first` on.
    package static func scatter(
        _ words: UnsafeRawPointer, size: Int, _ bits: UnsafePointer<UInt8>, first: Int, count: Int,
        into x: UnsafeMutableRawPointer
    ) {
        switch size {
        case 1: scatter(words, UInt8.self, bits, first, count, x)
        case 2: scatter(words, UInt16.self, bits, first, count, x)
        case 4: scatter(words, UInt32.self, bits, first, count, x)
        default: scatter(words, UInt64.self, bits, first, count, x)
        }
    }

    private static func scatter<Word: FixedWidthInteger & BitwiseCopyable>(
        _ words: UnsafeRawPointer, _: Word.Type, _ bits: UnsafePointer<UInt8>, _ first: Int, _ count: Int,
        _ x: UnsafeMutableRawPointer
    ) {
        let size = MemoryLayout<Word>.size
        var (index, next) = (0, 0)
        while index < count {
            var mask = word(bits, first &+ index, of: count &- index)
            while mask != 0 {
                let lane = mask.trailingZeroBitCount
                x.storeBytes(
                    of: words.loadUnaligned(fromByteOffset: next, as: Word.self),
                    toByteOffset: (index &+ lane) &* size, as: Word.self)
                next &+= size
                mask &= mask &- 1
            }
            index &+= 64
        }
    }
}
