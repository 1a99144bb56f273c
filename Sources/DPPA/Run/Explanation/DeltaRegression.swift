/// Least squares of a change D on the deltas dᵢ of experts, over some elements: what it needs of them adds up.
///
/// The coefficients are those that make ‖D − Σ cᵢ dᵢ‖ least, in float64, from the products of all of them with each other.
package struct DeltaRegression: Sendable {
    /// ⟨dᵢ, dⱼ⟩.
    package private(set) var gram: [[Double]]
    /// ⟨D, dᵢ⟩.
    package private(set) var products: [Double]
    /// ‖D‖².
    package private(set) var square: Double

    package init(gram: [[Double]], products: [Double], square: Double) {
        (self.gram, self.products, self.square) = (gram, products, square)
    }

    /// Takes other elements in.
    package mutating func add(_ other: DeltaRegression) {
        for row in gram.indices {
            for column in gram.indices { gram[row][column] += other.gram[row][column] }
            products[row] += other.products[row]
        }
        square += other.square
    }

    /// The coefficients; a delta that is a sum of others, or zero, gets 0.
    ///
    /// By Cholesky's decomposition, the largest remainder first; what is left of a delta counts as nothing below 1e-10 of its
    /// square, as the products are sums in float64 of float32 numbers.
    package var coefficients: [Double] {
        let count = products.count
        var (left, right) = (gram, products)
        var (order, free): ([Int], [Int]) = ([], Array(0..<count))
        var rows = [[Double]](repeating: [Double](repeating: 0, count: count), count: count)
        while let next = free.max(by: { left[$0][$0] < left[$1][$1] }), left[next][next] > 1e-10 * gram[next][next] {
            free.removeAll { $0 == next }
            order.append(next)
            let pivot = left[next][next]
            rows[next] = left[next]
            for row in free {
                let factor = left[row][next] / pivot
                for column in free { left[row][column] -= factor * left[next][column] }
                right[row] -= factor * right[next]
            }
        }
        var found = [Double](repeating: 0, count: count)
        for (place, row) in order.enumerated().reversed() {
            let known = order[(place + 1)...].reduce(0.0) { $0 + rows[row][$1] * found[$1] }
            found[row] = (right[row] - known) / rows[row][row]
        }
        // Of sums with infinities or NaN nothing is known.
        return found.map { $0.isFinite ? $0 : 0 }
    }

    /// ‖D − Σ cᵢ dᵢ‖² for some coefficients, at least 0.
    package func residual(_ coefficients: [Double]) -> Double {
        var sum = square
        for (row, c) in coefficients.enumerated() where c != 0 {
            sum -= 2 * c * products[row]
            for (column, other) in coefficients.enumerated() { sum += c * other * gram[row][column] }
        }
        return max(0, sum)
    }

    /// The share of ‖D‖² that is left; 0 where there is no change.
    package func residualShare(_ coefficients: [Double]) -> Double { square > 0 ? residual(coefficients) / square : 0 }
}
