/// The generator MT19937 of Matsumoto and Nishimura, "Mersenne Twister" (1998), a block of 624 words at a time.
///
/// Seeded as `std::mt19937` and PyTorch's generator of the processor are: words 0… follow from the seed's low 32 bits.
package struct MersenneTwister: Sendable {
    /// The words of a block.
    package static let length = 624

    /// The number of the block that `words` holds; -1 is what the seed gives, which no number is made of.
    package private(set) var block = -1
    private var words: [UInt32]

    /// The generator before its first block.
    package init(seed: UInt64) {
        words = Array(repeating: UInt32(truncatingIfNeeded: seed), count: Self.length)
        for place in 1..<Self.length {
            let last = words[place - 1]
            words[place] = 1_812_433_253 &* (last ^ last >> 30) &+ UInt32(place)
        }
    }

    /// Goes on to a block that is this one or a later one.
    package mutating func advance(to wanted: Int) {
        while block < wanted {
            words.withUnsafeMutableBufferPointer { buffer in
                if let start = buffer.baseAddress { Self.twist(start) }
            }
            block += 1
        }
    }

    /// Writes the block's numbers: the lower 24 bits of each tempered word, times 2^-24.
    package func uniform(into out: UnsafeMutablePointer<Float>) {
        words.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return }
            for place in stride(from: 0, to: Self.length, by: 16) {
                let tempered = Self.tempered(Self.load(start + place))
                out.store(RandomStream.unit(tempered &<< SIMD16(repeating: 8)), place)
            }
        }
    }

    private static func twist(_ words: UnsafeMutablePointer<UInt32>) {
        let (gap, rest) = (397, length - 397)
        // A lane depends on words that are 1 and 397 on, or 227 back, so sixteen at a time are independent.
        for place in stride(from: 0, to: 224, by: 16) { twistLanes(words, place, place + gap) }
        for place in 224..<rest { twistWord(words, place, place + 1, place + gap) }
        for place in stride(from: rest, to: rest + 384, by: 16) { twistLanes(words, place, place - rest) }
        for place in rest + 384..<length - 1 { twistWord(words, place, place + 1, place - rest) }
        twistWord(words, length - 1, 0, gap - 1)
    }

    @inline(__always)
    private static func twistLanes(_ words: UnsafeMutablePointer<UInt32>, _ place: Int, _ other: Int) {
        let upper = load(words + place) & SIMD16(repeating: 0x8000_0000)
        let mixed = upper | (load(words + place + 1) & SIMD16(repeating: 0x7fff_ffff))
        let odd = (SIMD16() &- (mixed & SIMD16(repeating: 1))) & SIMD16(repeating: 0x9908_b0df)
        let result = load(words + other) ^ (mixed &>> SIMD16(repeating: 1)) ^ odd
        UnsafeMutableRawPointer(words + place).storeBytes(of: result, as: SIMD16<UInt32>.self)
    }

    @inline(__always)
    private static func twistWord(_ words: UnsafeMutablePointer<UInt32>, _ place: Int, _ next: Int, _ other: Int) {
        let mixed = (words[place] & 0x8000_0000) | (words[next] & 0x7fff_ffff)
        words[place] = words[other] ^ mixed >> 1 ^ (mixed & 1 == 0 ? 0 : 0x9908_b0df)
    }

    @inline(__always)
    private static func load(_ words: UnsafePointer<UInt32>) -> SIMD16<UInt32> {
        UnsafeRawPointer(words).loadUnaligned(as: SIMD16<UInt32>.self)
    }

    @inline(__always)
    private static func tempered(_ words: SIMD16<UInt32>) -> SIMD16<UInt32> {
        var y = words
        y ^= y &>> SIMD16(repeating: 11)
        y ^= (y &<< SIMD16(repeating: 7)) & SIMD16(repeating: 0x9d2c_5680)
        y ^= (y &<< SIMD16(repeating: 15)) & SIMD16(repeating: 0xefc6_0000)
        return y ^ (y &>> SIMD16(repeating: 18))
    }
}
