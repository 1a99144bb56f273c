/// Loops over the mathematical functions.
///
/// Each is a function by itself, because the compiler inlines only so much into one.
extension ElementKernels {
    static func exp(_ x: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>, _ count: Int) {
        map(x, out, count, VectorMath.exp)
    }

    static func log(_ x: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>, _ count: Int) {
        map(x, out, count, VectorMath.log)
    }

    static func sin(_ x: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>, _ count: Int) {
        map(x, out, count, VectorMath.sin)
    }

    static func cos(_ x: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>, _ count: Int) {
        map(x, out, count, VectorMath.cos)
    }

    static func acos(_ x: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>, _ count: Int) {
        map(x, out, count, VectorMath.acos)
    }

    /// `out[i] = pow(x, y)` with the distances at which the next eight of x and of y lie.
    static func powers(
        _ x: UnsafePointer<Float>, _ xStep: Int, _ y: UnsafePointer<Float>, _ yStep: Int,
        _ out: UnsafeMutablePointer<Float>, _ count: Int
    ) {
        var (index, xIndex, yIndex) = (0, 0, 0)
        while index < count {
            out.store(VectorMath.power(x.wide(xIndex), y.wide(yIndex)), index)
            index &+= 8
            xIndex &+= xStep
            yIndex &+= yStep
        }
    }

    @inline(__always)
    private static func map(
        _ x: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>, _ count: Int, _ body: (Wide) -> Wide
    ) {
        var index = 0
        while index < count {
            out.store(body(x.wide(index)), index)
            index &+= 8
        }
    }
}
