/// Products of thin matrices, tile by tile.
package enum LowRankProduct {
    /// `out[i] = scale · Σₖ left[row, k] · right[k, column]` for the flat indices `elements` of a matrix with `columns` columns.
    ///
    /// `left` is `[rows, rank]` and `right` `[rank, columns]`, row-major. The sum is float32 in ascending k, without contraction;
    /// the scale comes last.
    package static func load(
        _ elements: Range<Int>, columns: Int, rank: Int, scale: Float, left: UnsafePointer<Float>,
        right: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>
    ) {
        var index = elements.lowerBound
        while index < elements.upperBound {
            let (row, first) = index.quotientAndRemainder(dividingBy: columns)
            let count = min(columns &- first, elements.upperBound &- index)
            part(
                count, rank: rank, columns: columns, scale: scale, left: left + row &* rank, right: right + first,
                into: out + (index &- elements.lowerBound))
            index &+= count
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
            for k in 0..<rank { sum += Lanes(repeating: left[k]) * right.lanes(k &* columns &+ column) }
            out.store(sum * Lanes(repeating: scale), column)
            column &+= 16
        }
        while column < count {
            var sum: Float = 0
            for k in 0..<rank { sum += left[k] * right[k &* columns &+ column] }
            out[column] = sum * scale
            column &+= 1
        }
    }
}
