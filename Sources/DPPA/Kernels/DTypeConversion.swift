/// Between stored elements and float32: exact on the way in, round to nearest even on the way out, NaN stays NaN.
///
/// The same bits on every instruction set: integer arithmetic on vectors, no conversion instructions. Pointers to stored
/// elements need no alignment.
package enum DTypeConversion {
    /// Decodes stored elements; float64 is rounded to float32.
    package static func decode(
        _ bytes: UnsafeRawPointer, as dtype: DType, into out: UnsafeMutablePointer<Float>, count: Int
    ) {
        switch dtype {
        case .f32: UnsafeMutableRawPointer(out).copyMemory(from: bytes, byteCount: count &* 4)
        case .bf16: decodeBF16(bytes, out, count)
        case .f16: decodeF16(bytes, out, count)
        case .f64:
            for index in 0..<count {
                out[index] = Float(bytes.loadUnaligned(fromByteOffset: index &* 8, as: Double.self))
            }
        case .f8E4M3: Float8.decode(bytes, .e4m3, out, count)
        case .f8E5M2: Float8.decode(bytes, .e5m2, out, count)
        case .f8E8M0: Float8.decodePowers(bytes, out, count)
        default: out.update(repeating: 0, count: count)
        }
    }

    /// Encodes float32 elements.
    package static func encode(
        _ values: UnsafePointer<Float>, as dtype: DType, into out: UnsafeMutableRawPointer, count: Int
    ) {
        switch dtype {
        case .f32: out.copyMemory(from: values, byteCount: count &* 4)
        case .bf16: encodeBF16(values, out, count)
        case .f16: encodeF16(values, out, count)
        case .f64:
            for index in 0..<count {
                out.storeBytes(of: Double(values[index]), toByteOffset: index &* 8, as: Double.self)
            }
        case .f8E4M3:
            for index in 0..<count {
                out.storeBytes(of: Float8.encode(values[index], .e4m3), toByteOffset: index, as: UInt8.self)
            }
        case .f8E5M2:
            for index in 0..<count {
                out.storeBytes(of: Float8.encode(values[index], .e5m2), toByteOffset: index, as: UInt8.self)
            }
        default: break
        }
    }

    /// Rounds float32 elements to a stored type and back; in place allowed.
    package static func round(
        _ values: UnsafePointer<Float>, to dtype: DType, into out: UnsafeMutablePointer<Float>, count: Int
    ) {
        guard dtype != .f32, dtype != .f64 else {
            if out != values { out.update(from: values, count: count) }
            return
        }
        withUnsafeTemporaryAllocation(byteCount: 2048 &* 2, alignment: 64) { scratch in
            guard let bytes = scratch.baseAddress else { return }
            var start = 0
            while start < count {
                let piece = min(2048, count &- start)
                encode(values + start, as: dtype, into: bytes, count: piece)
                decode(bytes, as: dtype, into: out + start, count: piece)
                start &+= piece
            }
        }
    }

    /// One float64 number rounded to float32, then to a stored type, and back; float64 stays what it is.
    package static func rounded(_ value: Double, to dtype: DType) -> Double {
        guard dtype != .f64 else { return value }
        var number = Float(value)
        withUnsafeMutablePointer(to: &number) { round($0, to: dtype, into: $0, count: 1) }
        return Double(number)
    }

    private static func decodeBF16(_ bytes: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>, _ count: Int) {
        var index = 0
        while index &+ 16 <= count {
            out.store(BF16Reader.lanes(bytes + index &* 2), index)
            index &+= 16
        }
        while index < count {
            let half = bytes.loadUnaligned(fromByteOffset: index &* 2, as: UInt16.self)
            out[index] = Float(bitPattern: UInt32(half) << 16)
            index &+= 1
        }
    }

    private static func encodeBF16(_ values: UnsafePointer<Float>, _ out: UnsafeMutableRawPointer, _ count: Int) {
        var index = 0
        let source = UnsafeRawPointer(values)
        while index &+ 16 <= count {
            let bits = source.loadUnaligned(fromByteOffset: index &* 4, as: SIMD16<UInt32>.self)
            let rounded = bits &+ 0x7FFF &+ ((bits &>> 16) & 1)
            let quiet = bits | 0x40_0000
            // Signed: there is no unsigned comparison in AVX2, and without its sign no float has the top bit.
            let size = SIMD16<Int32>(truncatingIfNeeded: bits & 0x7FFF_FFFF)
            let result = rounded.replacing(with: quiet, where: size .> SIMD16<Int32>(repeating: 0x7F80_0000))
            // The upper half of each word.
            let halves = unsafeBitCast(result, to: SIMD32<UInt16>.self).oddHalf
            out.storeBytes(of: halves, toByteOffset: index &* 2, as: SIMD16<UInt16>.self)
            index &+= 16
        }
        while index < count {
            let bits = values[index].bitPattern
            let isNaN = bits & 0x7FFF_FFFF > 0x7F80_0000
            let result = isNaN ? bits >> 16 | 0x40 : (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16
            out.storeBytes(of: UInt16(truncatingIfNeeded: result), toByteOffset: index &* 2, as: UInt16.self)
            index &+= 1
        }
    }

    private static func decodeF16(_ bytes: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>, _ count: Int) {
        let target = UnsafeMutableRawPointer(out)
        var index = 0
        while index &+ 16 <= count {
            let halves = SIMD16<UInt32>(
                truncatingIfNeeded: bytes.loadUnaligned(fromByteOffset: index &* 2, as: SIMD16<UInt16>.self))
            target.storeBytes(of: f16(halves), toByteOffset: index &* 4, as: SIMD16<UInt32>.self)
            index &+= 16
        }
        while index < count {
            let half = UInt32(bytes.loadUnaligned(fromByteOffset: index &* 2, as: UInt16.self))
            out[index] = Float(bitPattern: f16(SIMD16(repeating: half))[0])
            index &+= 1
        }
    }

    /// float16 bits to float32 bits: the exponent is moved; subnormals are made by an exact subtraction.
    @inline(__always)
    private static func f16(_ halves: SIMD16<UInt32>) -> SIMD16<UInt32> {
        let sign = (halves & 0x8000) &<< 16
        let size = (halves & 0x7FFF) &<< 13
        let exponent = size & 0x0F80_0000
        let normal = size &+ 0x3800_0000
        let special = (size &+ 0x7000_0000) | 0x0040_0000
        let infinity = size &+ 0x7000_0000
        let magic = SIMD16<Float>(repeating: Float(bitPattern: 0x3880_0000))
        let shifted = unsafeBitCast(size &+ 0x3880_0000, to: SIMD16<Float>.self)
        let subnormal = unsafeBitCast(shifted - magic, to: SIMD16<UInt32>.self)
        var result = normal.replacing(with: subnormal, where: exponent .== 0)
        let isTop = exponent .== 0x0F80_0000
        result.replace(with: infinity, where: isTop)
        result.replace(with: special, where: isTop .& ((size & 0x007F_E000) .!= 0))
        return result | sign
    }

    private static func encodeF16(_ values: UnsafePointer<Float>, _ out: UnsafeMutableRawPointer, _ count: Int) {
        let source = UnsafeRawPointer(values)
        var index = 0
        while index &+ 16 <= count {
            let bits = source.loadUnaligned(fromByteOffset: index &* 4, as: SIMD16<UInt32>.self)
            out.storeBytes(
                of: SIMD16<UInt16>(truncatingIfNeeded: half(bits)), toByteOffset: index &* 2, as: SIMD16<UInt16>.self)
            index &+= 16
        }
        while index < count {
            let result = half(SIMD16(repeating: values[index].bitPattern))[0]
            out.storeBytes(of: UInt16(truncatingIfNeeded: result), toByteOffset: index &* 2, as: UInt16.self)
            index &+= 1
        }
    }

    /// float32 bits to float16 bits, rounded to nearest even.
    @inline(__always)
    private static func half(_ bits: SIMD16<UInt32>) -> SIMD16<UInt32> {
        let sign = (bits &>> 16) & 0x8000
        let size = bits & 0x7FFF_FFFF
        // Adding a half puts the last bit of a subnormal result into the last bit of the sum, rounded by the hardware.
        let magic = SIMD16<UInt32>(repeating: 0x3F00_0000)
        let sum = unsafeBitCast(size, to: SIMD16<Float>.self) + unsafeBitCast(magic, to: SIMD16<Float>.self)
        let subnormal = unsafeBitCast(sum, to: SIMD16<UInt32>.self) &- magic
        let normal = (size &- 0x3800_0000 &+ 0x0FFF &+ ((size &>> 13) & 1)) &>> 13
        var result = normal.replacing(with: subnormal, where: size .< 0x3880_0000)
        result.replace(with: SIMD16(repeating: 0x7C00), where: size .>= 0x477F_F000)
        let quiet = 0x7E00 | ((size &>> 13) & 0x03FF)
        result.replace(with: quiet, where: size .> 0x7F80_0000)
        return result | sign
    }
}
