/// All reductions of recipes.
extension Reduction: CaseIterable {
    /// In no order that matters.
    package static let allCases: [Reduction] = [.sum, .mean, .max, .min, .norm, .count, .dot, .logSumExp]
}
