/// The largest element; NaN if one is NaN.
enum Largest: Accumulator, Reducer {
    static let facts = ReductionFacts("max", "The largest value over a scope; NaN if there is one.")
    static var accumulated: Accumulation { .maximum }

    static var name: String { "maximum" }
    static var neutral: SIMD16<Double> { SIMD16(repeating: -.infinity) }
    @inline(__always)
    static func step(_ state: inout SIMD16<Double>, _ x: SIMD16<Double>, _: SIMD16<Double>) {
        state.replace(with: x, where: (x .> state) .| (x .!= x))
    }
    @inline(__always)
    static func join(_ state: inout SIMD16<Double>, _ next: SIMD16<Double>) { step(&state, next, next) }
}

extension Accumulation {
    /// The largest element.
    package static let maximum = Accumulation(Largest.self)
}

extension Reduction {
    /// The largest value.
    public static let max = Reduction(Largest.self)
}
