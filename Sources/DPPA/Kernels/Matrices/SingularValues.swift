import DPPASupport

/// The leading singular triplets of a matrix, a ≈ u · diag(s) · vt.
///
/// s descends. The largest component of each left vector by size, the first among equals, is positive.
public struct SingularValues {
    /// How a matrix is decomposed.
    public struct Options: Sendable, Hashable {
        /// Triplets whose s is at most this times the largest are zeros.
        public var tolerance: Double
        /// Nor are more left than have this share of Σs² together; nil for all.
        public var energy: Double?
        /// Whether it is done in float32: half the memory and time.
        public var isSingle: Bool
        /// Random numbers of a range finder that looks for the leading triplets alone; nil for the whole decomposition.
        public var seed: UInt64?

        /// Options; by default the whole decomposition in float64.
        public init(tolerance: Double = 0, energy: Double? = nil, isSingle: Bool = false, seed: UInt64? = nil) {
            (self.tolerance, self.energy, self.isSingle, self.seed) = (tolerance, energy, isSingle, seed)
        }
    }

    /// rank numbers, one row; rows × rank; rank × columns.
    package let s, u, vt: Matrix

    /// Decomposes a matrix of finite numbers; `rank` is at most its smaller side, `name` is the tensor's, for random numbers.
    ///
    /// Throws `MatrixFailure`.
    package init(_ a: Matrix, rank: Int, _ options: Options, name: String) throws {
        guard rank > 0 else {
            s = Matrix(rows: 1, columns: 0)
            u = Matrix(rows: a.rows, columns: 0)
            vt = Matrix(rows: 0, columns: a.columns)
            return
        }
        self =
            if let seed = options.seed, rank + RangeFinder.oversampling < min(a.rows, a.columns) {
                try RangeFinder(seed: seed, name: name).decompose(a, rank: rank, options)
            } else if options.isSingle {
                SingularValues(
                    try ThinSVD<Float>(destroying: a.converted(), rows: a.rows, columns: a.columns), a, rank, options)
            } else {
                SingularValues(
                    try ThinSVD<Double>(destroying: a.converted(), rows: a.rows, columns: a.columns), a, rank, options)
            }
    }

    /// The first triplets of a decomposition of a matrix of a size, with their signs, rounded once.
    init<Number: MatrixNumber>(_ svd: ThinSVD<Number>, _ a: Matrix, _ rank: Int, _ options: Options) {
        let (count, rows, columns) = (svd.s.count, a.rows, a.columns)
        let kept = Self.kept(svd.s, rank, options)
        s = .zeros(rows: 1, columns: rank)
        u = .zeros(rows: rows, columns: rank)
        vt = .zeros(rows: rank, columns: columns)
        for index in 0..<kept {
            var (largest, sign): (Number, Number) = (0, 1)
            for row in 0..<rows {
                let component = svd.u.pointer[row &* count &+ index]
                if component.magnitude > largest { (largest, sign) = (component.magnitude, component < 0 ? -1 : 1) }
            }
            s.values.pointer[index] = Float(svd.s.pointer[index])
            for row in 0..<rows {
                u.values.pointer[row &* rank &+ index] = Float(sign * svd.u.pointer[row &* count &+ index])
            }
            for column in 0..<columns {
                vt.values.pointer[index &* columns &+ column] = Float(
                    sign * svd.vt.pointer[index &* columns &+ column])
            }
        }
        withExtendedLifetime((svd, s, u, vt)) {}
    }

    /// How many of the first triplets count as more than zeros.
    static func kept<Number: MatrixNumber>(_ s: Buffer<Number>, _ rank: Int, _ options: Options) -> Int {
        let values = s.array().map { Double($0) }
        guard let first = values.first, first > 0 else { return 0 }
        var kept = values.prefix(rank).count { $0 > options.tolerance * first }
        if let energy = options.energy {
            let all = values.reduce(0) { $0 + $1 * $1 }
            var sum = 0.0
            // Rounding must not ask for more than all.
            let enough = values.prefix { value in
                guard sum < energy * all * (1 - 1e-12) else { return false }
                sum += value * value
                return true
            }
            kept = min(kept, enough.count)
        }
        return kept
    }

    /// What a decomposition needs besides the matrix and its results, in bytes.
    package static func bytes(rows: Int, columns: Int, rank: Int, _ options: Options) -> Int {
        guard rank > 0 else { return 0 }
        if options.seed != nil, rank + RangeFinder.oversampling < min(rows, columns) {
            return RangeFinder.bytes(rows: rows, columns: columns, rank: rank)
        }
        return options.isSingle
            ? rows * columns * 4 + ThinSVD<Float>.bytes(rows: rows, columns: columns)
            : rows * columns * 8 + ThinSVD<Double>.bytes(rows: rows, columns: columns)
    }
}

/// U · Vᵀ, the nearest matrix with orthonormal rows or columns, over the directions that the matrix has.
package enum PolarFactor {
    /// The factor of a matrix of finite numbers; directions with s ≤ tolerance · s₀ are left out.
    ///
    /// Throws `MatrixFailure`.
    package static func of(_ a: Matrix, tolerance: Double, isSingle: Bool) throws -> Matrix {
        guard a.count > 0 else { return a }
        return isSingle ? try of(a, tolerance, Float.self) : try of(a, tolerance, Double.self)
    }

    private static func of<Number: MatrixNumber>(
        _ a: Matrix, _ tolerance: Double, _: Number.Type
    ) throws -> Matrix {
        let svd = try ThinSVD<Number>(destroying: a.converted(), rows: a.rows, columns: a.columns)
        let kept = SingularValues.kept(svd.s, svd.s.count, SingularValues.Options(tolerance: tolerance))
        let (rank, columns) = (svd.s.count, a.columns)
        let u: Buffer<Double> = Matrix.doubles(svd.u)
        let vt: Buffer<Double> = Matrix.doubles(svd.vt)
        for index in kept..<rank {
            for column in 0..<columns { vt.pointer[index &* columns &+ column] = 0 }
        }
        let product = Buffer<Double>(a.count)
        MatrixProduct.product(u, vt, m: a.rows, n: columns, k: rank, into: product)
        return Matrix(rounding: product, rows: a.rows, columns: columns)
    }

    /// What it needs besides the matrix and the result, in bytes.
    package static func bytes(rows: Int, columns: Int, isSingle: Bool) -> Int {
        let (count, rank) = (rows * columns, min(rows, columns))
        let product = (rows * rank + rank * columns + count) * 8
        return isSingle
            ? count * 4 + ThinSVD<Float>.bytes(rows: rows, columns: columns) + product
            : count * 8 + ThinSVD<Double>.bytes(rows: rows, columns: columns) + count * 8
    }
}

extension Matrix {
    /// Numbers in float64: themselves where they are already.
    fileprivate static func doubles<Number: MatrixNumber>(_ numbers: Buffer<Number>) -> Buffer<Double> {
        if let same = numbers as? Buffer<Double> { return same }
        let result = Buffer<Double>(numbers.count)
        for index in 0..<numbers.count { result.pointer[index] = Double(numbers.pointer[index]) }
        withExtendedLifetime(numbers) {}
        return result
    }
}
