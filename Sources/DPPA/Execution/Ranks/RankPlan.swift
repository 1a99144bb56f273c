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
            let (sizes, ranks) = try deal(
                units(epoch, schedule, outputs, ranks: count), epoch, schedule, outputs, among: count)
            for (size, rank) in zip(sizes, ranks) { plan.bytes[rank] += size }
            plan.units = max(plan.units, sizes.count)
        }
        return plan
    }

    /// The sizes of the units of an epoch, and the rank of each.
    func deal(
        _ units: [[TensorID]], _ epoch: Int, _ schedule: Schedule, _ outputs: [Output], among count: Int
    ) throws -> (sizes: [Int], ranks: [Int]) {
        var known = UnitSizes(graph, epoch, schedule, outputs)
        let sizes = try units.map { try known.bytes(of: $0) }
        var ranks = Deal.ranks(sizes, among: count)
        // Slices of one written tensor have one digest, so they stay together.
        var places: [[Int]: Int] = [:]
        for (number, unit) in units.enumerated() {
            for (output, tensor) in unit.flatMap({ tensor in outputs.indices.map { ($0, tensor) } }) {
                guard let slot = outputs[output].slots[tensor] else { continue }
                if let rank = places[[output, slot.tensor]] { ranks[number] = rank }
                places[[output, slot.tensor]] = ranks[number]
            }
        }
        return (sizes, ranks)
    }
}
