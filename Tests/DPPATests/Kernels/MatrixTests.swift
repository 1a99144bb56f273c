import DPPAKernels
import Foundation
import Testing

/// Matrices against naive loops, and against what defines a decomposition.
@Suite struct MatrixTests {
    @Test func kernelsOfOldProcessorsAreReplaced() {
        let new: Set = ["avx2", "fma", "sse3", "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]
        #expect(MatrixProduct.betterProcessor(features: new, than: "Prescott") == "SkylakeX")
        #expect(MatrixProduct.betterProcessor(features: ["avx2", "fma"], than: "Nehalem") == "Haswell")
        #expect(MatrixProduct.betterProcessor(features: ["sse3"], than: "Prescott") == nil)
        for family in ["Haswell", "Zen", "SkylakeX", "Cooperlake"] {
            #expect(MatrixProduct.betterProcessor(features: new, than: family) == nil)
        }
    }

    private func matrix(_ rows: Int, _ columns: Int, _ f: (Int, Int) -> Float) -> Matrix {
        let matrix = Matrix(rows: rows, columns: columns)
        for row in 0..<rows {
            for column in 0..<columns { matrix.values.pointer[row * columns + column] = f(row, column) }
        }
        return matrix
    }

    private func random(_ rows: Int, _ columns: Int, _ seed: UInt64) -> Matrix {
        var random = SplitMix(seed)
        return matrix(rows, columns) { _, _ in Float(Int64(bitPattern: random.next())) * 0x1p-63 }
    }

    private func naive(_ a: Matrix, _ b: Matrix) -> [Double] {
        (0..<a.rows * b.columns).map { index in
            (0..<a.columns).reduce(0.0) {
                $0 + Double(a.values.pointer[index / b.columns * a.columns + $1])
                    * Double(b.values.pointer[$1 * b.columns + index % b.columns])
            }
        }
    }

    private func differ(_ a: Matrix, _ b: [Double]) -> Double {
        zip(a.values.array(), b).map { abs(Double($0) - $1) }.max() ?? 0
    }

    /// Whether x xᵀ, or xᵀ x, is the identity.
    private func isOrthonormal(_ x: Matrix, columns: Bool) -> Bool {
        let gram = MatrixProduct.product(x, isTransposed: columns, x, isTransposed: !columns)
        return differ(gram, (0..<gram.count).map { $0 / gram.columns == $0 % gram.columns ? 1 : 0 }) < 5e-6
    }

    static let shapes = [(1, 1), (1, 6), (5, 1), (4, 4), (7, 4), (3, 6), (40, 23), (300, 17), (64, 301)]

    @Test(arguments: shapes) func productsAndTransposes(_ m: Int, _ k: Int) {
        let (a, b) = (random(m, k, 1), random(k, 9, 2))
        let expected = naive(a, b)
        #expect(differ(MatrixProduct.product(a, b), expected) < 1e-5)
        #expect(differ(MatrixProduct.product(a.transposed, isTransposed: true, b), expected) < 1e-5)
        #expect(
            differ(
                MatrixProduct.product(a.transposed, isTransposed: true, b.transposed, isTransposed: true), expected)
                < 1e-5)
        #expect(
            differ(MatrixProduct.product(a, isTransposed: false, b.transposed, isTransposed: true), expected) < 1e-5)
    }

    @Test(arguments: shapes, [false, true]) func decompositionsGiveTheMatrixBack(_ shape: (Int, Int), _ isSingle: Bool)
        throws
    {
        let a = random(shape.0, shape.1, 3)
        let rank = min(a.rows, a.columns)
        let svd = try SingularValues(a, rank: rank, SingularValues.Options(isSingle: isSingle), name: "x")
        let (u, vt, s) = (svd.u, svd.vt, svd.s.values.array())
        #expect(s == s.sorted(by: >) && isOrthonormal(u, columns: true) && isOrthonormal(vt, columns: false))
        let scaled = matrix(u.rows, rank) { u.values.pointer[$0 * rank + $1] * s[$1] }
        #expect(differ(MatrixProduct.product(scaled, vt), a.values.array().map { Double($0) }) < 4e-6)
        for index in 0..<rank {
            let column = (0..<u.rows).map { u.values.pointer[$0 * rank + index] }
            let largest = column.map(\.magnitude).max() ?? 0
            #expect(column.contains(largest))
        }
        let polar = try PolarFactor.of(a, tolerance: 1e-6, isSingle: isSingle)
        #expect(differ(polar, naive(u, vt)) < 4e-6)
    }

    /// The leading triplets are those of the whole decomposition; what is cut is zeros.
    @Test func ranksToleranceAndEnergyCut() throws {
        // Singular values 4, 2, 1 and 0.
        let a = matrix(4, 5) { row, column in row == column ? [4, 2, 1, 0][row] : 0 }
        func values(_ rank: Int, _ options: SingularValues.Options) throws -> [Float] {
            let svd = try SingularValues(a, rank: rank, options, name: "x")
            let lengths = (0..<rank).map { index in
                (0..<5).reduce(Float(0)) { $0 + svd.vt.values.pointer[index * 5 + $1].magnitude }
            }
            #expect(zip(svd.s.values.array(), lengths).allSatisfy { abs($1 - ($0 > 0 ? 1 : 0)) < 1e-6 })
            return svd.s.values.array()
        }
        #expect(try values(4, .init()) == [4, 2, 1, 0] && values(2, .init()) == [4, 2] && values(0, .init()) == [])
        #expect(try values(4, .init(tolerance: 0.25)) == [4, 2, 0, 0])
        #expect(
            try values(4, .init(energy: 16.0 / 21)) == [4, 0, 0, 0] && values(4, .init(energy: 0.8)) == [4, 2, 0, 0])
        #expect(try values(4, .init(energy: 1)) == [4, 2, 1, 0] && values(4, .init(energy: 0)) == [0, 0, 0, 0])
        let none = try SingularValues(.zeros(rows: 3, columns: 2), rank: 2, .init(), name: "x")
        #expect(none.u.values.array().allSatisfy { $0 == 0 } && none.s.values.array() == [0, 0])
    }

    /// Where the values fall off, a random look at the range finds the leading triplets.
    @Test func aRangeFinderFindsTheLeadingTriplets() throws {
        let (left, right) = (random(120, 6, 5), random(6, 90, 6))
        let noise = random(120, 90, 7)
        let product = MatrixProduct.product(left, right)
        let a = matrix(120, 90) { product.values.pointer[$0 * 90 + $1] + 1e-3 * noise.values.pointer[$0 * 90 + $1] }
        let exact = try SingularValues(a, rank: 6, .init(), name: "x")
        let found = try SingularValues(a, rank: 6, .init(seed: 1), name: "x")
        for (x, y) in [(exact.s, found.s), (exact.u, found.u), (exact.vt, found.vt)] {
            #expect(differ(x, y.values.array().map { Double($0) }) < 1e-4)
        }
        // In noise there is no such fall, and another seed finds others; the same one the same.
        let parts = try [1, 1, 2].map {
            try SingularValues(noise, rank: 6, .init(seed: $0), name: "x").u.values.array()
        }
        #expect(parts[0] == parts[1] && parts[0] != parts[2])
    }

    @Test func solvingIsOnTheRangeAlone() throws {
        // Of rank 3: a = xᵀ x, b = a y, so the least solution is y's part in the range.
        let x = random(3, 8, 8)
        let a = MatrixProduct.product(x, isTransposed: true, x)
        let b = MatrixProduct.product(a, random(8, 5, 9))
        let found = try SymmetricSolve.solve(a, b, ridge: 0, tolerance: 1e-6)
        #expect(differ(MatrixProduct.product(a, found), b.values.array().map { Double($0) }) < 1e-5)
        let range = try PolarFactor.of(x, tolerance: 1e-6, isSingle: false)
        let inside = MatrixProduct.product(range, isTransposed: true, MatrixProduct.product(range, found))
        #expect(differ(inside, found.values.array().map { Double($0) }) < 1e-5)
        let damped = try SymmetricSolve.solve(
            matrix(2, 2) { $0 == $1 ? [1, 3][$0] : 0 }, matrix(2, 1) { _, _ in 1 }, ridge: 0.5, tolerance: 0)
        #expect(damped.values.array() == [0.5, 0.25])
        #expect(
            try SymmetricSolve.solve(
                .zeros(rows: 2, columns: 2), b.block(row: 0, column: 0, rows: 2, columns: 1), ridge: 0, tolerance: 0
            ).values.array() == [0, 0])
    }

    @Test func piecesAreWhereTheyBelong() {
        let a = matrix(2, 3) { Float(10 * $0 + $1) }
        #expect(Matrix.beside([a, a]).values.array() == [0, 1, 2, 0, 1, 2, 10, 11, 12, 10, 11, 12])
        #expect(Matrix.below([a, a]).values.array() == [0, 1, 2, 10, 11, 12, 0, 1, 2, 10, 11, 12])
        #expect(a.transposed.values.array() == [0, 10, 1, 11, 2, 12])
        #expect(a.cumulated.values.array() == [0, 1, 3, 10, 21, 33])
        #expect(a.block(row: 1, column: 1, rows: 2, columns: 3).values.array() == [11, 12, 0, 0, 0, 0])
        #expect(a.block(row: -1, column: -1, rows: 2, columns: 2).values.array() == [0, 0, 0, 0])
        #expect(a.block(row: 0, column: 3, rows: 1, columns: 2).values.array() == [0, 0])
        let vector = matrix(1, 2) { Float($1 + 1) }
        #expect(Matrix.repeating(vector, rows: 2, columns: 3, isByRow: true).values.array() == [1, 1, 1, 2, 2, 2])
        #expect(Matrix.repeating(vector, rows: 3, columns: 2, isByRow: false).values.array() == [1, 2, 1, 2, 1, 2])
        let nothing = Matrix(rows: 2, columns: 0)
        #expect(Matrix.beside([nothing, a]).values.array() == a.values.array())
        #expect(MatrixProduct.product(nothing, Matrix(rows: 0, columns: 3)).values.array() == [0, 0, 0, 0, 0, 0])
    }
}
