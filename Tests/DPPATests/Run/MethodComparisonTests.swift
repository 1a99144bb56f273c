import DPPA
import Testing

/// What a comparison of recipes makes of scores.
@Suite struct MethodComparisonTests {
    private func score(_ value: Double, _ error: Double? = nil, metric: EvaluationTask.Metric? = .exactMatch) -> Score {
        Score(task: "t", metric: metric, value: value, standardError: error, count: 100, seconds: 0)
    }

    private func comparison(_ entries: [MethodComparison.Entry] = []) -> MethodComparison {
        let base = MethodComparison.Model(
            label: "base", searched: [score(0.4), score(8, metric: .perplexity)],
            shown: [score(0.2), score(10, metric: .perplexity)])
        let expert = MethodComparison.Model(
            label: "a", searched: [score(0.8), score(16, metric: .perplexity)],
            shown: [score(0.5), score(20, metric: .perplexity)])
        return MethodComparison(models: [base, expert], entries: entries, isHeldOut: true)
    }

    private func entry(_ name: String, _ values: [Double]) -> MethodComparison.Entry {
        var entry = MethodComparison.Entry(name: name, notes: [])
        entry.trials = values.map {
            MethodComparison.Trial(
                seed: nil, candidates: [], taken: 0, scores: [score($0, 0.05), score(10, 0.5, metric: .perplexity)],
                seconds: 1)
        }
        return entry
    }

    @Test func keptIsTheGeometricMeanBesideTheBestOfTheModels() {
        // Shown: 0.25 / 0.5 and 10 / 40, whose product is 1 / 8; in the search 0.2 / 0.8 and 8 / 32.
        let kept = comparison().kept([score(0.25), score(40, metric: .perplexity)])
        #expect(abs(kept * kept - 0.125) < 1e-15)
        #expect(abs(comparison().keptInSearch([score(0.2), score(32, metric: .perplexity)]) - 0.25) < 1e-15)
        #expect(comparison().kept([score(0), score(10, metric: .perplexity)]) == 0)
    }

    @Test func itsErrorIsThatOfRelativeErrorsAddedInSquares() throws {
        let scores = [score(0.25, 0.05), score(40, 3, metric: .perplexity)]
        let error = try #require(comparison().standardError(scores))
        // A numerical derivative stands for the formula.
        func kept(_ a: Double, _ b: Double) -> Double { comparison().kept([score(a), score(b, metric: .perplexity)]) }
        let step = 1e-6
        let slopes = [
            (kept(0.25 + step, 40) - kept(0.25 - step, 40)) / (2 * step),
            (kept(0.25, 40 + step) - kept(0.25, 40 - step)) / (2 * step),
        ]
        let expected = (slopes[0] * slopes[0] * 0.0025 + slopes[1] * slopes[1] * 9).squareRoot()
        #expect(abs(error - expected) < 1e-7)
        #expect(comparison().standardError([score(0.25), score(40, 3, metric: .perplexity)]) == nil)
    }

    @Test func seedsGiveAMeanAndARange() throws {
        let spread = try #require(comparison().score(of: entry("x", [0.3, 0.6, 0.3]), task: 0))
        #expect(abs(spread.value - 0.4) < 1e-15 && spread.range == 0.3...0.6)
        #expect(spread.standardError.map { abs($0 - 0.05) < 1e-15 } == true)
        #expect(comparison().score(of: entry("x", [0.3]), task: 0)?.range == nil)
        #expect(comparison().kept(of: entry("x", [])) == nil)
    }

    @Test func theBestComesFirstEqualOnesAsGivenAndFailuresLast() {
        var failed = entry("failed", [])
        failed.failure = "no"
        let all = comparison([failed, entry("low", [0.1]), entry("b", [0.4]), entry("a", [0.4])])
        #expect(all.ranked.map(\.name) == ["b", "a", "low", "failed"])
    }

    @Test func aTaskOnWhichNoModelScoresIsNamed() {
        var all = comparison()
        #expect(all.taskWithoutScore == nil)
        for index in all.models.indices { all.models[index].searched[0] = score(0) }
        #expect(all.taskWithoutScore == "t")
    }
}
