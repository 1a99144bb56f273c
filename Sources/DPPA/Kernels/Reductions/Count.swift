/// The number of nonzero elements; NaN counts.
enum Count: Accumulator, Reducer {
    static let facts = ReductionFacts("count", "How many values of a mask hold.", takesMask: true)
    static var accumulated: Accumulation { .count }

    static var name: String { "count" }
    static var neutral: SIMD16<Double> { SIMD16() }
    @inline(__always)
    static func step(_ state: inout SIMD16<Double>, _ x: SIMD16<Double>, _: SIMD16<Double>) {
        let (zeros, ones) = (SIMD16<Double>(repeating: 0), SIMD16<Double>(repeating: 1))
        state += ones.replacing(with: zeros, where: x .== zeros)
    }
    @inline(__always)
    static func join(_ state: inout SIMD16<Double>, _ next: SIMD16<Double>) { state += next }
}

extension Accumulation {
    /// The number of nonzero elements.
    package static let count = Accumulation(Count.self)
}

extension Reduction {
    /// How many elements of a mask hold.
    public static let count = Reduction(Count.self)
}
