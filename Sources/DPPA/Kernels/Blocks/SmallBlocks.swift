/// Blocks of 32 elements with one scale d, and one smallest value m in those whose name ends in 1.
///
/// The first 16 elements are in the low halves of 16 bytes, the others in the high halves; fifth bits are in a word of 32.
enum SmallBlocks {
    /// d · (q − 8).
    @inline(__always)
    static func q40(_ block: BlockBytes, _ out: UnsafeMutablePointer<Float>) {
        let (d, q) = (block.half(0), block.codes(2))
        out.store(d * Lanes(codes: q & 15, less: 8), 0)
        out.store(d * Lanes(codes: q &>> 4, less: 8), 16)
    }

    /// d · q + m.
    @inline(__always)
    static func q41(_ block: BlockBytes, _ out: UnsafeMutablePointer<Float>) {
        let (d, m, q) = (block.half(0), block.half(2), block.codes(4))
        out.store(d * Lanes(codes: q & 15) + m, 0)
        out.store(d * Lanes(codes: q &>> 4) + m, 16)
    }

    /// d · (q − 16).
    @inline(__always)
    static func q50(_ block: BlockBytes, _ out: UnsafeMutablePointer<Float>) {
        let (d, q, high) = (block.half(0), block.codes(6), word(block, 2))
        out.store(d * Lanes(codes: q & 15 | fifth(high), less: 16), 0)
        out.store(d * Lanes(codes: q &>> 4 | fifth(high &>> 16), less: 16), 16)
    }

    /// d · q + m.
    @inline(__always)
    static func q51(_ block: BlockBytes, _ out: UnsafeMutablePointer<Float>) {
        let (d, m, q, high) = (block.half(0), block.half(2), block.codes(8), word(block, 4))
        out.store(d * Lanes(codes: q & 15 | fifth(high)) + m, 0)
        out.store(d * Lanes(codes: q &>> 4 | fifth(high &>> 16)) + m, 16)
    }

    /// d · q, each q a byte with its sign.
    @inline(__always)
    static func q80(_ block: BlockBytes, _ out: UnsafeMutablePointer<Float>) {
        let d = block.half(0)
        out.store(d * Lanes(codes: block.codes(2) ^ 128, less: 128), 0)
        out.store(d * Lanes(codes: block.codes(18) ^ 128, less: 128), 16)
    }

    @inline(__always)
    private static func word(_ block: BlockBytes, _ offset: Int) -> UInt32 {
        block.start.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
    }

    /// The lowest 16 bits of a word as the fifth bits of 16 codes.
    @inline(__always)
    private static func fifth(_ word: UInt32) -> SIMD16<UInt32> {
        let places = SIMD16<UInt32>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
        return ((SIMD16(repeating: word) &>> places) & 1) &<< 4
    }
}
