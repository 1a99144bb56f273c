internal import COpenBLAS
import DPPASupport

/// Products of matrices by OpenBLAS, on the calling thread.
package enum MatrixProduct {
    /// `y = x · wᵀ`, or `y += x · wᵀ`: x is m × k, w is n × k, y is m × n; strides between rows in elements.
    package static func times(
        _ x: UnsafePointer<Float>, _ xStride: Int, rows m: Int, _ w: UnsafePointer<Float>, _ wStride: Int,
        columns n: Int, inner k: Int, scale: Float = 1, adding: Bool = false, into y: UnsafeMutablePointer<Float>,
        _ yStride: Int
    ) {
        copenblas_multiply(
            Int32(m), Int32(n), Int32(k), scale, x, Int32(xStride), w, Int32(wStride), 1, adding ? 1 : 0, y,
            Int32(yStride))
    }

    /// `y = x · v`, or `y += x · v`: x is m × k, v is k × n.
    package static func weigh(
        _ x: UnsafePointer<Float>, _ xStride: Int, rows m: Int, _ v: UnsafePointer<Float>, _ vStride: Int,
        columns n: Int, inner k: Int, adding: Bool = false, into y: UnsafeMutablePointer<Float>, _ yStride: Int
    ) {
        copenblas_multiply(
            Int32(m), Int32(n), Int32(k), 1, x, Int32(xStride), v, Int32(vStride), 0, adding ? 1 : 0, y,
            Int32(yStride))
    }

    /// `y += xᵀ · v`: x is k × m, v is k × n.
    package static func addTransposed(
        _ x: UnsafePointer<Float>, _ xStride: Int, rows m: Int, _ v: UnsafePointer<Float>, _ vStride: Int,
        columns n: Int, inner k: Int, into y: UnsafeMutablePointer<Float>, _ yStride: Int
    ) {
        copenblas_add_transposed(
            Int32(m), Int32(n), Int32(k), x, Int32(xStride), v, Int32(vStride), y, Int32(yStride))
    }

    /// `a · b` of float32 matrices, or of their transposes, summed in float64 and rounded once.
    package static func product(
        _ a: Matrix, isTransposed aTransposed: Bool = false, _ b: Matrix, isTransposed bTransposed: Bool = false
    ) -> Matrix {
        let (m, k) = aTransposed ? (a.columns, a.rows) : (a.rows, a.columns)
        let n = bTransposed ? b.rows : b.columns
        guard m > 0, n > 0, k > 0 else { return .zeros(rows: m, columns: n) }
        let result = Matrix(rows: m, columns: n)
        let right: Buffer<Double> = b.converted()
        // By some rows of the result, so that only one side is there in float64 as a whole.
        for first in stride(from: 0, to: m, by: rowsPerBlock) {
            let count = min(rowsPerBlock, m - first)
            let (left, sums) = (Buffer<Double>(count * k), Buffer<Double>(count * n))
            for row in 0..<count {
                for index in 0..<k {
                    left.pointer[row &* k &+ index] = Double(
                        a.values.pointer[aTransposed ? index &* m &+ first &+ row : (first &+ row) &* k &+ index])
                }
            }
            product(left, isTransposed: false, right, isTransposed: bTransposed, m: count, n: n, k: k, into: sums)
            for index in 0..<count * n { result.values.pointer[first * n + index] = Float(sums.pointer[index]) }
        }
        return result
    }

    /// What `product` needs besides operands and result, in bytes.
    package static func productBytes(m: Int, n: Int, k: Int) -> Int { (k * n + min(m, rowsPerBlock) * (k + n)) * 8 }

    private static let rowsPerBlock = 256

    /// `a · b` in float64: a is m × k, or k × m if it is transposed; b is k × n, or n × k.
    static func product(
        _ a: Buffer<Double>, isTransposed aTransposed: Bool = false, _ b: Buffer<Double>,
        isTransposed bTransposed: Bool = false, m: Int, n: Int, k: Int, into c: Buffer<Double>
    ) {
        copenblas_multiply_doubles(
            Int32(m), Int32(n), Int32(k), a.pointer, Int32(aTransposed ? m : k), aTransposed ? 1 : 0, b.pointer,
            Int32(bTransposed ? k : n), bTransposed ? 1 : 0, c.pointer, Int32(n))
        withExtendedLifetime((a, b, c)) {}
    }

    /// Sets the library up for use under our own threads, and tries it out.
    ///
    /// Some versions compute wrong numbers on processors that are newer than they are; a score made of such numbers would
    /// be worse than none. Throws `internalFault` then.
    package static func prepare() throws {
        guard let complaint else { return }
        throw DPPAError(
            .internalFault, complaint,
            notes: ["choose other kernels with OPENBLAS_CORETYPE=Haswell in the environment, or update libopenblas"])
    }

    /// The library of products and decompositions, its version and its kernels, such as `OpenBLAS 0.3.21 for Zen`.
    package static var library: String {
        String(cString: copenblas_configuration()).split(separator: " ").prefix(2).joined(separator: " ")
            + " for \(processor)"
    }

    /// The processor family whose kernels are used, such as `Zen`; last bits depend on it.
    package static var processor: String { String(cString: copenblas_core()) }

    /// The family whose kernels fit a processor with some features, by Linux's names, where those in use are for an older one; nil
    /// where they are not.
    package static func betterProcessor(features: Set<String>, than family: String = processor) -> String? {
        let wide = ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]
        let known = ["Haswell", "Zen", "Excavator", "SkylakeX", "Cooperlake", "Sapphirerapids"]
        guard !known.contains(family), features.isSuperset(of: ["avx2", "fma"]) else { return nil }
        return features.isSuperset(of: wide) ? "SkylakeX" : "Haswell"
    }

    private static let complaint: String? = {
        copenblas_use_one_thread()
        let (m, n, k) = (67, 131, 259)
        let x = (0..<m * k).map { Float(($0 * 37) % 41 - 20) }
        let w = (0..<n * k).map { Float(($0 * 53) % 43 - 21) }
        var y = [Float](repeating: .nan, count: m * n)
        times(x, k, rows: m, w, k, columns: n, inner: k, into: &y, n)
        for row in 0..<m {
            for column in 0..<n {
                // Whole numbers below 2^24: every order of summation gives the same.
                var sum: Float = 0
                for index in 0..<k { sum += x[row * k + index] * w[column * k + index] }
                if y[row * n + column] != sum {
                    return "OpenBLAS computes wrong products with its kernels for \(processor)"
                }
            }
        }
        return nil
    }()
}
