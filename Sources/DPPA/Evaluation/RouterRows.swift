import DPPACheckpoint
import DPPAExpression
import DPPAKernels
import DPPASupport

/// The rows of a mixture's routers, made of prompts: of each expert a vector for each layer, of length 1.
package struct RouterRows {
    /// What the vector of a prompt is.
    package enum Kind: String, CaseIterable, Sendable {
        /// The residual stream before the layer, at the last token or as the mean over all tokens.
        case hidden
        case hiddenMean = "hidden_mean"
        /// The sum of the tokens' embeddings, for every layer the same.
        case embedding
    }

    /// What an expert is to get and what not, as tokens.
    package struct Prompts: Sendable {
        package var positive, negative: [[Int32]]

        package init(positive: [[Int32]], negative: [[Int32]]) {
            (self.positive, self.negative) = (positive, negative)
        }
    }

    /// By expert and layer.
    package let rows: [[Buffer<Float>]]

    /// The rows of experts.
    ///
    /// With v(P) the mean of the vectors of some prompts, (v(positive) − v(negative)) / ‖v(positive) −
    /// v(negative)‖, of which lengths below 10⁻⁸ count as that. Of embeddings, both v have the length 1 before they are subtracted.
    ///
    /// Throws what `Evaluator.hiddenStates` throws.
    package init(_ kind: Kind, of experts: [Prompts], base: NodeID, layers: Int, _ evaluator: Evaluator) throws {
        // All texts go through the base together: its weights are read once.
        let texts = kind == .embedding ? [] : experts.flatMap { $0.positive + $0.negative }
        var states: ArraySlice<[Buffer<Float>]> = []
        if !texts.isEmpty { states = try evaluator.hiddenStates(base, texts, isMean: kind == .hiddenMean)[...] }
        func vectors(_ texts: [[Int32]]) throws -> [Buffer<Float>] {
            guard kind != .embedding else {
                return Array(repeating: try Self.embedding(texts, base, evaluator), count: layers)
            }
            defer { states = states.dropFirst(texts.count) }
            return Self.mean(Array(states.prefix(texts.count)))
        }
        rows = try experts.map { prompts in
            let own = try vectors(prompts.positive)
            let other = prompts.negative.isEmpty ? nil : try vectors(prompts.negative)
            return own.indices.map { layer in
                let row = Buffer<Float>(own[layer].count)
                for index in 0..<row.count {
                    row.pointer[index] = own[layer].pointer[index] - (other?[layer].pointer[index] ?? 0)
                }
                Self.normalize(row)
                return row
            }
        }
        guard rows.joined().allSatisfy({ NonFinite.count($0.pointer, .f32, $0.count) == 0 }) else {
            throw DPPAError(
                .data, "mixture: what the base makes of a prompt is not finite",
                notes: ["dppa-run inspect and eval tell of infinities and NaNs in it"])
        }
    }

    /// The layers in which the rows of the first experts point nearly the same way: the largest singular value of their matrix is
    /// more than five times the smallest, as it is where there are more rows than dimensions.
    package func degenerateLayers(experts: Int) throws -> [Int] {
        guard experts > 1, let first = rows.first, let hidden = first.first?.count else { return [] }
        return try first.indices.filter { layer in
            guard experts <= hidden else { return true }
            let matrix = Matrix(rows: experts, columns: hidden)
            for expert in 0..<experts {
                (matrix.values.pointer + expert * hidden).update(from: rows[expert][layer].pointer, count: hidden)
            }
            let found = try SingularValues(matrix, rank: experts, SingularValues.Options(), name: "gates").s.values
                .array()
            guard let largest = found.max(), let smallest = found.min() else { return false }
            return largest > 5 * smallest
        }
    }

    /// Divides a row by its length.
    private static func normalize(_ row: Buffer<Float>) {
        var sum = 0.0
        for index in 0..<row.count { sum += Double(row.pointer[index]) * Double(row.pointer[index]) }
        let length = max(sum.squareRoot(), 1e-8)
        for index in 0..<row.count { row.pointer[index] = Float(Double(row.pointer[index]) / length) }
    }

    /// The mean of vectors, layer by layer: sums in float64, divided and rounded once.
    private static func mean(_ vectors: [[Buffer<Float>]]) -> [Buffer<Float>] {
        (vectors.first ?? []).indices.map { layer in
            let mean = Buffer<Float>(vectors[0][layer].count)
            for index in 0..<mean.count {
                var sum = 0.0
                for vector in vectors { sum += Double(vector[layer].pointer[index]) }
                mean.pointer[index] = Float(sum / Double(vectors.count))
            }
            return mean
        }
    }

    /// The sum of the embeddings of all tokens, of length 1.
    private static func embedding(_ texts: [[Int32]], _ base: NodeID, _ evaluator: Evaluator) throws -> Buffer<Float> {
        var counts: [Int32: Int] = [:]
        for token in texts.joined() { counts[token, default: 0] += 1 }
        var sums: [Double] = []
        for (row, (_, count)) in zip(
            try evaluator.embeddings(base, of: counts.keys.sorted()), counts.sorted { $0.key < $1.key })
        {
            if sums.isEmpty { sums = [Double](repeating: 0, count: row.count) }
            for index in 0..<row.count { sums[index] += Double(count) * Double(row.pointer[index]) }
        }
        let vector = Buffer<Float>(sums.count)
        for index in 0..<sums.count { vector.pointer[index] = Float(sums[index]) }
        normalize(vector)
        return vector
    }
}
