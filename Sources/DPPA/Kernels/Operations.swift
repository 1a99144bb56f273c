/// An elementwise operation on one operand.
public enum UnaryOp: UInt8, Sendable, CaseIterable {
    /// `-x`: the sign bit flipped.
    case negate
    /// `|x|`: the sign bit cleared.
    case abs
    /// 1, 0 or -1; 0 for both zeros; NaN for NaN.
    case sign
    /// The square root, correctly rounded; NaN below zero.
    case sqrt
    /// e to the power of x.
    case exp
    /// The natural logarithm; -inf at zero, NaN below.
    case log
    /// The sine of x radians; NaN for infinities.
    case sin
    /// The cosine of x radians; NaN for infinities.
    case cos
    /// The angle in 0...π whose cosine is x; NaN outside -1...1.
    case acos
    /// The largest integer not above x.
    case floor
    /// 1 where x is 0, else 0 (also for NaN, which counts as true).
    case not
}

/// An elementwise operation on two operands; comparisons and logic give 0 or 1.
public enum BinaryOp: UInt8, Sendable, CaseIterable {
    /// `a + b`.
    case add
    /// `a - b`.
    case subtract
    /// `a * b`.
    case multiply
    /// `a / b`.
    case divide
    /// a to the power of b, with the special values of IEEE 754 `pow`.
    case power
    /// The larger; NaN if one is NaN; the first of equals.
    case maximum
    /// The smaller; NaN if one is NaN; the first of equals.
    case minimum
    /// `a > b`; false with NaN.
    case greater
    /// `a >= b`; false with NaN.
    case greaterOrEqual
    /// `a < b`; false with NaN.
    case less
    /// `a <= b`; false with NaN.
    case lessOrEqual
    /// `a == b`; false with NaN.
    case equal
    /// `a != b`; true with NaN.
    case notEqual
    /// Both are nonzero.
    case and
    /// One of them is nonzero.
    case or
}

/// What a reduction accumulates, in float64.
package enum ReductionOp: UInt8, Sendable {
    /// Σx.
    case sum
    /// Σxy; products of float32 are exact.
    case dot
    /// Σx²; squares of float32 are exact.
    case sumOfSquares
    /// The number of nonzero elements; NaN counts.
    case count
    /// The largest; NaN if one is NaN.
    case maximum
    /// The smallest; NaN if one is NaN.
    case minimum
}

/// An operand of an element kernel.
package enum Operand {
    /// As many elements as the result has.
    case vector(UnsafePointer<Float>)
    /// One number for all elements.
    case scalar(Float)
}
