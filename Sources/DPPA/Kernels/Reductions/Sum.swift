/// Σx.
enum Sum: Accumulator, Reducer {
    static let facts = ReductionFacts(
        "sum", "The sum of `x` over a scope, in float64; Σ weight·x if there is a weight.", takesWeight: true)
    static var accumulated: Accumulation { .sum }

    static var name: String { "sum" }
    static var neutral: SIMD16<Double> { SIMD16() }
    @inline(__always)
    static func step(_ state: inout SIMD16<Double>, _ x: SIMD16<Double>, _: SIMD16<Double>) { state += x }
    @inline(__always)
    static func join(_ state: inout SIMD16<Double>, _ next: SIMD16<Double>) { state += next }
}

extension Accumulation {
    /// Σx.
    package static let sum = Accumulation(Sum.self)
}

extension Reduction {
    /// Σ x.
    public static let sum = Reduction(Sum.self)
}
