import DPPASupport

/// Which of each few consecutive numbers of a row are the largest: the patterns n:m of sparse matrices.
package enum ConsecutiveChoice {
    /// A matrix of 1 for the `kept` largest of each `group` consecutive numbers of a row, among equals the first, and 0 for all
    /// others.
    ///
    /// `group` divides the number of columns and is not less than `kept`.
    package static func of(_ x: Matrix, kept: Int, group: Int) -> Matrix {
        let result = Matrix(rows: x.rows, columns: x.columns)
        let marks = Buffer<UInt8>(group)
        for start in stride(from: 0, to: x.count, by: group) {
            mark(UnsafePointer(x.values.pointer + start), kept: kept, of: group, marks.pointer)
            for index in 0..<group { result.values.pointer[start + index] = Float(marks.pointer[index]) }
        }
        withExtendedLifetime((x.values, marks)) {}
        return result
    }

    /// Marks the `kept` largest of some numbers with 1, all others with 0; among equals the first.
    static func mark<Number: MatrixNumber>(
        _ x: UnsafePointer<Number>, kept: Int, of count: Int, _ marks: UnsafeMutablePointer<UInt8>
    ) {
        marks.update(repeating: 0, count: count)
        for _ in 0..<kept {
            var best = -1
            for index in 0..<count where marks[index] == 0 && (best < 0 || x[index] > x[best]) { best = index }
            if best >= 0 { marks[best] = 1 }
        }
    }
}
