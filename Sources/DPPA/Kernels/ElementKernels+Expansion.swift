/// Coarser values spread over elements: rounded to float32 here, once.
extension ElementKernels {
    /// `out[r * rowLength + j] = Float(rows[r])`; writes no further than the last row.
    package static func expandRows(
        _ rows: UnsafePointer<Double>, rowLength: Int, into out: UnsafeMutablePointer<Float>, rowCount: Int
    ) {
        for row in 0..<max(0, rowCount) {
            let value = Float(rows[row])
            let lanes = Lanes(repeating: value)
            let start = out + row * rowLength
            var index = 0
            while index &+ 16 <= rowLength {
                start.store(lanes, index)
                index &+= 16
            }
            while index < rowLength {
                start[index] = value
                index &+= 1
            }
        }
    }

    /// `out[i] = Float(columns[(firstColumn + i) % rowLength])`; writes no further than `count`.
    package static func expandColumns(
        _ columns: UnsafePointer<Double>, firstColumn: Int, rowLength: Int, into out: UnsafeMutablePointer<Float>,
        count: Int
    ) {
        guard rowLength > 0 else { return }
        let first = firstColumn % rowLength
        let whole = min(count, rowLength)
        let beforeWrap = min(whole, rowLength - first)
        for index in 0..<max(0, beforeWrap) { out[index] = Float(columns[first + index]) }
        for index in max(0, beforeWrap)..<max(0, whole) { out[index] = Float(columns[index - beforeWrap]) }
        // The rest repeats what is there; the copied piece doubles each time and stays a multiple of a row.
        var filled = whole
        while filled < count {
            let piece = min(filled, count - filled)
            (out + filled).update(from: out, count: piece)
            filled += piece
        }
    }
}
