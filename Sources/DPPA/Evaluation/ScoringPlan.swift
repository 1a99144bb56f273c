import DPPAExecution
import DPPASupport

/// How candidates and their questions are dealt to ranks.
///
/// Ranks take whole candidates as long as there is one for each of them. Those that are left, fewer than ranks, go to groups of
/// ranks: each rank of a group builds the group's candidates and asks them its own share of the questions. The fewer the groups, the
/// smaller each share, and the more candidates each rank has to build; taken is the number of groups whose slowest rank is done
/// first, of equals the largest.
public struct ScoringPlan: Sendable {
    /// What a rank does of a candidate: one of the parts that its questions are dealt in.
    package struct Part: Hashable, Sendable {
        package var candidate: Int
        package var number: Int
        package var count: Int
    }

    /// For each rank what it does, candidates in order.
    package let parts: [[Part]]
    /// How many candidates each rank has for itself.
    private let whole: Int
    /// How many ranks each group has, and how many of the candidates that are left.
    private let groups: [Group]
    /// What a candidate's questions take, in tokens.
    private let tokens: Int

    private struct Group: Equatable {
        var ranks: Int
        var candidates: Int
    }

    /// How many tokens go through a model while it is built: what reading, computing and laying out a weight takes, beside its product
    /// with a token.
    package static let buildTokens = 500

    /// Deals candidates whose questions come in pieces of some sizes, in tokens.
    package init(candidates: Int, sizes: [Int], ranks: Int) {
        let whole = candidates / ranks
        self.whole = whole
        tokens = sizes.reduce(0, +)
        let left = candidates % ranks
        var best: (time: Int, groups: [Group]) = (0, [])
        // What the slowest of some ranks is asked.
        var slowest: [Int: Int] = [:]
        for count in (0..<left).map({ left - $0 }) {
            let groups = (0..<count).map { number in
                Group(
                    ranks: ranks / count + (number < ranks % count ? 1 : 0),
                    candidates: left / count + (number < left % count ? 1 : 0))
            }
            var time = 0
            for group in groups {
                let share = slowest[group.ranks] ?? Self.slowest(sizes, among: group.ranks)
                slowest[group.ranks] = share
                time = max(time, group.candidates * (Self.buildTokens + share))
            }
            if best.groups.isEmpty || time < best.time { best = (time, groups) }
        }
        groups = best.groups
        var parts = (0..<ranks).map { rank in
            (0..<whole).map { Part(candidate: $0 * ranks + rank, number: 0, count: 1) }
        }
        var (candidate, rank) = (whole * ranks, 0)
        for group in groups {
            for number in 0..<group.ranks {
                parts[rank + number] += (candidate..<candidate + group.candidates).map {
                    Part(candidate: $0, number: number, count: group.ranks)
                }
            }
            candidate += group.candidates
            rank += group.ranks
        }
        self.parts = parts
    }

    private static func slowest(_ sizes: [Int], among count: Int) -> Int {
        var shares = [Int](repeating: 0, count: count)
        for (size, rank) in zip(sizes, Deal.ranks(sizes, among: count)) { shares[rank] += size }
        return shares.max() ?? 0
    }

    /// What is dealt to whom, and why.
    package var words: String {
        let left = groups.reduce(0) { $0 + $1.candidates }
        var how = whole > 0 ? ["\(whole) for each rank alone"] : []
        if groups.count == 1 {
            let them = whole > 0 ? left == 1 ? "the last one" : "the last \(left)" : left == 1 ? "it" : "all"
            how.append("each rank builds \(them) and takes its share of the questions")
        } else if !groups.isEmpty {
            let sizes = Set(groups.map(\.ranks)).sorted(by: >).map { size in
                (count: groups.count { $0.ranks == size }, ranks: size)
            }
            let listed = sizes.enumerated().map { place, size in
                place == 0
                    ? "\(Phrase.counted(size.count, "group")) of \(Phrase.counted(size.ranks, "rank"))"
                    : "\(size.count) of \(size.ranks)"
            }
            how.append(
                (whole > 0 ? "of the last \(left), " : "") + listed.joined(separator: " and ")
                    + ", each of which builds its own and shares out their questions")
        }
        let why =
            groups.isEmpty ? "" : " (building one costs about \(Self.buildTokens) tokens, its questions \(tokens))"
        return "\(Phrase.counted(whole * parts.count + left, "candidate")) over \(parts.count) ranks: "
            + how.joined(separator: "; ") + why
    }
}
