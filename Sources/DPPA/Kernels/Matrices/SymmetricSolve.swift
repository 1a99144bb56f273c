import DPPASupport

/// The least solution x of (a + r·1) x = b for a symmetric a without negative eigenvalues, on the range of a.
///
/// By a's eigenvectors in float64: directions whose eigenvalue is at most tolerance times the largest get nothing. r is `ridge`
/// times the mean of a's diagonal, so that its size does not depend on that of a.
package enum SymmetricSolve {
    /// x, as large as b; of a only the lower half is looked at.
    ///
    /// Throws `MatrixFailure`.
    package static func solve(_ a: Matrix, _ b: Matrix, ridge: Double, tolerance: Double) throws -> Matrix {
        let (n, width) = (a.rows, b.columns)
        guard n > 0, width > 0 else { return .zeros(rows: n, columns: width) }
        let diagonal = (0..<n).reduce(0.0) { $0 + Double(a.values.pointer[$1 * n + $1]) }
        let eigen = try SymmetricEigen(overwriting: a.converted(), n)
        let (vectors, values) = (eigen.vectors, eigen.values)

        let added = ridge * diagonal / Double(n)
        let least = tolerance * max(0, values.pointer[n - 1])
        let right: Buffer<Double> = b.converted()
        let along = Buffer<Double>(n * width)
        MatrixProduct.product(vectors, right, m: n, n: width, k: n, into: along)
        for row in 0..<n {
            let value = values.pointer[row]
            let factor = value > least && value > 0 ? 1 / (value + added) : 0
            for index in row * width..<(row + 1) * width { along.pointer[index] *= factor }
        }
        MatrixProduct.product(vectors, isTransposed: true, along, m: n, n: width, k: n, into: right)
        withExtendedLifetime(values) {}
        return Matrix(rounding: right, rows: n, columns: width)
    }

    /// What `solve` needs besides the matrices and the result, in bytes.
    package static func bytes(n: Int, width: Int) -> Int {
        (n * n + 2 * n * width) * 8 + SymmetricEigen.bytes(n)
    }
}
