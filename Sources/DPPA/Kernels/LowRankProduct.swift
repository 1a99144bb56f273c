/// Products of thin matrices, tile by tile.
package enum LowRankProduct {
    /// `out[i] = scale · Σₖ left[row, k] · right[k, column]` for the flat indices `elements` of a matrix with `columns` columns.
    ///
    /// `left` is `[rows, rank]` and `right` `[rank, columns]`, row-major. The sum is float32 in ascending k, each step one fused
    /// multiply-add, which every processor rounds alike (half of the instructions, and the product is all that a merge of
    /// adapters costs); the scale comes last.
    package static func load(
        _ elements: Range<Int>, columns: Int, rank: Int, scale: Float, left: UnsafePointer<Float>,
        right: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>
    ) {
        var index = elements.lowerBound
        while index < elements.upperBound {
            let (row, first) = index.quotientAndRemainder(dividingBy: columns)
            let target = out + (index &- elements.lowerBound)
            if first == 0, columns >= 16, elements.upperBound &- index >= 4 &* columns {
                fourRows(columns, rank: rank, scale: scale, left: left + row &* rank, right: right, into: target)
                index &+= 4 &* columns
                continue
            }
            let count = min(columns &- first, elements.upperBound &- index)
            part(
                count, rank: rank, columns: columns, scale: scale, left: left + row &* rank, right: right + first,
                into: target)
            index &+= count
        }
    }

    /// Four whole rows, which share what is read of the right side; each sum is that of a row alone.
    private static func fourRows(
        _ columns: Int, rank: Int, scale: Float, left: UnsafePointer<Float>, right: UnsafePointer<Float>,
        into out: UnsafeMutablePointer<Float>
    ) {
        let factor = Lanes(repeating: scale)
        var column = 0
        while true {
            var (a, b, c, d) = (Lanes(), Lanes(), Lanes(), Lanes())
            for k in 0..<rank {
                let lanes = right.lanes(k &* columns &+ column)
                a.addProduct(Lanes(repeating: left[k]), lanes)
                b.addProduct(Lanes(repeating: left[rank &+ k]), lanes)
                c.addProduct(Lanes(repeating: left[2 &* rank &+ k]), lanes)
                d.addProduct(Lanes(repeating: left[3 &* rank &+ k]), lanes)
            }
            out.store(a * factor, column)
            out.store(b * factor, columns &+ column)
            out.store(c * factor, 2 &* columns &+ column)
            out.store(d * factor, 3 &* columns &+ column)
            if column &+ 16 == columns { return }
            // The last lanes overlap those before them: the same sums again.
            column = min(column &+ 16, columns &- 16)
        }
    }

    /// A piece of one row.
    private static func part(
        _ count: Int, rank: Int, columns: Int, scale: Float, left: UnsafePointer<Float>, right: UnsafePointer<Float>,
        into out: UnsafeMutablePointer<Float>
    ) {
        var column = 0
        while column &+ 16 <= count {
            var sum = Lanes()
            for k in 0..<rank { sum.addProduct(Lanes(repeating: left[k]), right.lanes(k &* columns &+ column)) }
            out.store(sum * Lanes(repeating: scale), column)
            column &+= 16
        }
        while column < count {
            var sum: Float = 0
            for k in 0..<rank { sum.addProduct(left[k], right[k &* columns &+ column]) }
            out[column] = sum * scale
            column &+= 1
        }
    }
}
