import DPPASupport
import Foundation

/// Turns the predictions for a task's sequences into its score.
struct Judge {
    private let task: EvaluationTask
    private let label: String

    init(_ task: EvaluationTask, label: String) {
        self.task = task
        self.label = label
    }

    /// How many predictions the task wants.
    var positionCount: Int { task.samples.reduce(0) { $0 + $1.completions.reduce(0) { $0 + $1.count } } }

    /// The score out of the predictions, in the order of the task's sequences.
    ///
    /// Throws when a logit is infinite or NaN.
    func score(_ predictions: [Prediction], seconds: Double) throws -> Score {
        var rest = predictions[...]
        var right = 0
        var documents: [(surprise: Double, count: Int)] = []
        for sample in task.samples {
            var likelihoods: [Double] = []
            var isMatch = true
            for completion in sample.completions {
                let own = rest.prefix(completion.count)
                rest = rest.dropFirst(completion.count)
                guard own.allSatisfy(\.isFinite) else {
                    throw DPPAError(
                        .data, "\(label) gives infinite or NaN logits at \(task.path):\(sample.line)",
                        notes: ["the model is broken: factors too large, or weights that are not finite"])
                }
                isMatch = isMatch && zip(own, completion).allSatisfy { $0.best == $1 }
                let sum = own.reduce(0) { $0 + $1.logProbability }
                likelihoods.append(task.metric == .choiceNormalized ? sum / Double(completion.count) : sum)
            }
            switch task.metric {
            case .exactMatch: right += isMatch ? 1 : 0
            case .choice, .choiceNormalized: right += Self.indexOfLargest(likelihoods) == sample.answer ? 1 : 0
            case .perplexity: documents.append((-likelihoods[0], sample.completions[0].count))
            case .generate: break
            }
        }
        guard task.metric == .perplexity else { return Score(task, right: right, seconds: seconds) }
        return perplexity(documents, seconds)
    }

    private static func indexOfLargest(_ values: [Double]) -> Int {
        var best = 0
        for index in values.indices where values[index] > values[best] { best = index }
        return best
    }

    /// e^r with r = Σ surprise / Σ tokens; the standard error is that of the ratio r over documents, times e^r.
    private func perplexity(_ documents: [(surprise: Double, count: Int)], _ seconds: Double) -> Score {
        let tokens = Double(documents.reduce(0) { $0 + $1.count })
        let rate = documents.reduce(0) { $0 + $1.surprise } / tokens
        var error: Double?
        if documents.count > 1 {
            let squares = documents.reduce(0) { sum, document in
                let deviation = document.surprise - rate * Double(document.count)
                return sum + deviation * deviation
            }
            let n = Double(documents.count)
            error = exp(rate) * (squares * n / (n - 1)).squareRoot() / tokens
        }
        return Score(
            task: task.name, metric: task.metric, value: exp(rate), standardError: error, count: task.count,
            seconds: seconds)
    }
}
