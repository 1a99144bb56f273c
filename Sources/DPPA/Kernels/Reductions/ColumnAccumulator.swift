/// Reduces every column of a matrix whose rows come in order, in pieces of any number of rows.
///
/// A column leaf is `rowsPerLeaf` consecutive rows, added in order in float64; the leaves of a column are then joined as a
/// perfect binary tree aligned by index.
package struct ColumnAccumulator {
    private let op: ReductionOp
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

    /// An accumulator at a leaf boundary; `leaves` has `rowLength` numbers for each leaf, leaf after leaf.
    package init(_ op: ReductionOp, rowLength: Int, rowsPerLeaf: Int, leaves: UnsafeMutablePointer<Double>) {
        self.op = op
        self.rowLength = rowLength
        self.rowsPerLeaf = rowsPerLeaf
        self.leaves = leaves
    }

    /// Takes in the next rows; x and y need no alignment, and nothing behind the last row is read.
    ///
    /// `y` is the other factor of `dot`; without it `dot` is the sum of squares.
    package mutating func add(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>?, rowCount: Int) {
        var done = 0
        while done < rowCount {
            let rows = min(rowCount - done, rowsPerLeaf - filled)
            accumulate(x + done * rowLength, (y ?? x) + done * rowLength, rows)
            done += rows
            filled += rows
            if filled == rowsPerLeaf { next() }
        }
    }

    /// Ends the last leaf if it is a partial one.
    package mutating func finish() {
        if filled > 0 { next() }
    }

    /// Joins the leaves of each column and writes `rowLength` numbers.
    ///
    /// The leaves are used up. No leaf gives zeros.
    package static func combine(
        _ op: ReductionOp, _ leaves: UnsafeMutablePointer<Double>, leafCount: Int, rowLength: Int,
        into out: UnsafeMutablePointer<Double>
    ) {
        guard leafCount > 0 else { return out.update(repeating: 0, count: rowLength) }
        var distance = 1
        while distance < leafCount {
            for leaf in stride(from: 0, to: leafCount - distance, by: 2 * distance) {
                let (left, right) = (leaves + leaf * rowLength, leaves + (leaf + distance) * rowLength)
                for column in 0..<rowLength { left[column] = op.join(left[column], right[column]) }
            }
            distance *= 2
        }
        out.update(from: leaves, count: rowLength)
    }

    private mutating func next() {
        leaves += rowLength
        filled = 0
    }

    private func accumulate(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ rows: Int) {
        let (length, leaves, isNew) = (rowLength, leaves, filled == 0)
        let neutral = SIMD16<Double>(repeating: op.neutral)
        op.withStep { step in
            var column = 0
            while column &+ 16 <= length {
                let target = UnsafeMutableRawPointer(leaves + column)
                var lanes = isNew ? neutral : target.loadUnaligned(as: SIMD16<Double>.self)
                var index = column
                for _ in 0..<rows {
                    lanes = step(lanes, Float.widen(x.lanes(index)), Float.widen(y.lanes(index)))
                    index &+= length
                }
                target.storeBytes(of: lanes, as: SIMD16<Double>.self)
                column &+= 16
            }
            while column < length {
                var lanes = isNew ? neutral : SIMD16(repeating: leaves[column])
                for row in 0..<rows {
                    let index = row &* length &+ column
                    lanes = step(lanes, SIMD16(repeating: Double(x[index])), SIMD16(repeating: Double(y[index])))
                }
                leaves[column] = lanes[0]
                column &+= 1
            }
        }
    }
}
