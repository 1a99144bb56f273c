/// Arithmetic on tiles of float32 elements.
///
/// All buffers have room up to the next multiple of 16 elements, and kernels read and write that far; what they leave
/// behind `count` has no meaning. Results may go into the buffer of an operand.
package enum ElementKernels {
    /// `out[i] = op(x[i])`.
    ///
    /// `exp`, `log`, `sin`, `cos` and `acos` are computed in float64 and rounded once: within 0.51 ulp for every argument.
    package static func unary(
        _ op: UnaryOp, _ x: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>, count: Int
    ) {
        switch op {
        case .negate: map(x, out, count, Formula.negate)
        case .abs: map(x, out, count, Formula.abs)
        case .sign: map(x, out, count, Formula.sign)
        case .sqrt: map(x, out, count, Formula.sqrt)
        case .floor: map(x, out, count, Formula.floor)
        case .not: map(x, out, count, Formula.not)
        case .exp: exp(x, out, count)
        case .log: log(x, out, count)
        case .sin: sin(x, out, count)
        case .cos: cos(x, out, count)
        case .acos: acos(x, out, count)
        }
    }

    /// `out[i] = op(a[i], b[i])`.
    ///
    /// `power` is computed in float64 and rounded once: within 0.51 ulp.
    package static func binary(
        _ op: BinaryOp, _ a: Operand, _ b: Operand, into out: UnsafeMutablePointer<Float>, count: Int
    ) {
        switch op {
        case .add: zip(a, b, out, count, Formula.add)
        case .subtract: zip(a, b, out, count, Formula.subtract)
        case .multiply: zip(a, b, out, count, Formula.multiply)
        case .divide: zip(a, b, out, count, Formula.divide)
        case .maximum: zip(a, b, out, count, Formula.maximum)
        case .minimum: zip(a, b, out, count, Formula.minimum)
        case .greater: zip(a, b, out, count, Formula.greater)
        case .greaterOrEqual: zip(a, b, out, count, Formula.greaterOrEqual)
        case .less: zip(a, b, out, count, Formula.less)
        case .lessOrEqual: zip(a, b, out, count, Formula.lessOrEqual)
        case .equal: zip(a, b, out, count, Formula.equal)
        case .notEqual: zip(a, b, out, count, Formula.notEqual)
        case .and: zip(a, b, out, count, Formula.and)
        case .or: zip(a, b, out, count, Formula.or)
        case .power: power(a, b, out, count)
        }
    }

    /// `out[i] = mask[i] != 0 ? a[i] : b[i]`, bit by bit: a NaN on the other side does not leak.
    package static func select(
        _ mask: UnsafePointer<Float>, _ a: Operand, _ b: Operand, into out: UnsafeMutablePointer<Float>, count: Int
    ) {
        withElements(a, b) { x, xStep, y, yStep in
            var (index, xIndex, yIndex) = (0, 0, 0)
            while index < count {
                out.store(y.lanes(yIndex).replacing(with: x.lanes(xIndex), where: mask.lanes(index).isTrue), index)
                index &+= 16
                xIndex &+= xStep
                yIndex &+= yStep
            }
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

    @inline(__always)
    private static func map(
        _ x: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>, _ count: Int, _ body: (Lanes) -> Lanes
    ) {
        var index = 0
        while index < count {
            out.store(body(x.lanes(index)), index)
            index &+= 16
        }
    }

    @inline(__always)
    private static func zip(
        _ a: Operand, _ b: Operand, _ out: UnsafeMutablePointer<Float>, _ count: Int, _ body: (Lanes, Lanes) -> Lanes
    ) {
        withElements(a, b) { x, xStep, y, yStep in
            var (index, xIndex, yIndex) = (0, 0, 0)
            while index < count {
                out.store(body(x.lanes(xIndex), y.lanes(yIndex)), index)
                index &+= 16
                xIndex &+= xStep
                yIndex &+= yStep
            }
        }
    }

    /// Common exponents are one instruction each, and have the same bits as `VectorMath.power`.
    private static func power(_ a: Operand, _ b: Operand, _ out: UnsafeMutablePointer<Float>, _ count: Int) {
        switch b {
        case .scalar(2): return zip(a, b, out, count, Formula.square)
        case .scalar(-1): return zip(a, b, out, count, Formula.reciprocal)
        case .scalar(0.5): return zip(a, b, out, count, Formula.squareRootPower)
        default: break
        }
        withElements(a, b) { x, xStep, y, yStep in powers(x, xStep / 2, y, yStep / 2, out, count) }
    }

    /// Calls a loop with where the elements of two operands are and how far the next sixteen of each lie.
    ///
    /// A scalar lies sixteen times in a place of its own, and its next sixteen at the same place: one loop does for all.
    @inline(__always)
    private static func withElements(
        _ a: Operand, _ b: Operand, _ loop: (UnsafePointer<Float>, Int, UnsafePointer<Float>, Int) -> Void
    ) {
        withUnsafeBytes(of: (Lanes(repeating: a.number), Lanes(repeating: b.number))) { bytes in
            guard let start = bytes.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
            loop(a.pointer ?? start, a.pointer == nil ? 0 : 16, b.pointer ?? start + 16, b.pointer == nil ? 0 : 16)
        }
    }
}

extension Operand {
    /// The number of a scalar.
    @inline(__always)
    fileprivate var number: Float {
        if case .scalar(let value) = self { value } else { 0 }
    }

    /// The elements of a vector.
    @inline(__always)
    fileprivate var pointer: UnsafePointer<Float>? {
        if case .vector(let pointer) = self { pointer } else { nil }
    }
}
