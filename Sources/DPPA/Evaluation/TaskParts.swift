import DPPAKernels
import DPPASupport
import Foundation

extension EvaluationTask {
    /// Some of its questions as a task of their own, under the same name.
    func part(_ range: Range<Int>) -> EvaluationTask {
        var hash = Fingerprint(value: fingerprint)
        hash.add("part")
        hash.add(UInt64(range.lowerBound))
        hash.add(UInt64(range.upperBound))
        return EvaluationTask(
            name: name, metric: metric, path: path, questions: Array(questions[range]), examples: examples,
            declaration: declaration, fingerprint: hash.value, files: files)
    }

    /// How many questions a share of them is: at least one.
    func count(ofShare share: Double) -> Int { max(1, Int((Double(count) * share).rounded())) }
}

/// What of which task has been scored of which model, one part after the other from the first question on, so that a larger share
/// asks what is new in it alone.
struct TaskParts {
    private var known: [UInt128: [Range<Int>]] = [:]

    /// Whether no task is in parts.
    var isEmpty: Bool { known.isEmpty }

    /// The parts that make up the first `count` of `all` questions; `key` stands for the model and the whole task.
    ///
    /// What is asked for in full at once is no part.
    mutating func parts(of key: UInt128, count: Int, of all: Int) -> [Range<Int>] {
        var parts = known[key] ?? []
        if let last = parts.firstIndex(where: { $0.upperBound == count }) { return Array(parts[...last]) }
        let asked = parts.last?.upperBound ?? 0
        guard count > asked, asked > 0 || count < all else { return [0..<count] }
        parts.append(asked..<count)
        known[key] = parts
        return parts
    }
}

extension Score {
    /// The score of all parts of a task out of those of each, in order; nil where a part does not tell how much it was of.
    ///
    /// Of shares Σ right / Σ questions. Of perplexities e^(Σ uᵢ ln pᵢ / Σ uᵢ) with uᵢ the tokens, bytes or words of a part, and the
    /// standard error of a stratified sample, √(Σ (uᵢ eᵢ / pᵢ)²) / Σ uᵢ times it. To rounding, what all questions at once would give.
    static func joined(_ parts: [Score]) -> Score? {
        guard parts.count > 1, var whole = parts.first else { return parts.first }
        whole.seconds = parts.reduce(0) { $0 + $1.seconds }
        let counts = parts.compactMap(\.count)
        guard counts.count == parts.count else { return nil }
        let count = counts.reduce(0, +)
        whole.count = count
        guard whole.metric?.isLargerBetter ?? true else { return whole.joiningPerplexities(parts) }
        func mean(_ value: (Score) -> Double?) -> Double? {
            var right = 0.0
            for (part, count) in zip(parts, counts) {
                guard let value = value(part) else { return nil }
                right += (value * Double(count)).rounded()
            }
            return right / Double(count)
        }
        guard let value = mean({ $0.value }) else { return nil }
        whole.value = value
        whole.standardError = standardError(ofShare: value, of: count)
        whole.others = whole.others.compactMap { other in
            mean { part in part.others.first { $0.metric == other.metric }?.value }.map { (other.metric, $0) }
        }
        return whole
    }

    /// This score with the perplexity of all parts; their other perplexities are of other units, and are left out.
    private func joiningPerplexities(_ parts: [Score]) -> Score? {
        var (units, surprise, variance) = (0.0, 0.0, 0.0)
        for part in parts {
            guard let own = part.units.map(Double.init) else { return nil }
            units += own
            surprise += own * log(part.value)
            variance += pow(own * (part.standardError ?? 0) / part.value, 2)
        }
        var whole = self
        whole.units = Int(units)
        whole.value = exp(surprise / units)
        whole.standardError =
            parts.allSatisfy { $0.standardError != nil } ? whole.value * variance.squareRoot() / units : nil
        whole.others = []
        return whole
    }
}
