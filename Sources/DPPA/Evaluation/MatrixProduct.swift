internal import COpenBLAS
import DPPASupport

/// Products of float32 matrices by OpenBLAS, on the calling thread.
enum MatrixProduct {
    /// `y = x · wᵀ`, or `y += x · wᵀ`: x is m × k, w is n × k, y is m × n; strides between rows in elements.
    static func times(
        _ x: UnsafePointer<Float>, _ xStride: Int, rows m: Int, _ w: UnsafePointer<Float>, _ wStride: Int,
        columns n: Int, inner k: Int, scale: Float = 1, adding: Bool = false, into y: UnsafeMutablePointer<Float>,
        _ yStride: Int
    ) {
        copenblas_multiply(
            Int32(m), Int32(n), Int32(k), scale, x, Int32(xStride), w, Int32(wStride), 1, adding ? 1 : 0, y,
            Int32(yStride))
    }

    /// `y = x · v`, or `y += x · v`: x is m × k, v is k × n.
    static func weigh(
        _ x: UnsafePointer<Float>, _ xStride: Int, rows m: Int, _ v: UnsafePointer<Float>, _ vStride: Int,
        columns n: Int, inner k: Int, adding: Bool = false, into y: UnsafeMutablePointer<Float>, _ yStride: Int
    ) {
        copenblas_multiply(
            Int32(m), Int32(n), Int32(k), 1, x, Int32(xStride), v, Int32(vStride), 0, adding ? 1 : 0, y,
            Int32(yStride))
    }

    /// Sets the library up for use under our own threads, and tries it out.
    ///
    /// Some versions compute wrong numbers on processors that are newer than they are; a score made of such numbers would
    /// be worse than none. Throws `internalFault` then.
    static func prepare() throws {
        guard let complaint else { return }
        throw DPPAError(
            .internalFault, complaint,
            notes: ["choose other kernels with OPENBLAS_CORETYPE=Haswell in the environment, or update libopenblas"])
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
                    return "OpenBLAS computes wrong products with its kernels for \(String(cString: copenblas_core()))"
                }
            }
        }
        return nil
    }()
}
