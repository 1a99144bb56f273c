import DPPASupport

/// The leading singular triplets of a large matrix by a random projection (Halko, Martinsson, Tropp, arXiv 0909.4061).
///
/// With Ω of random numbers, Q an orthonormal basis of (A Aᵀ)² A Ω: the decomposition of the small QᵀA, times Q. In float64.
struct RangeFinder {
    /// How many more directions are looked at than wanted.
    static let oversampling = 8
    private static let powers = 2

    let seed: UInt64
    let name: String

    /// The first `rank` triplets of a matrix of finite numbers.
    func decompose(_ a: Matrix, rank: Int, _ options: SingularValues.Options) throws -> SingularValues {
        let (m, n, width) = (a.rows, a.columns, rank + Self.oversampling)
        let whole: Buffer<Double> = a.converted()
        var right = try basis(random(n, width), rows: n, columns: width)
        var left = try basis(times(whole, right, m, width, n), rows: m, columns: width)
        for _ in 0..<Self.powers {
            right = try basis(times(whole, isTransposed: true, left, n, width, m), rows: n, columns: width)
            left = try basis(times(whole, right, m, width, n), rows: m, columns: width)
        }
        let small = times(left, isTransposed: true, whole, width, n, m)
        let svd = try ThinSVD<Double>(destroying: small, rows: width, columns: n)
        let u = times(left, svd.u, m, width, width)
        return SingularValues(ThinSVD(s: svd.s, u: u, vt: svd.vt), a, rank, options)
    }

    /// Uniform numbers of −½ to ½.
    private func random(_ rows: Int, _ columns: Int) -> Buffer<Double> {
        let (numbers, result) = (Buffer<Float>(rows * columns), Buffer<Double>(rows * columns))
        RandomStream(seed: seed, stream: "svd", tensor: name).uniform(
            firstIndex: 0, count: numbers.count, into: numbers.pointer)
        for index in 0..<numbers.count { result.pointer[index] = Double(numbers.pointer[index]) - 0.5 }
        withExtendedLifetime((numbers, result)) {}
        return result
    }

    /// Orthonormal columns that span those of a matrix, which is lost.
    private func basis(_ x: Buffer<Double>, rows: Int, columns: Int) throws -> Buffer<Double> {
        try ThinSVD<Double>(destroying: x, rows: rows, columns: columns).u
    }

    private func times(
        _ a: Buffer<Double>, isTransposed: Bool = false, _ b: Buffer<Double>, _ m: Int, _ n: Int, _ k: Int
    ) -> Buffer<Double> {
        let result = Buffer<Double>(m * n)
        MatrixProduct.product(a, isTransposed: isTransposed, b, m: m, n: n, k: k, into: result)
        return result
    }

    /// What it needs besides the matrix and its results, in bytes.
    static func bytes(rows: Int, columns: Int, rank: Int) -> Int {
        let width = rank + oversampling
        let bases = ThinSVD<Double>.bytes(rows: max(rows, columns), columns: width)
        return (rows * columns + 3 * (rows + columns) * width) * 8 + bases
    }
}
