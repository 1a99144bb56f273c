import DPPASupport

/// ALPS (arXiv 2406.07831): the sparse matrix whose outputs are nearest to those of a dense one, by the alternating direction method of
/// multipliers, then by conjugate gradients on what stays.
///
/// With G the products of the inputs, G += damp · mean(diag G) · 1, scaled to a unit diagonal, and B₀ the weights in that scale:
/// B = (G + ρ)⁻¹ (G B₀ − V + ρ D); D = the largest elements of B + V / ρ; V += ρ (B − D). Every third round ρ grows by 1.3, 1.2
/// or 1.1 as more than a tenth of what stays has changed, more than 0.005 of it, or anything; where nothing changes it ends. As in
/// the authors' program it begins again with a fifth of ρ while too little has changed from the start. Float64, rounded once.
public enum ALPS {
    /// How it prunes.
    public struct Options: Sendable, Hashable {
        /// What is added to the diagonal, times its mean.
        public var damp: Double
        /// The first ρ.
        public var rho: Double
        /// How many rounds at most.
        public var rounds: Int
        /// How many of each group stay.
        public var kept: Int
        /// How many consecutive elements of a row are a group; 0 where a share of all goes.
        public var group: Int

        /// Options; by default those of the authors, without a pattern.
        public init(damp: Double = 0.01, rho: Double = 0.1, rounds: Int = 300, kept: Int = 0, group: Int = 0) {
            (self.damp, self.rho, self.rounds, self.kept, self.group) = (damp, rho, rounds, kept, group)
        }
    }

    /// Steps of conjugate gradients on what stays.
    private static let steps = 10
    /// How often ρ is looked at.
    private static let interval = 3

    /// The pruned matrix; `products` is columns × columns, in any scale, and `share` what goes without a pattern.
    ///
    /// Throws `MatrixFailure`.
    package static func prune(
        _ weights: Matrix, products: Matrix, share: Double, _ options: Options
    ) throws -> Matrix {
        guard weights.count > 0 else { return weights }
        let solver = try Solver(weights, products, share: share, options)
        solver.alternate()
        return solver.refined()
    }

    /// What it needs besides the matrices and the result, in bytes.
    package static func bytes(rows: Int, columns n: Int) -> Int {
        (7 * rows * n + 4 * n * n) * 8 + rows * n + SymmetricEigen.bytes(n)
    }

    /// The state of the rounds; matrices are outputs × inputs, in the scale of the unit diagonal.
    private struct Solver {
        let rows, n: Int
        let options: Options
        /// How many elements stay.
        let kept: Int
        let sizes: Buffer<Double>
        let gram: Buffer<Double>
        let eigen: SymmetricEigen
        let start, target, dual, sparse, dense, work: Buffer<Double>
        /// 1 where something stays.
        let support: Buffer<UInt8>

        var count: Int { rows * n }

        init(_ weights: Matrix, _ products: Matrix, share: Double, _ options: Options) throws {
            let (rows, n) = (weights.rows, weights.columns)
            let (gram, start): (Buffer<Double>, Buffer<Double>) = (products.converted(), weights.converted())
            let sizes = Buffer<Double>(n)
            let mean = (0..<n).reduce(0.0) { $0 + gram.pointer[$1 * n + $1] } / Double(n)
            for index in 0..<n {
                gram.pointer[index * n + index] += options.damp * mean
                sizes.pointer[index] = gram.pointer[index * n + index].squareRoot() + 1e-8
            }
            for row in 0..<n {
                for column in 0..<n {
                    gram.pointer[row &* n &+ column] /= sizes.pointer[row] * sizes.pointer[column]
                }
            }
            for index in 0..<rows * n { start.pointer[index] *= sizes.pointer[index % n] }
            let vectors = Buffer<Double>(n * n)
            vectors.pointer.update(from: gram.pointer, count: n * n)
            eigen = try SymmetricEigen(overwriting: vectors, n)
            (target, dual, sparse) = (Buffer(rows * n), Buffer(rows * n), Buffer(rows * n))
            (dense, work, support) = (Buffer(rows * n), Buffer(rows * n), Buffer(rows * n))
            kept =
                options.group > 0
                ? rows * n / options.group * options.kept
                : Int(((1 - share) * Double(rows * n)).rounded(.toNearestOrEven))
            (self.rows, self.n, self.options) = (rows, n, options)
            (self.gram, self.start, self.sizes) = (gram, start, sizes)
            MatrixProduct.product(start, gram, m: rows, n: n, k: n, into: target)
            begin()
        }

        /// The largest of the dense weights, and no multipliers.
        func begin() {
            dual.clear()
            work.pointer.update(from: start.pointer, count: count)
            choose()
        }

