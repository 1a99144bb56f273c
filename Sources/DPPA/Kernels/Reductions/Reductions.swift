/// All reductions of recipes.
extension Reduction: CaseIterable {
    /// All of them, in no order that matters.
    public static let allCases: [Reduction] = [.sum, .mean, .max, .min, .norm, .count, .dot, .logSumExp]
}
