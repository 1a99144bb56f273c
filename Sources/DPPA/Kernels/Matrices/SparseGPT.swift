internal import COpenBLAS
import DPPASupport

/// SparseGPT (arXiv 2301.00774): prunes a matrix by columns, and lets the columns behind make up for what goes.
///
/// With H the products of the inputs with each other, H += damp · mean(diag H) · 1, and H⁻¹ = Uᵀ U with U upper: an element has the
/// score w² / U_jj², and where it goes, w / U_jj · U_jk is taken from each element k > j of its row. A block of columns has its mask
/// before its first column is pruned: of all its elements those whose score is at most the int(share · count)-th from below; with a
/// pattern a group has it at its first column, with what is left of the weights by then. Only the size of H to damp · mean matters,
/// not its scale. Float64, rounded once. Inputs that are always 0 have no say: their weights become 0, and they do not count in
/// the mean, where the authors' program counts them with 1.
public enum SparseGPT {
    /// How it prunes.
    public struct Options: Sendable, Hashable {
        /// What is added to the diagonal, times its mean.
        public var damp: Double
        /// How many columns have a mask together.
        public var block: Int
        /// How many of each group stay.
        public var kept: Int
        /// How many consecutive elements of a row are a group; 0 where a share of each block goes.
        public var group: Int

        /// Options; by default those of the authors, without a pattern.
        public init(damp: Double = 0.01, block: Int = 128, kept: Int = 0, group: Int = 0) {
            (self.damp, self.block, self.kept, self.group) = (damp, block, kept, group)
        }
    }

    /// The pruned matrix; `products` is columns × columns, in any scale, and `share` what goes of each block without a pattern.
    ///
    /// Throws `MatrixFailure`.
    package static func prune(
        _ weights: Matrix, products: Matrix, share: Double, _ options: Options
    ) throws -> Matrix {
        let (rows, n) = (weights.rows, weights.columns)
        guard rows > 0, n > 0 else { return weights }
        let w: Buffer<Double> = weights.converted()
        let u = try factor(products, damp: options.damp, silencing: w, rows: rows)
        let size = min(options.block, n)
        let (errors, scores) = (Buffer<Double>(rows * size), Buffer<Double>(rows * size))
        let (gone, marks) = (Buffer<UInt8>(rows * size), Buffer<UInt8>(max(1, options.group)))
        for first in stride(from: 0, to: n, by: size) {
            let width = min(size, n - first)
            if options.group == 0 {
                for row in 0..<rows {
                    for index in 0..<width {
                        scores.pointer[row &* width &+ index] = score(w, u, row: row, column: first &+ index, n)
                    }
                }
                let limit = threshold(scores, count: rows * width, share: share)
                for index in 0..<rows * width { gone.pointer[index] = scores.pointer[index] <= limit ? 1 : 0 }
            }
            for row in 0..<rows {
                let line = w.pointer + row * n + first
                for index in 0..<width {
                    let place = row &* width &+ index
                    if options.group > 0, index % options.group == 0 {
                        for member in 0..<options.group {
                            scores.pointer[member] = score(w, u, row: row, column: first &+ index &+ member, n)
                        }
                        ConsecutiveChoice.mark(
                            UnsafePointer(scores.pointer), kept: options.kept, of: options.group, marks.pointer)
                        for member in 0..<options.group { gone.pointer[place &+ member] = 1 &- marks.pointer[member] }
                    }
                    errors.pointer[place] = 0
                    guard gone.pointer[place] == 1 else { continue }
                    let factors = u.pointer + ((first &+ index) &* n &+ first)
                    let error = line[index] / factors[index]
                    errors.pointer[place] = error
                    line[index] = 0
                    guard error != 0, index &+ 1 < width else { continue }
                    for later in (index &+ 1)..<width { line[later] -= error * factors[later] }
                }
            }
            pass(errors, width: width, from: first, to: w, u, rows: rows, n)
        }
        withExtendedLifetime((w, u, errors, scores, gone, marks)) {}
        return Matrix(rounding: w, rows: rows, columns: n)
    }

