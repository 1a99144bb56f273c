/// Arithmetic on tiles of float32 elements.
///
/// Operands of `select` and `keep` are registers and numbers; `readsStored` tells which binary operations take stored elements.
///
/// All buffers have room up to the next multiple of 16 elements, and kernels read and write that far; what they leave
/// behind `count` has no meaning. Results may go into the buffer of an operand.
package enum ElementKernels {
    /// `out[i] = op(x[i])`.
    package static func unary(
        _ op: UnaryOp, _ x: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>, count: Int
    ) {
        op.meaning.apply(x, into: out, count: count)
    }

    /// `out[i] = op(a[i], b[i])`.
    package static func binary(
        _ op: BinaryOp, _ a: Operand, _ b: Operand, into out: UnsafeMutablePointer<Float>, count: Int
    ) {
        op.meaning.apply(a, b, into: out, count: count)
    }

    /// `out[i] = mask[i] != 0 ? a[i] : b[i]`, bit by bit: a NaN on the other side does not leak.
    package static func select(
        _ mask: UnsafePointer<Float>, _ a: Operand, _ b: Operand, into out: UnsafeMutablePointer<Float>, count: Int
    ) {
        Operand.withElements(a, b) { x, xStep, y, yStep in
            var (index, xIndex, yIndex) = (0, 0, 0)
            while index < count {
                out.store(y.lanes(yIndex).replacing(with: x.lanes(xIndex), where: mask.lanes(index).isTrue), index)
                index &+= 16
                xIndex &+= xStep
                yIndex &+= yStep
            }
        }
    }

    /// `out[i] = a[i] + (mask[i] != 0 ? b[i] : 0)`.
    package static func addSelected(
        _ a: UnsafePointer<Float>, _ mask: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
        into out: UnsafeMutablePointer<Float>, count: Int
    ) {
        var index = 0
        while index < count {
            out.store(a.lanes(index) + Lanes().replacing(with: b.lanes(index), where: mask.lanes(index).isTrue), index)
            index &+= 16
        }
    }

    /// `out[i] = value`.
    package static func fill(_ value: Float, into out: UnsafeMutablePointer<Float>, count: Int) {
        let lanes = Lanes(repeating: value)
        var index = 0
        while index < count {
            out.store(lanes, index)
            index &+= 16
        }
    }
}
