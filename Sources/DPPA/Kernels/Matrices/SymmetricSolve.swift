internal import COpenBLAS
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
        let vectors: Buffer<Double> = a.converted()
        let diagonal = (0..<n).reduce(0.0) { $0 + Double(a.values.pointer[$1 * n + $1]) }
        let values = Buffer<Double>(n)
        let sizes = workspace(n)
        let (work, indices) = (Buffer<Double>(sizes.work), Buffer<Int32>(sizes.indices))
        let info = copenblas_eigen_doubles(
            Int32(n), vectors.pointer, values.pointer, work.pointer, Int32(sizes.work), indices.pointer,
            Int32(sizes.indices))
        withExtendedLifetime((work, indices)) {}
        guard info >= 0 else { throw MatrixFailure.refused(Int(info)) }
        guard info == 0 else { throw MatrixFailure.unconverged }

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
        let sizes = workspace(n)
        return (n * n + n + sizes.work + 2 * n * width) * 8 + sizes.indices * 4
    }

    private static func workspace(_ n: Int) -> (work: Int, indices: Int) {
        var (a, w, work, indices): (Double, Double, Double, Int32) = (0, 0, 0, 0)
        _ = copenblas_eigen_doubles(Int32(max(1, n)), &a, &w, &work, -1, &indices, -1)
        return (Int(work) + 1, Int(indices) + 1)
    }
}
