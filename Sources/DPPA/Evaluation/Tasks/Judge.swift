import DPPASupport
import DPPATokenization
import Foundation

/// What a model has said to one question, in numbers.
struct Verdict: Sendable {
    /// Σ ln p of the target, of each choice, or of the document.
    var logLikelihoods: [Double] = []
    /// The most likely tokens in place of the target.
    var greedy: [Int32] = []
    /// What was generated, and the answer that was found in it.
    var generated: String?
    var found: String?
    /// Whether a greedy or generated answer is right.
    var isMatch = false
}

/// Turns the predictions for a task into its score.
struct Judge {
    let task: EncodedTask
    private let label: String

    init(_ task: EncodedTask, label: String) {
        self.task = task
        self.label = label
    }

    /// What each question was answered, out of the predictions in the order of the task's sequences.
    ///
    /// Throws when a logit is infinite or NaN.
    func verdicts(_ predictions: [Prediction]) throws -> [Verdict] {
        var rest = predictions[...]
        return try task.samples.map { sample in
            var verdict = Verdict(isMatch: true)
            for request in sample.requests {
                let own = rest.prefix(request.completion.count)
                rest = rest.dropFirst(request.completion.count)
                guard own.allSatisfy(\.isFinite) else {
                    throw DPPAError(
                        .data, "\(label) gives infinite or NaN logits at \(task.task.path):\(sample.question.line)",
                        notes: ["the model is broken: factors too large, or weights that are not finite"])
                }
                verdict.isMatch = verdict.isMatch && zip(own, request.completion).allSatisfy { $0.best == $1 }
                verdict.logLikelihoods.append(own.reduce(0) { $0 + $1.logProbability })
                if task.task.metric == .exactMatch { verdict.greedy = own.map(\.best) }
            }
            return verdict
        }
    }

    /// The score of what was answered, with what else the same numbers tell.
    func score(_ verdicts: [Verdict], seconds: Double) -> Score {
        var score = score(verdicts, by: task.task.metric, seconds)
        score.others = task.task.metric.siblings(ofTexts: task.task.isText).map { metric in
            (metric, self.score(verdicts, by: metric, seconds).value)
        }
        return score
    }

    private func score(_ verdicts: [Verdict], by metric: EvaluationTask.Metric, _ seconds: Double) -> Score {
        switch metric {
        case .exactMatch, .generate:
            return Score(task.task, right: verdicts.count(where: \.isMatch), seconds: seconds)
        case .choice, .choicePerCharacter, .choiceNormalized:
            let right = zip(task.samples, verdicts).count { Self.chosen($0, $1, by: metric) == $0.question.answer }
            return Score(task.task, right: right, seconds: seconds)
        case .perplexity, .bytePerplexity, .wordPerplexity:
            let documents = zip(task.samples, verdicts).map { sample, verdict in
                (surprise: -verdict.logLikelihoods.reduce(0, +), count: Self.size(sample, by: metric))
            }
            return perplexity(documents, seconds)
        }
    }

    /// The index of the choice with the largest log-likelihood, for its length if the metric says so; the first of equals.
    static func chosen(_ sample: EncodedTask.Sample, _ verdict: Verdict, by metric: EvaluationTask.Metric) -> Int {
        var best = (index: 0, value: -Double.infinity)
        for (index, sum) in verdict.logLikelihoods.enumerated() {
            let value =
                switch metric {
                case .choiceNormalized: sum / Double(sample.requests[index].completion.count)
                case .choicePerCharacter: sum / Double(characters(of: sample.question, choice: index))
                default: sum
                }
            if value > best.value { best = (index, value) }
        }
        return best.index
    }

    /// Characters as Python counts them.
    private static func characters(of question: Question, choice: Int) -> Int {
        guard case .text(_, let choices) = question.content else { return 1 }
        return choices[choice].unicodeScalars.count
    }

    /// The tokens, bytes or words of a document.
    static func size(_ sample: EncodedTask.Sample, by metric: EvaluationTask.Metric) -> Int {
        guard metric != .perplexity, case .text(_, let texts) = sample.question.content else {
            return sample.requests.reduce(0) { $0 + $1.completion.count }
        }
        guard metric == .wordPerplexity else { return texts[0].utf8.count }
        // As re.split(r"\s+", text) has it: one more than there are runs of white space.
        var (runs, isInside) = (0, false)
        for scalar in texts[0].unicodeScalars {
            if scalar.isPythonSpace, !isInside { runs += 1 }
            isInside = scalar.isPythonSpace
        }
        return runs + 1
    }

    /// e^r with r = Σ surprise / Σ count; the standard error is that of the ratio r over documents, times e^r.
    private func perplexity(_ documents: [(surprise: Double, count: Int)], _ seconds: Double) -> Score {
        let total = Double(documents.reduce(0) { $0 + $1.count })
        let rate = documents.reduce(0) { $0 + $1.surprise } / total
        var error: Double?
        if documents.count > 1 {
            let squares = documents.reduce(0) { sum, document in
                let deviation = document.surprise - rate * Double(document.count)
                return sum + deviation * deviation
            }
            let n = Double(documents.count)
            error = exp(rate) * (squares * n / (n - 1)).squareRoot() / total
        }
        var score = Score(
            task: task.task.name, metric: task.task.metric, value: exp(rate), standardError: error,
            count: task.task.count, seconds: seconds)
        score.units = documents.reduce(0) { $0 + $1.count }
        return score
    }
}
