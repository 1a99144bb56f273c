import DPPA
import Foundation
import Testing

/// A small floating-point format spelt out bit by bit in float64: an oracle for conversions, slow and plain.
struct BinaryFormat: Sendable, CustomTestStringConvertible {
    let dtype: DType
    let exponentBits: Int
    let mantissaBits: Int
    /// Whether the largest exponent means infinity and NaN; if not, only the code of all ones is NaN (e4m3fn).
    let hasInfinity: Bool

    static let bf16 = BinaryFormat(dtype: .bf16, exponentBits: 8, mantissaBits: 7, hasInfinity: true)
    static let f16 = BinaryFormat(dtype: .f16, exponentBits: 5, mantissaBits: 10, hasInfinity: true)
    static let f8E4M3 = BinaryFormat(dtype: .f8E4M3, exponentBits: 4, mantissaBits: 3, hasInfinity: false)
    static let f8E5M2 = BinaryFormat(dtype: .f8E5M2, exponentBits: 5, mantissaBits: 2, hasInfinity: true)

    var testDescription: String { dtype.rawValue }
    var signBit: UInt16 { 1 << UInt16(exponentBits + mantissaBits) }
    var codeCount: Int { 2 << (exponentBits + mantissaBits) }
    /// The code behind the largest number: infinity, or NaN where there is none.
    var overflowCode: UInt16 { hasInfinity ? (1 << UInt16(exponentBits) - 1) << UInt16(mantissaBits) : signBit - 1 }

    /// The number that the exponent and mantissa of a code without sign spell, even where the format means something else.
    func magnitude(_ code: UInt16) -> Double {
        let exponent = Int(code >> UInt16(mantissaBits))
        let mantissa = Double(code & (1 << UInt16(mantissaBits) - 1)) / pow(2, Double(mantissaBits))
        let bias = 1 << (exponentBits - 1) - 1
        return exponent == 0 ? mantissa * pow(2, Double(1 - bias)) : (1 + mantissa) * pow(2, Double(exponent - bias))
    }

    /// The value of a code; nil for NaN.
    func value(_ code: UInt16) -> Double? {
        let size = code & (signBit - 1)
        let sign: Double = code & signBit == 0 ? 1 : -1
        if size < overflowCode { return sign * magnitude(size) }
        return size == overflowCode && hasInfinity ? sign * .infinity : nil
    }

    /// Whether a code is what a number rounds to: nearest, even in the middle; past the last middle, the overflow code.
    func agrees(_ code: UInt16, with input: Float) -> Bool {
        let size = code & (signBit - 1)
        guard (code & signBit != 0) == (input.sign == .minus) else { return false }
        if input.isNaN { return value(code) == nil }
        let x = Double(input.magnitude)
        guard size <= overflowCode else { return false }
        let isEven = size % 2 == 0
        if size > 0 {
            let low = (magnitude(size - 1) + magnitude(size)) / 2
            if x < low || x == low && !isEven { return false }
        }
        guard size < overflowCode else { return true }
        let high = (magnitude(size) + magnitude(size + 1)) / 2
        return x < high || x == high && isEven
    }
}