        func alternate() {
            var (rho, isSettled) = (options.rho, false)
            let before = Buffer<UInt8>(count)
            before.pointer.update(from: support.pointer, count: count)
            var inverse = eigen.inverse(adding: rho)
            for round in 1...max(1, options.rounds) {
                for index in 0..<count {
                    work.pointer[index] =
                        target.pointer[index] - dual.pointer[index] + rho * sparse.pointer[index]
                }
                MatrixProduct.product(work, inverse, m: rows, n: n, k: n, into: dense)
                for index in 0..<count { work.pointer[index] = dense.pointer[index] + dual.pointer[index] / rho }
                choose()
                for index in 0..<count {
                    dual.pointer[index] += rho * (dense.pointer[index] - sparse.pointer[index])
                }
                guard round % ALPS.interval == 0 else { continue }
                var changed = 0
                for index in 0..<count where support.pointer[index] != before.pointer[index] { changed += 1 }
                let share = Double(changed) / Double(max(1, kept))
                before.pointer.update(from: support.pointer, count: count)
                if share > 0.1 {
                    (rho, isSettled) = (rho * 1.3, true)
                } else if share > 0.005 {
                    (rho, isSettled) = (rho * 1.2, true)
                } else if isSettled {
                    guard changed > 0 else { return }
                    rho *= 1.1
                } else {
                    rho /= 5
                    if changed > 0 { begin() }
                }
                rho = min(rho, 1e6)
                inverse = eigen.inverse(adding: rho)
            }
        }

        /// Keeps the largest of `work` by size in `sparse`, among equals the first.
        private func choose() {
            if options.group > 0 {
                let (marks, squares) = (Buffer<UInt8>(options.group), Buffer<Double>(options.group))
                for first in stride(from: 0, to: count, by: options.group) {
                    for index in 0..<options.group {
                        let value = work.pointer[first + index]
                        squares.pointer[index] = value * value
                    }
                    ConsecutiveChoice.mark(
                        UnsafePointer(squares.pointer), kept: options.kept, of: options.group, marks.pointer)
                    (support.pointer + first).update(from: marks.pointer, count: options.group)
                }
            } else {
                mark()
            }
            for index in 0..<count {
                sparse.pointer[index] = support.pointer[index] == 1 ? work.pointer[index] : 0
            }
        }

        private func mark() {
            guard kept > 0 else { return support.clear() }
            var squares = (0..<count).map { work.pointer[$0] * work.pointer[$0] }
            let limit = squares.withUnsafeMutableBufferPointer { SparseGPT.select(count - kept, in: $0) }
            var room = kept
            for index in 0..<count where work.pointer[index] * work.pointer[index] > limit { room -= 1 }
            for index in 0..<count {
                let square = work.pointer[index] * work.pointer[index]
                let stays = square > limit || square == limit && room > 0
                if stays, square == limit { room -= 1 }
                support.pointer[index] = stays ? 1 : 0
            }
        }

        /// What stays, nearest to the dense outputs by conjugate gradients, row by row, in the scale of the weights.
        func refined() -> Matrix {
            // The residual is in `dense`, the direction in `dual`.
            let (residual, direction) = (dense, dual)
            MatrixProduct.product(sparse, gram, m: rows, n: n, k: n, into: work)
            for index in 0..<count {
                residual.pointer[index] =
                    support.pointer[index] == 1 ? target.pointer[index] - work.pointer[index] : 0
                direction.pointer[index] = residual.pointer[index]
            }
            var lengths = (0..<rows).map { length(residual, $0) }
            for _ in 0..<ALPS.steps {
                MatrixProduct.product(direction, gram, m: rows, n: n, k: n, into: work)
                for row in 0..<rows where lengths[row] > 0 {
                    let (r, p, q) = (residual.pointer + row * n, direction.pointer + row * n, work.pointer + row * n)
                    var curvature = 0.0
                    for index in 0..<n { curvature += p[index] * q[index] }
                    guard curvature > 0 else { continue }
                    let step = lengths[row] / curvature
                    for index in 0..<n where support.pointer[row * n + index] == 1 {
                        sparse.pointer[row * n + index] += step * p[index]
                        r[index] -= step * q[index]
                    }
                    let length = length(residual, row)
                    let ratio = length / lengths[row]
                    for index in 0..<n { p[index] = r[index] + ratio * p[index] }
                    lengths[row] = length
                }
            }
            for index in 0..<count { sparse.pointer[index] /= sizes.pointer[index % n] }
            return Matrix(rounding: sparse, rows: rows, columns: n)
        }

        private func length(_ x: Buffer<Double>, _ row: Int) -> Double {
            var sum = 0.0
            for index in row * n..<(row + 1) * n { sum += x.pointer[index] * x.pointer[index] }
            return sum
        }
    }
}
