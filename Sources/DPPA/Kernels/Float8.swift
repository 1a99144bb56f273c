/// The two 8-bit types, and the powers of two that scale them.
enum Float8 {
    enum Kind { case e4m3, e5m2 }

    static func decode(_ bytes: UnsafeRawPointer, _ kind: Kind, _ out: UnsafeMutablePointer<Float>, _ count: Int) {
        let target = UnsafeMutableRawPointer(out)
        var index = 0
        while index &+ 16 <= count {
            let codes = SIMD16<UInt32>(
                truncatingIfNeeded: bytes.loadUnaligned(fromByteOffset: index, as: SIMD16<UInt8>.self))
            target.storeBytes(
                of: kind == .e4m3 ? e4m3(codes) : e5m2(codes), toByteOffset: index &* 4, as: SIMD16<UInt32>.self)
            index &+= 16
        }
        while index < count {
            let codes = SIMD16<UInt32>(repeating: UInt32(bytes.load(fromByteOffset: index, as: UInt8.self)))
            out[index] = Float(bitPattern: (kind == .e4m3 ? e4m3(codes) : e5m2(codes))[0])
            index &+= 1
        }
    }

    /// To float32 bits: the exponent is moved, subnormals are made by an exact subtraction; there is no infinity.
    @inline(__always)
    private static func e4m3(_ codes: SIMD16<UInt32>) -> SIMD16<UInt32> {
        let size = (codes & 0x7F) &<< 20
        var result = (size &+ 0x3C00_0000).replacing(
            with: subnormal(size, 0x3C80_0000), where: size & 0x0780_0000 .== 0)
        result.replace(with: SIMD16(repeating: 0x7FC0_0000), where: size .== 0x07F0_0000)
        return result | (codes & 0x80) &<< 24
    }

    /// The same of the upper byte of a float16.
    @inline(__always)
    private static func e5m2(_ codes: SIMD16<UInt32>) -> SIMD16<UInt32> {
        let size = (codes & 0x7F) &<< 21
        var result = (size &+ 0x3800_0000).replacing(
            with: subnormal(size, 0x3880_0000), where: size & 0x0F80_0000 .== 0)
        result.replace(with: SIMD16(repeating: 0x7F80_0000), where: size .== 0x0F80_0000)
        // No comparison of unsigned numbers is needed where the last exponent has all bits.
        result.replace(
            with: SIMD16(repeating: 0x7FC0_0000),
            where: (size & 0x0F80_0000 .== 0x0F80_0000) .& (size & 0x0060_0000 .!= 0))
        return result | (codes & 0x80) &<< 24
    }

    /// Mantissas without a leading one, in units of a smallest normal number of these bits.
    @inline(__always)
    private static func subnormal(_ size: SIMD16<UInt32>, _ least: UInt32) -> SIMD16<UInt32> {
        let shifted = unsafeBitCast(size &+ least, to: SIMD16<Float>.self)
        return unsafeBitCast(shifted - Float(bitPattern: least), to: SIMD16<UInt32>.self)
    }

    /// 2^(e − 127); 255 is NaN.
    static func decodePowers(_ bytes: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>, _ count: Int) {
        for index in 0..<count {
            let exponent = UInt32(bytes.load(fromByteOffset: index, as: UInt8.self))
            let bits: UInt32 = exponent == 0 ? 0x0040_0000 : exponent == 255 ? 0x7FC0_0000 : exponent << 23
            out[index] = Float(bitPattern: bits)
        }
    }

    /// The nearest representable number, ties to even; beyond the range NaN for e4m3 and infinity for e5m2.
    static func encode(_ value: Float, _ kind: Kind) -> UInt8 {
        let sign: UInt8 = value.sign == .minus ? 0x80 : 0
        guard !value.isNaN else { return sign | 0x7F }
        let (mantissaBits, bias, top): (Int, Int, UInt8) = kind == .e4m3 ? (3, 7, 0x7E) : (2, 15, 0x7B)
        let overflow: UInt8 = kind == .e4m3 ? 0x7F : 0x7C
        let size = value.magnitude
        guard size.isFinite else { return sign | overflow }
        guard size > 0 else { return sign }
        let exponent = max(Int(size.exponent), 1 - bias)
        let unit = Float(sign: .plus, exponent: exponent - mantissaBits, significand: 1)
        let steps = Int((size / unit).rounded(.toNearestOrEven))
        let bits = (exponent + bias - 1) << mantissaBits + steps
        return sign | (bits > Int(top) ? overflow : UInt8(bits))
    }
}
