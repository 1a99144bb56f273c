import DPPASupport

/// A matrix of float32 numbers in memory, row-major; a vector is one row.
package struct Matrix: Sendable {
    package let values: Buffer<Float>
    package let rows: Int
    package let columns: Int

    /// A matrix over numbers, as many as `rows` times `columns`.
    package init(_ values: Buffer<Float>, rows: Int, columns: Int) {
        self.values = values
        self.rows = rows
        self.columns = columns
    }

    /// Memory for a matrix.
    package init(rows: Int, columns: Int) {
        self.init(Buffer<Float>(rows * columns), rows: rows, columns: columns)
    }

    package var count: Int { rows * columns }

    /// A matrix of zeros.
    package static func zeros(rows: Int, columns: Int) -> Matrix {
        let matrix = Matrix(rows: rows, columns: columns)
        matrix.values.clear()
        return matrix
    }

    /// How many numbers are infinite or NaN.
    package var nonFiniteCount: Int { NonFinite.count(values.pointer, .f32, count) }

    /// The numbers in another precision.
    func converted<Number: MatrixNumber>(to _: Number.Type = Number.self) -> Buffer<Number> {
        let target = Buffer<Number>(count)
        let (from, to) = (values.pointer, target.pointer)
        for index in 0..<count { to[index] = Number(from[index]) }
        withExtendedLifetime((values, target)) {}
        return target
    }

    /// Numbers of another precision, each rounded once.
    init<Number: MatrixNumber>(rounding numbers: Buffer<Number>, rows: Int, columns: Int) {
        self.init(rows: rows, columns: columns)
        let (from, to) = (numbers.pointer, values.pointer)
        for index in 0..<rows * columns { to[index] = Float(from[index]) }
        withExtendedLifetime((numbers, values)) {}
    }
}

/// Rearranging matrices; nothing is computed but sums along rows.
extension Matrix {
    /// Rows and columns exchanged.
    package var transposed: Matrix {
        let result = Matrix(rows: columns, columns: rows)
        let (from, to, block) = (values.pointer, result.values.pointer, 32)
        for top in stride(from: 0, to: rows, by: block) {
            for left in stride(from: 0, to: columns, by: block) {
                for row in top..<min(rows, top + block) {
                    for column in left..<min(columns, left + block) {
                        to[column &* rows &+ row] = from[row &* columns &+ column]
                    }
                }
            }
        }
        return result
    }

    /// Matrices of equal row counts side by side.
    package static func beside(_ parts: [Matrix]) -> Matrix {
        let result = Matrix(rows: parts[0].rows, columns: parts.reduce(0) { $0 + $1.columns })
        var first = 0
        for part in parts {
            for row in 0..<part.rows {
                (result.values.pointer + row * result.columns + first).update(
                    from: part.values.pointer + row * part.columns, count: part.columns)
            }
            first += part.columns
        }
        return result
    }

    /// Matrices of equal column counts one below the other.
    package static func below(_ parts: [Matrix]) -> Matrix {
        let result = Matrix(rows: parts.reduce(0) { $0 + $1.rows }, columns: parts[0].columns)
        var first = 0
        for part in parts {
            (result.values.pointer + first).update(from: part.values.pointer, count: part.count)
            first += part.count
        }
        return result
    }

    /// The sums of each row's numbers up to every column, in float64, each rounded once.
    package var cumulated: Matrix {
        let result = Matrix(rows: rows, columns: columns)
        for row in 0..<rows {
            var sum = 0.0
            for index in row * columns..<(row + 1) * columns {
                sum += Double(values.pointer[index])
                result.values.pointer[index] = Float(sum)
            }
        }
        return result
    }

    /// The block whose first element is at a row and a column, 0 where it reaches outside.
    package func block(row: Int, column: Int, rows count: Int, columns width: Int) -> Matrix {
        let result = Matrix.zeros(rows: count, columns: width)
        let (from, to) = (max(0, column), min(columns, column + width))
        guard from < to else { return result }
        for target in 0..<count where (0..<rows).contains(row + target) {
            (result.values.pointer + target * width + from - column).update(
                from: values.pointer + (row + target) * columns + from, count: to - from)
        }
        return result
    }
}

extension Matrix {
    /// The numbers of a vector, one for each row, or for each column.
    package static func repeating(_ vector: Matrix, rows: Int, columns: Int, isByRow: Bool) -> Matrix {
        let (result, from) = (Matrix(rows: rows, columns: columns), vector.values.pointer)
        for row in 0..<rows {
            let target = result.values.pointer + row * columns
            if isByRow {
                target.update(repeating: from[row], count: columns)
            } else {
                target.update(from: from, count: columns)
            }
        }
        return result
    }
}
