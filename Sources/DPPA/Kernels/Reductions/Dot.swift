/// Σxy; products of float32 are exact in float64.
enum Dot: Accumulator, Reducer {
    static let facts = ReductionFacts("dot", "Σ x·y over a scope, in float64.", isOfTwo: true)
    static var accumulated: Accumulation { .dot }

    static var name: String { "dot" }
    static var neutral: SIMD16<Double> { SIMD16() }
    @inline(__always)
    static func step(_ state: inout SIMD16<Double>, _ x: SIMD16<Double>, _ y: SIMD16<Double>) { state += x * y }
    @inline(__always)
    static func join(_ state: inout SIMD16<Double>, _ next: SIMD16<Double>) { state += next }
}

extension Accumulation {
    /// Σxy.
    package static let dot = Accumulation(Dot.self)
}

extension Reduction {
    /// Σ x·y.
    public static let dot = Reduction(Dot.self)
}
