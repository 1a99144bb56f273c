import DPPA
import Testing

/// Who scores what, and why.
@Suite struct ScoringPlanTests {
    private static let sizes = [300, 256, 261, 258, 400, 256, 90]

    @Test("Every part of every candidate is one rank's, and its parts follow one another", arguments: 1...12)
    func everythingOnce(ranks: Int) {
        for candidates in 1...30 {
            let plan = ScoringPlan(candidates: candidates, sizes: Self.sizes, ranks: ranks)
            #expect(plan.parts.count == ranks)
            var found = [[Int]](repeating: [], count: candidates)
            var counts = [Int](repeating: 0, count: candidates)
            for part in plan.parts.joined() {
                found[part.candidate].append(part.number)
                counts[part.candidate] = part.count
            }
            for (numbers, count) in zip(found, counts) { #expect(numbers == Array(0..<count)) }
        }
    }

    /// What the slowest rank has to do, in tokens: building, and its share of the questions.
    private func time(_ plan: ScoringPlan, _ sizes: [Int]) -> Int {
        plan.parts.map { parts in
            parts.reduce(0) { time, part in
                let owners = Deal.ranks(sizes, among: part.count)
                return time + ScoringPlan.buildTokens
                    + zip(sizes, owners).reduce(0) { $0 + ($1.1 == part.number ? $1.0 : 0) }
            }
        }.max() ?? 0
    }

    @Test("No other number of groups is done earlier")
    func choice() {
        for (candidates, ranks) in [(1, 8), (2, 8), (3, 8), (4, 8), (5, 8), (7, 8), (3, 4), (2, 3), (4, 5)] {
            for batches in [1, 4, 40, 400] {
                let sizes = [Int](repeating: 256, count: batches)
                let own = time(ScoringPlan(candidates: candidates, sizes: sizes, ranks: ranks), sizes)
                for groups in 1...candidates {
                    // The group that is slowest, among all ways to have so many groups of about the same size.
                    var slowest = 0
                    for number in 0..<groups {
                        let members = ranks / groups + (number < ranks % groups ? 1 : 0)
                        let built = candidates / groups + (number < candidates % groups ? 1 : 0)
                        let owners = Deal.ranks(sizes, among: members)
                        let share = (0..<members).map { member in owners.count { $0 == member } * 256 }.max() ?? 0
                        slowest = max(slowest, built * (ScoringPlan.buildTokens + share))
                    }
                    #expect(own <= slowest, "\(candidates) over \(ranks), \(batches) batches: \(groups) groups")
                }
            }
        }
    }

    @Test(
        "With few questions each candidate has ranks of its own; with many it is worth building all of them everywhere")
    func words() {
        func words(_ candidates: Int, _ ranks: Int, batches: Int) -> String {
            ScoringPlan(candidates: candidates, sizes: [Int](repeating: 250, count: batches), ranks: ranks).words
        }
        #expect(
            words(3, 8, batches: 24)
                == "3 candidates over 8 ranks: 2 groups of 3 ranks and 1 of 2, each of which builds its own and shares out "
                + "their questions (building one costs about 500 tokens, its questions 6000)")
        #expect(
            words(4, 8, batches: 24)
                == "4 candidates over 8 ranks: 4 groups of 2 ranks, each of which builds its own and shares out their "
                + "questions (building one costs about 500 tokens, its questions 6000)")
        #expect(
            words(3, 8, batches: 2400)
                == "3 candidates over 8 ranks: each rank builds all and takes its share of the questions (building one costs "
                + "about 500 tokens, its questions 600000)")
        #expect(
            words(1, 2, batches: 4)
                == "1 candidate over 2 ranks: each rank builds it and takes its share of the questions (building one costs "
                + "about 500 tokens, its questions 1000)")
        #expect(words(8, 4, batches: 4) == "8 candidates over 4 ranks: 2 for each rank alone")
        #expect(
            words(9, 8, batches: 40)
                == "9 candidates over 8 ranks: 1 for each rank alone; each rank builds the last one and takes its share of the "
                + "questions (building one costs about 500 tokens, its questions 10000)")
    }
}
