import DPPAEvaluation
import Foundation

/// Recipes on the same models: what each reaches when all may search one coefficient with the same budget.
///
/// A candidate is base + c (merged − base), where merged is what a recipe gives. c is searched on the tasks for searching, and
/// what is shown of the best candidate are its scores on the others.
public struct MethodComparison: Sendable {
    /// A model that is compared with, as it is.
    public struct Model: Sendable {
        /// What it is called.
        public var label: String
        /// Its scores on the tasks for searching.
        public var searched: [Score]
        /// Its scores on those that are shown.
        public var shown: [Score]

        /// A model with its scores.
        public init(label: String, searched: [Score], shown: [Score]) {
            (self.label, self.searched, self.shown) = (label, searched, shown)
        }
    }

    /// One coefficient of a recipe.
    public struct Candidate: Sendable {
        /// What merged − base is multiplied by; nil where there is no base, or the recipe's model is taken as it is.
        public var coefficient: Double?
        /// Its scores on the tasks for searching.
        public var scores: [Score]

        /// A candidate with its scores.
        public init(coefficient: Double?, scores: [Score]) { (self.coefficient, self.scores) = (coefficient, scores) }
    }

    /// A recipe with one seed.
    public struct Trial: Sendable {
        /// nil where the recipe draws nothing at random.
        public var seed: Int?
        /// One for each coefficient, in the order of trying.
        public var candidates: [Candidate]
        /// The candidate that keeps most on the tasks for searching; of equal ones the first.
        public var taken: Int
        /// Its scores on the tasks that are shown.
        public var scores: [Score]
        /// How long the recipe, its candidates and their scores took.
        public var seconds: Double

        /// A trial, all given.
        public init(seed: Int?, candidates: [Candidate], taken: Int, scores: [Score], seconds: Double) {
            (self.seed, self.candidates, self.taken) = (seed, candidates, taken)
            (self.scores, self.seconds) = (scores, seconds)
        }
    }

    /// A recipe.
    public struct Entry: Sendable {
        /// What it was asked for as.
        public var name: String
        /// One for each seed.
        public var trials: [Trial]
        /// What a reader of its row has to know.
        public var notes: [String]
        /// Why it has no trial, or fewer than it should have.
        public var failure: String?

        /// A recipe that has not been tried yet.
        public init(name: String, notes: [String]) { (self.name, self.notes, trials) = (name, notes, []) }
    }

    /// The base and the experts, each once.
    public var models: [Model]
    /// In the order in which they were asked for.
    public var entries: [Entry]
    /// Whether the tasks that are shown are others than those that were searched.
    public var isHeldOut: Bool

    /// A comparison, all given.
    public init(models: [Model], entries: [Entry], isHeldOut: Bool) {
        (self.models, self.entries, self.isHeldOut) = (models, entries, isHeldOut)
    }

    /// The best recipe first, those that failed last.
    public var ranked: [Entry] {
        let shares = entries.map { kept(of: $0)?.value ?? -.infinity }
        return entries.indices.sorted { (-shares[$0], $0) < (-shares[$1], $1) }.map { entries[$0] }
    }

    /// What of the models' best scores is kept: the geometric mean over tasks of score / best, for perplexities of
    /// best / score.
    public func kept(_ scores: [Score]) -> Double { Self.kept(scores, best: Self.best(models.map(\.shown))) }

    /// The same of the tasks for searching, which decides between candidates.
    public func keptInSearch(_ scores: [Score]) -> Double { Self.kept(scores, best: Self.best(models.map(\.searched))) }

    /// The standard error of `kept` to first order, the best scores taken as exact: kept / n · √Σ (standard error / score)².
    public func standardError(_ scores: [Score]) -> Double? {
        var sum = 0.0
        for score in scores {
            guard let error = score.standardError, score.value > 0 else { return nil }
            sum += error * error / (score.value * score.value)
        }
        return kept(scores) / Double(max(1, scores.count)) * sum.squareRoot()
    }

    /// The first of the models' tasks on which none of them scores anything, so that nothing can be measured against them.
    public var taskWithoutScore: String? {
        for rows in [models.map(\.searched), models.map(\.shown)] {
            let best = Self.best(rows)
            if let index = best.firstIndex(where: { !($0 > 0) || !$0.isFinite }) { return rows[0][index].task }
        }
        return nil
    }

    /// A figure over seeds.
    public struct Spread: Sendable, Equatable {
        /// The mean over seeds.
        public var value: Double
        /// The mean standard error, that of the questions, which are the same for every seed.
        public var standardError: Double?
        /// The smallest and the largest; nil of one seed.
        public var range: ClosedRange<Double>?

        init?(_ values: [(value: Double, error: Double?)]) {
            let numbers = values.map(\.value)
            guard let low = numbers.min(), let high = numbers.max() else { return nil }
            value = numbers.reduce(0, +) / Double(numbers.count)
            let errors = values.compactMap(\.error)
            standardError = errors.count == numbers.count ? errors.reduce(0, +) / Double(errors.count) : nil
            range = numbers.count > 1 ? low...high : nil
        }
    }

    /// What a recipe keeps; nil where it has no trial.
    public func kept(of entry: Entry) -> Spread? {
        Spread(entry.trials.map { (kept($0.scores), standardError($0.scores)) })
    }

    /// What a recipe reaches on one of the tasks that are shown.
    public func score(of entry: Entry, task: Int) -> Spread? {
        Spread(entry.trials.map { ($0.scores[task].value, $0.scores[task].standardError) })
    }

    /// The best score on each task.
    private static func best(_ rows: [[Score]]) -> [Double] {
        (rows.first ?? []).indices.map { task in
            let values = rows.map { $0[task].value }
            return (rows[0][task].isLargerBetter ? values.max() : values.min()) ?? 0
        }
    }

    private static func kept(_ scores: [Score], best: [Double]) -> Double {
        let product = zip(scores, best).reduce(1) { product, pair in
            let (score, best) = pair
            return product * (score.isLargerBetter ? score.value / best : best / score.value)
        }
        return pow(product, 1 / Double(max(1, scores.count)))
    }
}

extension Score {
    /// Whether a larger one is better; numbers of an external program are taken so.
    fileprivate var isLargerBetter: Bool { metric?.isLargerBetter ?? true }
}
