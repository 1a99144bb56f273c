/// Sums of weights that are divided by.
extension Graph {
    /// From this share of Σ|w| on, Σw is a number of its own and not the rounding of others.
    package static let cancellation = 1e-6

    /// Σw, or 0 where |Σw| ≤ 10⁻⁶ · Σ|w|: a division by it is then told of with the weights.
    ///
    /// The weights are values of any scope, at least one.
    package func weightSum(_ weights: [NodeID]) throws -> NodeID {
        guard var sum = weights.first, var size = try weights.first.map({ try unary(.abs, $0) }) else {
            return try constant(0)
        }
        for weight in weights.dropFirst() {
            sum = try binary(.add, sum, weight)
            size = try binary(.add, size, unary(.abs, weight))
        }
        let least = try binary(.multiply, size, constant(Self.cancellation))
        let result = try select(binary(.greater, unary(.abs, sum), least), sum, constant(0))
        summedWeights[result] = weights
        return result
    }
}
