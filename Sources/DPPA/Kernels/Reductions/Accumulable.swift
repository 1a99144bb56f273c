/// A storage type whose elements are widened to float64 where they are accumulated.
protocol Accumulable: SIMDScalar, Hashable, Codable {
    /// Sixteen elements in float64.
    static func widen(_ lanes: SIMD16<Self>) -> SIMD16<Double>
}

extension Float: Accumulable {
    @inline(__always)
    static func widen(_ lanes: SIMD16<Float>) -> SIMD16<Double> {
        SIMD16<Double>(lowHalf: Wide(widening: lanes.lowHalf), highHalf: Wide(widening: lanes.highHalf))
    }
}

extension Double: Accumulable {
    @inline(__always)
    static func widen(_ lanes: SIMD16<Double>) -> SIMD16<Double> { lanes }
}

extension Accumulable {
    /// Sixteen elements that need no alignment.
    @inline(__always)
    static func widened(_ x: UnsafePointer<Self>) -> SIMD16<Double> {
        widen(UnsafeRawPointer(x).loadUnaligned(as: SIMD16<Self>.self))
    }

    /// Some elements from a lane on, zeros around them; nothing else is read.
    @inline(__always)
    static func widened(_ x: UnsafePointer<Self>, count: Int, phase: Int) -> SIMD16<Double> {
        var lanes = SIMD16<Self>()
        for index in 0..<count { lanes[phase + index] = x[index] }
        return widen(lanes)
    }
}
