import DPPASupport

/// DSnoT, dynamic sparse no training (arXiv 2310.08915): a mask is repaired row by row, so that the sum of what goes is near 0.
///
/// With g_j = w_j · Σ x_j / samples, the error of a row is Σ g_j over what goes. While it is above the threshold by size, an element
/// comes back, the one with the largest g_j / var_j where the error is above 0, with the smallest where it is below; and one goes,
/// of the smallest |w_j| · ‖x_j‖ among those with g_j below 0, or above. The error changes by g of what went less g of what came
/// back. Every element changes once at most; among equals the first. Float64.
public enum DSnoT {
    /// How it repairs.
    public struct Options: Sendable, Hashable {
        /// How many elements of a row change places at most.
        public var rounds: Int
        /// The error that may stay.
        public var threshold: Double

        /// Options; by default those of the authors.
        public init(rounds: Int = 50, threshold: Double = 0.1) { (self.rounds, self.threshold) = (rounds, threshold) }
    }

    /// What is known of the inputs: a number for each.
    package struct Inputs {
        var sums, variances, norms: Matrix

        /// Sums of each input over the tokens by the number of samples, variances, and norms.
        package init(sums: Matrix, variances: Matrix, norms: Matrix) {
            (self.sums, self.variances, self.norms) = (sums, variances, norms)
        }
    }

    /// The repaired mask, 1 for what stays; `kept` is not 0 where something stays before.
    package static func mask(_ weights: Matrix, kept: Matrix, _ inputs: Inputs, _ options: Options) -> Matrix {
        let (rows, n) = (weights.rows, weights.columns)
        let result = Matrix(rows: rows, columns: n)
        let row = Row(n)
        for number in 0..<rows {
            row.begin(weights.values.pointer + number * n, kept.values.pointer + number * n, inputs)
            row.repair(options)
            for index in 0..<n { result.values.pointer[number * n + index] = Float(row.stays.pointer[index]) }
        }
        withExtendedLifetime((weights.values, kept.values, inputs)) {}
        return result
    }

    /// One row while it is repaired.
    private final class Row {
        private let count: Int
        private let changes, shares, scores: Buffer<Double>
        let stays: Buffer<UInt8>
        private let isSettled: Buffer<UInt8>

        init(_ count: Int) {
            self.count = count
            (changes, shares, scores) = (Buffer(count), Buffer(count), Buffer(count))
            (stays, isSettled) = (Buffer(count), Buffer(count))
        }

        func begin(_ weights: UnsafePointer<Float>, _ kept: UnsafePointer<Float>, _ inputs: Inputs) {
            for index in 0..<count {
                let change = Double(weights[index]) * Double(inputs.sums.values.pointer[index])
                let variance = Double(inputs.variances.values.pointer[index])
                changes.pointer[index] = change
                shares.pointer[index] = variance > 0 || change != 0 ? change / variance : 0
                scores.pointer[index] =
                    Double(weights[index].magnitude) * Double(inputs.norms.values.pointer[index])
                stays.pointer[index] = kept[index] != 0 ? 1 : 0
                isSettled.pointer[index] = 0
            }
        }

        func repair(_ options: Options) {
            var error = 0.0
            for index in 0..<count where stays.pointer[index] == 0 { error += changes.pointer[index] }
            for _ in 0..<options.rounds {
                guard error.magnitude > options.threshold else { return }
                let sign: Double = error > 0 ? 1 : -1
                var (back, gone) = (-1, -1)
                for index in 0..<count where isSettled.pointer[index] == 0 {
                    if stays.pointer[index] == 0 {
                        if back < 0 || sign * shares.pointer[index] > sign * shares.pointer[back] { back = index }
                    } else if sign * changes.pointer[index] < 0 {
                        if gone < 0 || scores.pointer[index] < scores.pointer[gone] { gone = index }
                    }
                }
                guard back >= 0, gone >= 0 else { return }
                (stays.pointer[back], stays.pointer[gone]) = (1, 0)
                (isSettled.pointer[back], isSettled.pointer[gone]) = (1, 1)
                error += changes.pointer[gone] - changes.pointer[back]
            }
        }
    }

    /// What it needs besides the matrices and the result, in bytes.
    package static func bytes(columns: Int) -> Int { columns * 26 }
}
