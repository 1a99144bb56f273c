import DPPAExpression
import DPPASupport

/// What each of several ranks would have to move, known before anything is read.
public struct RankPlan: Sendable {
    /// The bytes that each rank reads and writes, all epochs together.
    public internal(set) var bytes: [Int]
    /// How many units there are to deal, in the epoch that has the most.
    public internal(set) var units = 0

    /// The bytes of the rank that has the most, which the others wait for.
    public var most: Int { bytes.max() ?? 0 }

    /// The most that one rank has, as a multiple of an even share.
    public var imbalance: Double {
        let total = bytes.reduce(0, +)
        return total > 0 ? Double(most) * Double(bytes.count) / Double(total) : 1
    }
}

extension Engine {
    func plan(_ schedule: Schedule, _ outputs: [Output], ranks count: Int) throws -> RankPlan {
        var plan = RankPlan(bytes: Array(repeating: 0, count: count))
        for epoch in 0..<schedule.epochCount {
            let units = units(epoch, schedule, outputs, ranks: count)
            let bytes = try deal(units, epoch, schedule, outputs, among: count).bytes
            plan.bytes = zip(plan.bytes, bytes).map(+)
            plan.units = max(plan.units, units.count)
        }
        return plan
    }
}
