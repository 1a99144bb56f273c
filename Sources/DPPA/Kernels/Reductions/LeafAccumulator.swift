/// Reduces consecutive elements to the numbers of one state per leaf, whatever pieces they come in.
///
/// A leaf is 4096 consecutive elements, counted from where the accumulator starts; the last one may be shorter. Element i
/// of a leaf goes to lane i mod 16 of sixteen float64 lanes, in order; then the lanes are joined: i with i + 8, i + 4,
/// i + 2, i + 1. `Accumulation.combine` makes one state of the leaves.
package struct LeafAccumulator {
    /// The elements of a leaf.
    package static let leafSize = 4096

    private let loops: any AccumulatorLoops.Type
    private let width: Int
    private var leaves: UnsafeMutablePointer<Double>
    private var state: [SIMD16<Double>]
    private var filled = 0

    /// An accumulator at a leaf boundary; it writes `width` numbers per leaf to `leaves`, leaf after leaf.
    package init(_ accumulation: Accumulation, leaves: UnsafeMutablePointer<Double>) {
        loops = accumulation.loops
        width = accumulation.width
        self.leaves = leaves
        state = Array(repeating: SIMD16(), count: width)
        withState { loops, state in loops.start(state) }
    }

    /// Takes in the next elements; x and y need no alignment, and nothing behind `count` is read.
    ///
    /// `y` is the second operand, if there is one; products are exact in float64. Without it `dot` is the sum of squares.
    package mutating func add(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>?, count: Int) {
        let y = y ?? x
        var done = 0
        while done < count {
            let piece = min(count - done, Self.leafSize - filled)
            let phase = filled & 15
            withState { loops, state in
                loops.take(x + done, y + done, count: piece, phase: phase, into: state)
            }
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
        let leaf = leaves
        withState { loops, state in
            loops.fold(state, into: leaf)
            loops.start(state)
        }
        leaves += width
        filled = 0
    }

    private mutating func withState(
        _ body: (any AccumulatorLoops.Type, UnsafeMutablePointer<SIMD16<Double>>) -> Void
    ) {
        let loops = loops
        state.withUnsafeMutableBufferPointer { if let start = $0.baseAddress { body(loops, start) } }
    }
}
