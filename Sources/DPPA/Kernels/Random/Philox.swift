/// The counter-based generator Philox 4×32-10 of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011).
package enum Philox {
    /// The four words that a counter of four words gives under a key of two.
    package static func block(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
        var blocks = Blocks(
            words: Words(repeating: UInt64(counter[0])), Words(repeating: UInt64(counter[1])),
            Words(repeating: UInt64(counter[2])), Words(repeating: UInt64(counter[3])))
        blocks.encrypt(key: key)
        return SIMD4(
            UInt32(truncatingIfNeeded: blocks.w0[0]), UInt32(truncatingIfNeeded: blocks.w1[0]),
            UInt32(truncatingIfNeeded: blocks.w2[0]), UInt32(truncatingIfNeeded: blocks.w3[0]))
    }

    /// One word of eight blocks, in the lower halves of the lanes; what is in the upper halves has no meaning.
    typealias Words = SIMD8<UInt64>

    /// Eight blocks, word by word: first the counters, then the random numbers.
    struct Blocks {
        var w0, w1, w2, w3: Words

        @inline(__always)
        init(words w0: Words, _ w1: Words, _ w2: Words, _ w3: Words) {
            (self.w0, self.w1, self.w2, self.w3) = (w0, w1, w2, w3)
        }

        /// The ten rounds.
        ///
        /// Not inlined: among other code the compiler regroups the lanes and spends three times as long, as it does where it
        /// can see that the upper halves are not wanted.
        @inline(never)
        mutating func encrypt(key: SIMD2<UInt32>) {
            let lower = Words(repeating: 0xffff_ffff)
            let shift = Words(repeating: 32)
            var (c0, c1, c2, c3) = (w0, w1, w2, w3)
            var (k0, k1) = (UInt64(key[0]), UInt64(key[1]))
            for _ in 0..<10 {
                // The product of lower halves is one instruction, which clears nothing first.
                let first = (c0 & lower) &* Words(repeating: 0xd251_1f53)
                let second = (c2 & lower) &* Words(repeating: 0xcd9e_8d57)
                c0 = (second &>> shift) ^ c1 ^ Words(repeating: k0)
                c1 = second
                c2 = (first &>> shift) ^ c3 ^ Words(repeating: k1)
                c3 = first
                k0 &+= 0x9e37_79b9
                k1 &+= 0xbb67_ae85
            }
            (w0, w1, w2, w3) = (c0, c1, c2, c3)
        }
    }
}
