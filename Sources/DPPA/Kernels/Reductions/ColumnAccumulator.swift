/// Reduces every column of a matrix whose rows come in order, in pieces of any number of rows.
///
/// A column leaf is `rowsPerLeaf` consecutive rows, taken in in order in float64; the leaves of a column are then joined as a
/// perfect binary tree aligned by index (`Accumulation.combineColumns`).
package struct ColumnAccumulator {
    private let loops: any AccumulatorLoops.Type
    private let rowLength: Int
    private let rowsPerLeaf: Int
    private var leaves: UnsafeMutablePointer<Double>
    private var filled = 0

    /// The rows of a column leaf, a function of the shape alone: max(64, ⌈rowCount / 64⌉ rounded up to a power of two).
    package static func rowsPerLeaf(rowCount: Int) -> Int {
        guard rowCount > 64 * 64 else { return 64 }
        let part = (rowCount - 1) / 64
        return 1 << (Int.bitWidth - part.leadingZeroBitCount)
    }

    /// An accumulator at a leaf boundary.
    ///
    /// `leaves` has `width * rowLength` numbers for each leaf, leaf after leaf: the first number of each column, then the second …
    package init(
        _ accumulation: Accumulation, rowLength: Int, rowsPerLeaf: Int, leaves: UnsafeMutablePointer<Double>
    ) {
        loops = accumulation.loops
        self.rowLength = rowLength
        self.rowsPerLeaf = rowsPerLeaf
        self.leaves = leaves
    }

    /// Takes in the next rows; x and y need no alignment, and nothing behind the last row is read.
    ///
    /// `y` is the second operand, if there is one. Without it `dot` is the sum of squares.
    package mutating func add(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>?, rowCount: Int) {
        let y = y ?? x
        var done = 0
        while done < rowCount {
            let rows = min(rowCount - done, rowsPerLeaf - filled)
            loops.takeRows(
                x + done * rowLength, y + done * rowLength, rowCount: rows, rowLength: rowLength, isNew: filled == 0,
                into: leaves)
            done += rows
            filled += rows
            if filled == rowsPerLeaf { next() }
        }
    }

    /// Ends the last leaf if it is a partial one.
    package mutating func finish() {
        if filled > 0 { next() }
    }

    private mutating func next() {
        leaves += loops.width * rowLength
        filled = 0
    }
}
