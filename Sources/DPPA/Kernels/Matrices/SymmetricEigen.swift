internal import COpenBLAS
import DPPASupport

/// The eigenvalues, ascending, and eigenvectors, one a row, of a symmetric matrix in float64.
struct SymmetricEigen {
    let n: Int
    let vectors, values: Buffer<Double>

    /// Takes the memory of the matrix for its eigenvectors; only the lower half is looked at.
    ///
    /// Throws `MatrixFailure`.
    init(overwriting matrix: Buffer<Double>, _ n: Int) throws {
        self.n = n
        (vectors, values) = (matrix, Buffer(n))
        let sizes = Self.workspace(n)
        let (work, indices) = (Buffer<Double>(sizes.work), Buffer<Int32>(sizes.indices))
        let info = copenblas_eigen_doubles(
            Int32(n), vectors.pointer, values.pointer, work.pointer, Int32(sizes.work), indices.pointer,
            Int32(sizes.indices))
        withExtendedLifetime((work, indices)) {}
        guard info >= 0 else { throw MatrixFailure.refused(Int(info)) }
        guard info == 0 else { throw MatrixFailure.unconverged }
    }

    /// The inverse of the matrix with a number above 0 added to its diagonal.
    func inverse(adding number: Double) -> Buffer<Double> {
        let (scaled, result) = (Buffer<Double>(n * n), Buffer<Double>(n * n))
        for row in 0..<n {
            let factor = 1 / (max(0, values.pointer[row]) + number)
            for index in row * n..<(row + 1) * n { scaled.pointer[index] = vectors.pointer[index] * factor }
        }
        MatrixProduct.product(scaled, isTransposed: true, vectors, m: n, n: n, k: n, into: result)
        return result
    }

    /// What finding them needs besides the matrix, in bytes.
    static func bytes(_ n: Int) -> Int { (n + workspace(n).work) * 8 + workspace(n).indices * 4 }

    private static func workspace(_ n: Int) -> (work: Int, indices: Int) {
        var (a, w, work, indices): (Double, Double, Double, Int32) = (0, 0, 0, 0)
        _ = copenblas_eigen_doubles(Int32(max(1, n)), &a, &w, &work, -1, &indices, -1)
        return (Int(work) + 1, Int(indices) + 1)
    }
}
