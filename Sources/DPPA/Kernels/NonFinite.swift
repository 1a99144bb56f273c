/// Infinities and NaNs among stored elements: all bits of the exponent are set (for E4M3, all bits but the sign).
package enum NonFinite {
    /// How many there are.
    package static func count(_ bytes: UnsafeRawPointer, _ dtype: DType, _ count: Int) -> Int {
        switch dtype {
        case .bf16: return halves(bytes, count, mask: 0x7F80)
        case .f16: return halves(bytes, count, mask: 0x7C00)
        case .f32: return words(bytes, count)
        default: return (0..<count).count { isNonFinite(bytes, dtype, $0) }
        }
    }

    /// The first one at or after an index.
    package static func first(_ bytes: UnsafeRawPointer, _ dtype: DType, from start: Int, count: Int) -> Int? {
        (start..<count).first { isNonFinite(bytes, dtype, $0) }
    }

    private static func isNonFinite(_ bytes: UnsafeRawPointer, _ dtype: DType, _ index: Int) -> Bool {
        func has<Bits: FixedWidthInteger>(_ mask: Bits) -> Bool {
            bytes.loadUnaligned(fromByteOffset: index &* MemoryLayout<Bits>.size, as: Bits.self) & mask == mask
        }
        switch dtype {
        case .bf16: return has(UInt16(0x7F80))
        case .f16: return has(UInt16(0x7C00))
        case .f32: return has(UInt32(0x7F80_0000))
        case .f64: return has(UInt64(0x7FF0_0000_0000_0000))
        case .f8E5M2: return has(UInt8(0x7C))
        case .f8E4M3: return has(UInt8(0x7F))
        default: return false
        }
    }

    private static func halves(_ bytes: UnsafeRawPointer, _ count: Int, mask: UInt16) -> Int {
        let all = SIMD16<UInt16>(repeating: mask)
        var (index, found) = (0, 0)
        while index &+ 16 <= count {
            var lanes = SIMD16<UInt16>()
            // Lanes count down from 0 and are added up before they could wrap.
            let end = min(count &- 15, index &+ 16 << 14)
            while index < end {
                let bits = bytes.loadUnaligned(fromByteOffset: index &* 2, as: SIMD16<UInt16>.self) & all
                lanes = lanes &- SIMD16<UInt16>().replacing(with: .max, where: bits .== all)
                index &+= 16
            }
            for lane in 0..<16 { found &+= Int(lanes[lane]) }
        }
        while index < count {
            found &+= bytes.loadUnaligned(fromByteOffset: index &* 2, as: UInt16.self) & mask == mask ? 1 : 0
            index &+= 1
        }
        return found
    }

    private static func words(_ bytes: UnsafeRawPointer, _ count: Int) -> Int {
        let all = SIMD16<UInt32>(repeating: 0x7F80_0000)
        var (index, lanes) = (0, SIMD16<UInt32>())
        while index &+ 16 <= count {
            let bits = bytes.loadUnaligned(fromByteOffset: index &* 4, as: SIMD16<UInt32>.self) & all
            lanes = lanes &- SIMD16<UInt32>().replacing(with: .max, where: bits .== all)
            index &+= 16
        }
        var found = (0..<16).reduce(0) { $0 &+ Int(lanes[$1]) }
        while index < count {
            found &+= isNonFinite(bytes, .f32, index) ? 1 : 0
            index &+= 1
        }
        return found
    }
}
