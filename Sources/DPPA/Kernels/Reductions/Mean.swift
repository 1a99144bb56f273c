/// Σx / n.
enum Mean: Reducer {
    static let facts = ReductionFacts(
        "mean",
        "The mean of `x` over a scope; of a mask exactly count / n; Σ weight·x / Σ weight if there is a weight.",
        takesWeight: true)
    static var accumulated: Accumulation { .sum }
    static func finish(_ numbers: UnsafePointer<Double>, count: Double) -> Double { numbers[0] / count }
}

extension Reduction {
    /// Σ x / n.
    public static let mean = Reduction(Mean.self)
}