    @inline(__always)
    private static func score(_ w: Buffer<Double>, _ u: Buffer<Double>, row: Int, column: Int, _ n: Int) -> Double {
        let ratio = w.pointer[row &* n &+ column] / u.pointer[column &* n &+ column]
        return ratio * ratio
    }

    /// The upper factor of the inverse of the damped products; columns of inputs that are always 0 become 0.
    private static func factor(
        _ products: Matrix, damp: Double, silencing w: Buffer<Double>, rows: Int
    ) throws -> Buffer<Double> {
        let n = products.columns
        let h: Buffer<Double> = products.converted()
        var (sum, alive) = (0.0, 0)
        for column in 0..<n {
            let size = h.pointer[column * n + column]
            if size > 0 {
                sum += size
                alive += 1
            } else {
                for row in 0..<rows { w.pointer[row * n + column] = 0 }
            }
        }
        let mean = alive > 0 ? sum / Double(alive) : 1
        for column in 0..<n {
            let place = column * n + column
            h.pointer[place] = (h.pointer[place] > 0 ? h.pointer[place] : mean) + damp * mean
        }
        let info = copenblas_inverse_factor_doubles(Int32(n), h.pointer)
        withExtendedLifetime(h) {}
        guard info >= 0 else { throw MatrixFailure.refused(Int(info)) }
        guard info == 0 else { throw MatrixFailure.singular }
        return h
    }

    /// The score at the place int(share · count) from below, the last at most; below all for a share of 0.
    private static func threshold(_ scores: Buffer<Double>, count: Int, share: Double) -> Double {
        guard share > 0 else { return -1 }
        let place = min(count - 1, Int(share * Double(count)))
        var values = Array(UnsafeBufferPointer(start: scores.pointer, count: count))
        return values.withUnsafeMutableBufferPointer { select(place, in: $0) }
    }

    /// The number that an ascending sort would put at a place; the numbers change places (Hoare's selection).
    static func select(_ place: Int, in x: UnsafeMutableBufferPointer<Double>) -> Double {
        var (low, high) = (0, x.count - 1)
        while low < high {
            let middle = low + (high - low) / 2
            let pivot = max(min(x[low], x[middle]), min(max(x[low], x[middle]), x[high]))
            var (i, j) = (low, high)
            while i <= j {
                while x[i] < pivot { i += 1 }
                while x[j] > pivot { j -= 1 }
                guard i <= j else { break }
                x.swapAt(i, j)
                i += 1
                j -= 1
            }
            if place <= j {
                high = j
            } else if place >= i {
                low = i
            } else {
                break
            }
        }
        return x[place]
    }

    /// Takes what a block's columns have lost from all columns behind it.
    private static func pass(
        _ errors: Buffer<Double>, width: Int, from first: Int, to w: Buffer<Double>, _ u: Buffer<Double>, rows: Int,
        _ n: Int
    ) {
        let start = first + width
        guard start < n else { return }
        let (later, piece) = (n - start, 256)
        let change = Buffer<Double>(min(rows, piece) * later)
        for top in stride(from: 0, to: rows, by: piece) {
            let count = min(piece, rows - top)
            copenblas_multiply_doubles(
                Int32(count), Int32(later), Int32(width), errors.pointer + top * width, Int32(width), 0,
                u.pointer + first * n + start, Int32(n), 0, change.pointer, Int32(later))
            for row in 0..<count {
                let line = w.pointer + (top + row) * n + start
                for index in 0..<later { line[index] -= change.pointer[row &* later &+ index] }
            }
        }
        withExtendedLifetime(change) {}
    }

    /// What it needs besides the matrices and the result, in bytes.
    package static func bytes(rows: Int, columns n: Int, _ options: Options) -> Int {
        let block = rows * min(options.block, n)
        return (rows * n + n * n + 3 * block + min(rows, 256) * n) * 8 + block
    }
}
