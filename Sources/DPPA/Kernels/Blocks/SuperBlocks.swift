/// Blocks of 256 elements: groups of 16 or 32 with scales of few bits, which one or two float16 numbers scale in turn.
enum SuperBlocks {
    /// d·s · q − e·m: 2 bits an element, 4-bit s and m for 16 elements.
    @inline(__always)
    static func q2K(_ block: BlockBytes, _ out: UnsafeMutablePointer<Float>) {
        let (d, e) = (block.half(80), block.half(82))
        for group in 0..<16 {
            let (half, shift, side) = place(group)
            let q = (block.codes(16 &+ 32 &* half &+ 16 &* side) &>> (2 &* shift)) & 3
            let (scale, least) = (d * Float(block[group] & 15), e * Float(block[group] &>> 4))
            out.store(scale * Lanes(codes: q) - least, 16 &* group)
        }
    }

    /// d·(s − 32) · (q − 4 where its third bit is 0): 3 bits an element, 6-bit s for 16 elements.
    @inline(__always)
    static func q3K(_ block: BlockBytes, _ out: UnsafeMutablePointer<Float>) {
        let d = block.half(108)
        for group in 0..<16 {
            let (half, shift, side) = place(group)
            let low = (block.codes(32 &+ 32 &* half &+ 16 &* side) &>> (2 &* shift)) & 3
            let high = (block.codes(16 &* side) &>> (4 &* UInt32(half) &+ shift)) & 1
            let nibble = group < 8 ? block[96 &+ group] & 15 : block[88 &+ group] &>> 4
            let rest = (block[104 &+ group & 3] &>> (2 &* UInt32(group / 4))) & 3
            let scale = d * (Float(nibble | rest &<< 4) - 32)
            out.store(scale * Lanes(codes: low | high &<< 2, less: 4), 16 &* group)
        }
    }

    /// d·s · q − e·m: 4 bits an element, 6-bit s and m for 32 elements.
    @inline(__always)
    static func q4K(_ block: BlockBytes, _ out: UnsafeMutablePointer<Float>) {
        nibbles(block, from: 16, out) { low, high, _, _ in (low, high) }
    }

    /// As `q4K` with a fifth bit.
    @inline(__always)
    static func q5K(_ block: BlockBytes, _ out: UnsafeMutablePointer<Float>) {
        nibbles(block, from: 48, out) { low, high, pair, side in
            let fifth = block.codes(16 &+ 16 &* side) &>> (2 &* UInt32(pair))
            return (low | (fifth & 1) &<< 4, high | (fifth & 2) &<< 3)
        }
    }

    /// Pairs of groups of 32 elements, whose nibbles share bytes from a place on; `codes` makes the codes of both out of them.
    @inline(__always)
    private static func nibbles(
        _ block: BlockBytes, from start: Int, _ out: UnsafeMutablePointer<Float>,
        codes: (SIMD16<UInt32>, SIMD16<UInt32>, _ pair: Int, _ side: Int) -> (SIMD16<UInt32>, SIMD16<UInt32>)
    ) {
        let (d, e) = (block.half(0), block.half(2))
        for pair in 0..<4 {
            let (s, m) = scales(block, 2 &* pair)
            let (t, n) = scales(block, 2 &* pair &+ 1)
            let (ds, em, dt, en) = (d * s, e * m, d * t, e * n)
            for side in 0..<2 {
                let q = block.codes(start &+ 32 &* pair &+ 16 &* side)
                let (first, second) = codes(q & 15, q &>> 4, pair, side)
                let target = out + (64 &* pair &+ 16 &* side)
                target.store(ds * Lanes(codes: first) - em, 0)
                target.store(dt * Lanes(codes: second) - en, 32)
            }
        }
    }

    /// d·s · (q − 32): 6 bits an element, s a byte with its sign for 16 elements.
    @inline(__always)
    static func q6K(_ block: BlockBytes, _ out: UnsafeMutablePointer<Float>) {
        let d = block.half(208)
        for half in 0..<2 {
            for side in 0..<2 {
                let high = block.codes(128 &+ 32 &* half &+ 16 &* side)
                for column in 0..<2 {
                    let low = block.codes(64 &* half &+ 32 &* column &+ 16 &* side)
                    let group = 8 &* half &+ 2 &* column &+ side
                    let (s, t) = (d * block.signed(192 &+ group), d * block.signed(196 &+ group))
                    let shift = 2 &* UInt32(column)
                    let first = low & 15 | ((high &>> shift) & 3) &<< 4
                    let second = low &>> 4 | ((high &>> (shift &+ 4)) & 3) &<< 4
                    out.store(s * Lanes(codes: first, less: 32), 16 &* group)
                    out.store(t * Lanes(codes: second, less: 32), 16 &* group &+ 64)
                }
            }
        }
    }

    /// Where 16 elements of two bits each are: the half of the block, the place in each byte, the half of 32 bytes.
    @inline(__always)
    private static func place(_ group: Int) -> (half: Int, shift: UInt32, side: Int) {
        (group &>> 3, UInt32(group &>> 1 & 3), group & 1)
    }

    /// The scale and the smallest value of 32 elements: 6 bits each, 16 of them in 12 bytes from byte 4 on.
    @inline(__always)
    private static func scales(_ block: BlockBytes, _ group: Int) -> (Float, Float) {
        guard group >= 4 else { return (Float(block[4 &+ group] & 63), Float(block[8 &+ group] & 63)) }
        let both = block[8 &+ group]
        let (scale, least) = (block[group] &>> 2 & 0x30, block[4 &+ group] &>> 2 & 0x30)
        return (Float(both & 15 | scale), Float(both &>> 4 | least))
    }
}
