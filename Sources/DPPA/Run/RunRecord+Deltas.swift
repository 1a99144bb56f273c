import DPPAExecution
import Foundation

extension RunRecord {
    /// How a written model differs from the model that its deltas are added to.
    public struct Deltas: Sendable {
        /// The label of the model that everything is compared with.
        public var reference: String
        /// Whether the recipe adds deltas to it; else it is only the first model that the expression reads.
        public var isBase: Bool
        /// The labels of the experts, in the order of the statistics.
        public var experts: [String]
        /// The numbers.
        public var statistics: DeltaStatistics

        /// Deltas, all given.
        public init(reference: String, isBase: Bool, experts: [String], statistics: DeltaStatistics) {
            self.reference = reference
            self.isBase = isBase
            self.experts = experts
            self.statistics = statistics
        }
    }
}

extension RunRecord.Output {
    /// From this share of the changed elements on, their loss to rounding is warned of.
    private static let lossLimit = 0.5

    /// A warning when rounding to the written type takes back most of what the merge changes.
    public var roundingWarning: String? {
        guard let deltas, deltas.isBase else { return nil }
        let merged = deltas.statistics.merged
        guard let survived = merged.survivedShare, 1 - survived >= Self.lossLimit else { return nil }
        let types = dtype.map(\.rawValue) ?? "the type of its tensors"
        let lost = String(format: "%.1f", ((1 - survived) * 1000).rounded(.down) / 10)
        return
            "warning: \(name.map { "in \($0) " } ?? "")rounding to \(types) takes the merge back in \(lost) % of the elements "
            + "that it changes: they are as in \(deltas.reference) again\n"
            + "note: the steps are too small for the type beside such weights; keep them with --dtype f32"
    }
}
