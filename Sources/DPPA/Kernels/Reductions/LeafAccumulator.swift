/// Reduces consecutive elements to one float64 number per leaf, whatever pieces they come in.
///
/// A leaf is 4096 consecutive elements, counted from where the accumulator starts; the last one may be shorter. Element i
/// of a leaf goes to lane i mod 16 of sixteen float64 lanes, in order; then the lanes are joined: i with i + 8, i + 4,
/// i + 2, i + 1. `TreeSum.combine` makes one number of the leaves.
package struct LeafAccumulator {
    /// The elements of a leaf.
    package static let leafSize = 4096

    private let op: ReductionOp
    private var leaves: UnsafeMutablePointer<Double>
    private var lanes: SIMD16<Double>
    private var filled = 0

    /// An accumulator at a leaf boundary; it writes one number per leaf to `leaves`, one after the other.
    package init(_ op: ReductionOp, leaves: UnsafeMutablePointer<Double>) {
        self.op = op
        self.leaves = leaves
        lanes = SIMD16(repeating: op.neutral)
    }

    /// Takes in the next elements; x and y need no alignment, and nothing behind `count` is read.
    ///
    /// `y` is the other factor of `dot`; the product is exact in float64. Without it `dot` is the sum of squares.
    package mutating func add(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>?, count: Int) {
        var done = 0
        while done < count {
            let piece = min(count - done, Self.leafSize - filled)
            op.accumulate(
                x + done, y.map { $0 + done }, count: piece, phase: filled & 15, into: &lanes,
                neutral: Float(op.neutral))
            done += piece
            filled += piece
            if filled == Self.leafSize { write() }
        }
    }

    /// Writes the last leaf if it is a partial one.
    package mutating func finish() {
        if filled > 0 { write() }
    }

    private mutating func write() {
        leaves.pointee = op.fold(lanes)
        leaves += 1
        lanes = SIMD16(repeating: op.neutral)
        filled = 0
    }
}
