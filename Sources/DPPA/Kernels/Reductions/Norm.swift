/// √Σx².
enum Norm: Reducer {
    static let facts = ReductionFacts("norm", "The Euclidean norm over a scope.")
    static var accumulated: Accumulation { .sumOfSquares }
    static func finish(_ numbers: UnsafePointer<Double>, count: Double) -> Double { numbers[0].squareRoot() }
}

/// Σx²; squares of float32 are exact in float64.
enum SumOfSquares: Accumulator {
    static var name: String { "sumOfSquares" }
    static var neutral: SIMD16<Double> { SIMD16() }
    @inline(__always)
    static func step(_ state: inout SIMD16<Double>, _ x: SIMD16<Double>, _: SIMD16<Double>) { state += x * x }
    @inline(__always)
    static func join(_ state: inout SIMD16<Double>, _ next: SIMD16<Double>) { state += next }
}

extension Accumulation {
    /// Σx².
    package static let sumOfSquares = Accumulation(SumOfSquares.self)
}

extension Reduction {
    /// √Σ x².
    public static let norm = Reduction(Norm.self)
}
