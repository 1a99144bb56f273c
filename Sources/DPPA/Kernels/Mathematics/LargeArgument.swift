/// The remainder of a large angle modulo π/2, by the method of Payne and Hanek: exact integer arithmetic.
enum LargeArgument {
    /// Angles up to this size need no such care.
    static var bound: Double { 0x1p20 }

    /// x = (4n + quadrant)·π/2 + high + low with |high + low| ≤ π/4, the pair good to 2^-70 relative; NaN unless finite.
    ///
    /// x is m·2^e with an integer m. Of 2/π only the 192 bits matter whose products with m·2^e are neither multiples of 4
    /// nor too small to be seen: no float64 comes closer than 2^-62 to a multiple of π/2. x must be at least 2^20.
    @inline(never)
    static func reduce(_ x: Double) -> (quadrant: UInt64, high: Double, low: Double) {
        guard x.isFinite else { return (0, .nan, 0) }
        let bits = x.bitPattern
        let m = (bits & 0xf_ffff_ffff_ffff) | 1 << 52
        let e = Int(bits >> 52 & 0x7ff) - 1075
        // The table begins with 64 zeros; the bit of weight 2^(1-e) is the first of the window.
        let start = e + 62
        let (word, shift) = (start / 64, UInt64(start % 64))
        func window(_ index: Int) -> UInt64 {
            let first = twoOverPi(word + index) << shift
            return shift == 0 ? first : first | twoOverPi(word + index + 1) >> (64 - shift)
        }
        // The product modulo 2^192; its first two bits are the quadrant.
        let last = window(2).multipliedFullWidth(by: m)
        let middle = window(1).multipliedFullWidth(by: m)
        let (second, carry) = middle.low.addingReportingOverflow(last.high)
        let first = window(0) &* m &+ middle.high &+ (carry ? 1 : 0)

        var quadrant = first >> 62
        var fraction = (first << 2 | second >> 62, second << 2 | last.low >> 62, last.low << 2)
        let isNegative = fraction.0 >> 63 == 1
        if isNegative {
            quadrant &+= 1
            let low = ~fraction.2 &+ 1
            let middle = ~fraction.1 &+ (low == 0 ? 1 : 0)
            fraction = (~fraction.0 &+ (low == 0 && middle == 0 ? 1 : 0), middle, low)
        }
        let zeros = fraction.0 == 0 ? 64 : fraction.0.leadingZeroBitCount
        let part = fraction.0 == 0 ? (fraction.1, fraction.2, 0) : fraction
        let lift = UInt64(part.0.leadingZeroBitCount)
        let top = lift == 0 ? part.0 : part.0 << lift | part.1 >> (64 - lift)
        let next = lift == 0 ? part.1 : part.1 << lift | part.2 >> (64 - lift)
        let scale = Double(sign: .plus, exponent: -64 - (fraction.0 == 0 ? 64 + Int(lift) : zeros), significand: 1)
        let high = Double(top & ~0x7ff) * scale
        let low = (Double(top & 0x7ff) + Double(next >> 11) * 0x1p-53) * scale

        let halfPi = (high: 0x1.921fb54442d18p+0, low: 0x1.1a62633145c07p-54)
        let product = WidePair(product: Wide(repeating: high), Wide(repeating: halfPi.high))
        let rest = product.low[0] + (high * halfPi.low + low * halfPi.high)
        let value = product.high[0] + rest
        let missing = rest - (value - product.high[0])
        let isBelow = isNegative != (x < 0)
        return (x < 0 ? 0 &- quadrant : quadrant, isBelow ? -value : value, isBelow ? -missing : missing)
    }

    /// 64 zeros and then the first 1216 bits of 2/π.
    private static func twoOverPi(_ word: Int) -> UInt64 {
        switch word {
        case 1: 0xa2f9_836e_4e44_1529
        case 2: 0xfc27_57d1_f534_ddc0
        case 3: 0xdb62_9599_3c43_9041
        case 4: 0xfe51_63ab_debb_c561
        case 5: 0xb724_6e3a_424d_d2e0
        case 6: 0x0649_2eea_09d1_921c
        case 7: 0xfe1d_eb1c_b129_a73e
        case 8: 0xe882_35f5_2ebb_4484
        case 9: 0xe99c_7026_b45f_7e41
        case 10: 0x3991_d639_8353_39f4
        case 11: 0x9c84_5f8b_bdf9_283b
        case 12: 0x1ff8_97ff_de05_980f
        case 13: 0xef2f_118b_5a0a_6d1f
        case 14: 0x6d36_7ecf_27cb_09b7
        case 15: 0x4f46_3f66_9e5f_ea2d
        case 16: 0x7527_bac7_ebe5_f17b
        case 17: 0x3d07_39f7_8a52_92ea
        case 18: 0x6bfb_5fb1_1f8d_5d08
        case 19: 0x5603_3046_fc7b_6bab
        case 20: 0xf0cf_bc20_9af4_361d
        default: 0
        }
    }
}
