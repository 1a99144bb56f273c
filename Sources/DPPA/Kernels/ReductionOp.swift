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
