/// The smallest element; NaN if one is NaN.
enum Smallest: Accumulator, Reducer {
    static let facts = ReductionFacts("min", "The smallest value over a scope; NaN if there is one.")
    static var accumulated: Accumulation { .minimum }

    static var name: String { "minimum" }
    static var neutral: SIMD16<Double> { SIMD16(repeating: .infinity) }
    @inline(__always)
    static func step(_ state: inout SIMD16<Double>, _ x: SIMD16<Double>, _: SIMD16<Double>) {
        state.replace(with: x, where: (x .< state) .| (x .!= x))
    }
    @inline(__always)
    static func join(_ state: inout SIMD16<Double>, _ next: SIMD16<Double>) { step(&state, next, next) }
}

extension Accumulation {
    /// The smallest element.
    package static let minimum = Accumulation(Smallest.self)
}

extension Reduction {
    /// The smallest value.
    public static let min = Reduction(Smallest.self)
}
