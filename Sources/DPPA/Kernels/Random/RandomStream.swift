/// The uniform numbers of one tensor in one stream: element i has the same number in whatever order it is asked for.
///
/// Philox 4×32-10. Key: the hash of the seed's eight bytes (little-endian) followed by the stream's name in UTF-8, low word
/// first. Counter: words 0 and 1 are ⌊i / 4⌋ (low, high), words 2 and 3 the hash of the tensor's name in UTF-8 (low, high).
/// Element i takes word i mod 4 of the block; its number is ⌊word / 2^8⌋ · 2^-24, in 0..<1.
///
/// The hash is FNV-1a of 64 bits, mixed by the finalizer of SplitMix64, because the upper bits of FNV-1a vary little.
package struct RandomStream: Sendable {
    private let key: SIMD2<UInt32>
    private let tensor: (low: UInt64, high: UInt64)

    /// The numbers of a tensor, by its name, in a stream under a seed.
    package init(seed: UInt64, stream: String, tensor: String) {
        let seedBytes = (0..<8).map { UInt8(truncatingIfNeeded: seed >> (8 * UInt64($0))) }
        let hash = Self.hash(seedBytes + stream.utf8)
        key = SIMD2(UInt32(truncatingIfNeeded: hash), UInt32(truncatingIfNeeded: hash >> 32))
        let name = Self.hash(Array(tensor.utf8))
        self.tensor = (name & 0xffff_ffff, name >> 32)
    }

    /// Writes the numbers of the elements `firstIndex..<firstIndex + count`, and nothing behind them; any `firstIndex` ≥ 0.
    package func uniform(firstIndex: Int, count: Int, into out: UnsafeMutablePointer<Float>) {
        var (index, done) = (firstIndex, 0)
        while done < count {
            let skipped = index & 3
            if skipped == 0 && count - done >= 32 {
                write(UInt64(truncatingIfNeeded: index >> 2), out + done)
                index &+= 32
                done &+= 32
            } else {
                let piece = min(count - done, 32 - skipped)
                withUnsafeTemporaryAllocation(of: Float.self, capacity: 32) { buffer in
                    guard let start = buffer.baseAddress else { return }
                    write(UInt64(truncatingIfNeeded: index >> 2), start)
                    (out + done).update(from: start + skipped, count: piece)
                }
                // A first piece ends where blocks begin again, so that the others need no buffer.
                index &+= piece
                done &+= piece
            }
        }
    }

    /// The 32 numbers of eight blocks.
    @inline(__always)
    private func write(_ block: UInt64, _ out: UnsafeMutablePointer<Float>) {
        let lower = Philox.Words(repeating: 0xffff_ffff)
        let shift = Philox.Words(repeating: 32)
        let numbers = Philox.Words(repeating: block) &+ Philox.Words(0, 1, 2, 3, 4, 5, 6, 7)
        var blocks = Philox.Blocks(
            words: numbers, numbers &>> shift, Philox.Words(repeating: tensor.low),
            Philox.Words(repeating: tensor.high))
        blocks.encrypt(key: key)
        // Two neighbouring words of a block in each lane; even lanes have words 0 and 1, odd ones 2 and 3.
        var pairs = SIMD16<UInt64>()
        pairs.evenHalf = (blocks.w0 & lower) | (blocks.w1 &<< shift)
        pairs.oddHalf = (blocks.w2 & lower) | (blocks.w3 &<< shift)
        let all = unsafeBitCast(pairs, to: SIMD32<UInt32>.self)
        out.store(Self.unit(all.lowHalf), 0)
        out.store(Self.unit(all.highHalf), 16)
    }

    /// ⌊word / 2^8⌋ · 2^-24, exactly.
    @inline(__always)
    static func unit(_ words: SIMD16<UInt32>) -> Lanes {
        let upper = unsafeBitCast(words &>> SIMD16(repeating: 8), to: SIMD16<Int32>.self)
        var numbers = Lanes()
        // By hand: the generic conversion is a call.
        for lane in 0..<16 { numbers[lane] = Float(upper[lane]) }
        return numbers * Lanes(repeating: 0x1p-24)
    }

    private static func hash(_ bytes: [UInt8]) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        hash = (hash ^ hash >> 30) &* 0xbf58_476d_1ce4_e5b9
        hash = (hash ^ hash >> 27) &* 0x94d0_49bb_1331_11eb
        return hash ^ hash >> 31
    }
}
