/// How a GGUF file codes a tensor: in blocks of elements that share scales, as ggml has them.
///
/// Decoding gives float32, bit for bit what the Python package `gguf` gives (`gguf.quants.dequantize`): every product and every
/// sum is rounded once. Scales are float16, all numbers little-endian. Source: `ggml-common.h` and `gguf-py` of llama.cpp.
package enum BlockCode: String, Sendable, CaseIterable {
    case q40 = "Q4_0"
    case q41 = "Q4_1"
    case q50 = "Q5_0"
    case q51 = "Q5_1"
    case q80 = "Q8_0"
    case q2K = "Q2_K"
    case q3K = "Q3_K"
    case q4K = "Q4_K"
    case q5K = "Q5_K"
    case q6K = "Q6_K"

    /// The elements of a block; a row is whole blocks.
    package var elements: Int {
        switch self {
        case .q40, .q41, .q50, .q51, .q80: 32
        case .q2K, .q3K, .q4K, .q5K, .q6K: 256
        }
    }

    /// The bytes of a block.
    package var byteSize: Int {
        switch self {
        case .q40: 18
        case .q41: 20
        case .q50: 22
        case .q51: 24
        case .q80: 34
        case .q2K: 84
        case .q3K: 110
        case .q4K: 144
        case .q5K: 176
        case .q6K: 210
        }
    }

    /// Decodes whole blocks; the bytes need no alignment.
    package func decode(_ bytes: UnsafeRawPointer, blocks: Int, into out: UnsafeMutablePointer<Float>) {
        for block in 0..<blocks {
            let (from, to) = (BlockBytes(start: bytes + block &* byteSize), out + block &* elements)
            switch self {
            case .q40: SmallBlocks.q40(from, to)
            case .q41: SmallBlocks.q41(from, to)
            case .q50: SmallBlocks.q50(from, to)
            case .q51: SmallBlocks.q51(from, to)
            case .q80: SmallBlocks.q80(from, to)
            case .q2K: SuperBlocks.q2K(from, to)
            case .q3K: SuperBlocks.q3K(from, to)
            case .q4K: SuperBlocks.q4K(from, to)
            case .q5K: SuperBlocks.q5K(from, to)
            case .q6K: SuperBlocks.q6K(from, to)
            }
        }
    }
}

/// The bytes of a block.
struct BlockBytes {
    let start: UnsafeRawPointer

    @inline(__always)
    subscript(offset: Int) -> UInt32 { UInt32(start.load(fromByteOffset: offset, as: UInt8.self)) }

    /// A byte with its sign.
    @inline(__always)
    func signed(_ offset: Int) -> Float { Float(start.load(fromByteOffset: offset, as: Int8.self)) }

    /// Sixteen bytes, one in each lane.
    @inline(__always)
    func codes(_ offset: Int) -> SIMD16<UInt32> {
        SIMD16(truncatingIfNeeded: start.loadUnaligned(fromByteOffset: offset, as: SIMD16<UInt8>.self))
    }

    /// A float16 number.
    @inline(__always)
    func half(_ offset: Int) -> Float {
        let bits = UInt32(start.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
        let (sign, size) = (bits & 0x8000, bits & 0x7FFF)
        // The product moves the exponent, of subnormals too, and is exact.
        let number = size < 0x7C00 ? (Float(bitPattern: size &<< 13) * 0x1p112).bitPattern : 0x7F80_0000 | size &<< 13
        return Float(bitPattern: number | sign &<< 16)
    }
}

extension SIMD16 where Scalar == Float {
    /// Codes from 0 to 255 as numbers, less one that is added to them in the file.
    @inline(__always)
    init(codes: SIMD16<UInt32>, less: Float = 0) {
        // In the last bits of 2²³ + n, because the conversions of vectors are not always inlined.
        self = unsafeBitCast(codes | 0x4B00_0000, to: Lanes.self) - (0x1p23 + less)
    }
}
