internal import COpenBLAS
import DPPASupport

/// A precision that matrices are decomposed in.
protocol MatrixNumber: BinaryFloatingPoint, BitwiseCopyable, Sendable {
    /// The thin decomposition of `a`, m × n, which is lost: s, u, and the transpose of v; nonzero where it fails.
    static func decompose(
        _ m: Int32, _ n: Int32, _ a: UnsafeMutablePointer<Self>, _ s: UnsafeMutablePointer<Self>,
        _ u: UnsafeMutablePointer<Self>, _ vt: UnsafeMutablePointer<Self>, _ work: UnsafeMutablePointer<Self>,
        _ size: Int32,
        _ indices: UnsafeMutablePointer<Int32>
    ) -> Int32
}

extension Double: MatrixNumber {
    static func decompose(
        _ m: Int32, _ n: Int32, _ a: UnsafeMutablePointer<Double>, _ s: UnsafeMutablePointer<Double>,
        _ u: UnsafeMutablePointer<Double>, _ vt: UnsafeMutablePointer<Double>, _ work: UnsafeMutablePointer<Double>,
        _ size: Int32, _ indices: UnsafeMutablePointer<Int32>
    ) -> Int32 {
        copenblas_svd_doubles(m, n, a, s, u, vt, work, size, indices)
    }
}

extension Float: MatrixNumber {
    static func decompose(
        _ m: Int32, _ n: Int32, _ a: UnsafeMutablePointer<Float>, _ s: UnsafeMutablePointer<Float>,
        _ u: UnsafeMutablePointer<Float>, _ vt: UnsafeMutablePointer<Float>, _ work: UnsafeMutablePointer<Float>,
        _ size: Int32, _ indices: UnsafeMutablePointer<Int32>
    ) -> Int32 {
        copenblas_svd_floats(m, n, a, s, u, vt, work, size, indices)
    }
}

/// What LAPACK could not do; who asks for it says of which tensor.
package enum MatrixFailure: Error {
    /// The iteration did not converge.
    case unconverged
    /// A matrix that must have an inverse has none.
    case singular
    /// The arguments were refused: a fault of this program.
    case refused(Int)
}

/// The thin singular value decomposition a = u · diag(s) · vt, s descending, signs as LAPACK leaves them.
struct ThinSVD<Number: MatrixNumber> {
    let s, u, vt: Buffer<Number>

    /// Decomposes `a`, rows × columns, neither of them 0, which is lost.
    init(destroying a: Buffer<Number>, rows: Int, columns: Int) throws {
        let count = min(rows, columns)
        (s, u, vt) = (Buffer(count), Buffer(rows * count), Buffer(count * columns))
        let indices = Buffer<Int32>(8 * count)
        let work = Buffer<Number>(Self.workspace(rows: rows, columns: columns))
        let info = Number.decompose(
            Int32(rows), Int32(columns), a.pointer, s.pointer, u.pointer, vt.pointer, work.pointer, Int32(work.count),
            indices.pointer)
        withExtendedLifetime((a, indices, work)) {}
        guard info >= 0 else { throw MatrixFailure.refused(Int(info)) }
        guard info == 0 else { throw MatrixFailure.unconverged }
    }

    /// A decomposition that is known.
    init(s: Buffer<Number>, u: Buffer<Number>, vt: Buffer<Number>) {
        (self.s, self.u, self.vt) = (s, u, vt)
    }

    /// How many numbers LAPACK works on besides the matrices.
    static func workspace(rows: Int, columns: Int) -> Int {
        var (a, wanted, index): (Number, Number, Int32) = (0, 0, 0)
        var (s, u, vt): (Number, Number, Number) = (0, 0, 0)
        _ = Number.decompose(Int32(rows), Int32(columns), &a, &s, &u, &vt, &wanted, -1, &index)
        // A large size is rounded to the precision it is told in.
        return Int((wanted * (1 + Number.ulpOfOne)).rounded(.up)) + 1
    }

    /// What `init` needs besides `a`, in bytes.
    static func bytes(rows: Int, columns: Int) -> Int {
        let count = min(rows, columns)
        guard count > 0 else { return 0 }
        let numbers = count + rows * count + count * columns + workspace(rows: rows, columns: columns)
        return numbers * MemoryLayout<Number>.size + 32 * count
    }
}
