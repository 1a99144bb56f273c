import DPPACheckpoint
import DPPAExecution
import DPPAExpression
import DPPAKernels
import DPPASupport
import Foundation

extension RunRecord {
    /// An adapter that was written, with what it keeps of the delta.
    public struct Adapter: Sendable {
        /// A matrix with its factors.
        public struct Module: Sendable {
            /// The name of the base's tensor.
            public var tensor: String
            /// The path that PEFT knows the module by.
            public var path: String
            /// The rank of its factors.
            public var rank: Int
            /// ‖up · down‖² / ‖δ‖², 1 for a delta of zeros.
            public var kept: Double
            /// Whether the factors are those of adapters, with nothing left out.
            public var isExact: Bool
        }

        /// The label of the model that it goes onto.
        public var base: String
        /// What PEFT calls that model.
        public var baseName: String
        /// In the order of the tensors' names.
        public var modules: [Module]
        /// The tensors that are written whole.
        public var whole: [String]
        /// The tensors of the delta that are left out.
        public var dropped: [String]
        /// Σ‖δ‖² of the matrices.
        public var size: Double
        /// The share of that which the factors keep.
        public var kept: Double
        /// The share of the whole delta's ‖δ‖² that is left out with other tensors.
        public var droppedShare: Double
    }
}

extension RunRecord.Adapter {
    /// What an engine has found; the numbers must have been requested.
    init(_ plan: AdapterPlan, _ form: AdapterForm, _ engine: Engine) throws {
        func values(_ node: NodeID?) throws -> [String: Double] {
            let values = try node.flatMap { try engine.values($0) } ?? []
            return Dictionary(values.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        }
        let (kept, total) = (try values(form.factors.kept), try values(form.factors.total))
        let (ranks, lost) = (try values(form.factors.rank), try values(form.droppedSize))
        modules = try plan.modules.map { module -> Module in
            let name = module.facts.name
            guard let all = total[name], let own = kept[name] else {
                throw DPPAError(.internalFault, "what the adapter keeps of \(name.shown) is not known")
            }
            return Module(
                tensor: name, path: module.path, rank: ranks[name].map { max(1, Int($0)) } ?? module.rank,
                kept: all > 0 ? min(1, own / all) : 1, isExact: form.factors.exact.contains(name))
        }
        base = plan.base.label
        baseName = plan.base.origin.repository ?? plan.base.shownName
        (whole, dropped) = (plan.whole.map(\.name), plan.dropped.map(\.name))
        size = modules.reduce(0) { $0 + (total[$1.tensor] ?? 0) }
        self.kept = size > 0 ? modules.reduce(0) { $0 + $1.kept * (total[$1.tensor] ?? 0) } / size : 1
        let left = lost.sorted { $0.key < $1.key }.reduce(0) { $0 + $1.value }
        droppedShare = left > 0 ? left / (left + size) : 0
    }

    /// One line of what it holds and keeps.
    public var summary: String {
        let ranks = modules.map(\.rank)
        let (least, most) = (ranks.min() ?? 0, ranks.max() ?? 0)
        let isExact = modules.allSatisfy(\.isExact)
        return "adapter on \(baseName): \(Phrase.counted(modules.count, "module")) of rank "
            + (least == most ? "\(most)" : "\(least) to \(most)")
            + (isExact
                ? ", all of the delta, by the adapters' own factors"
                : ", \(Self.percent(kept)) of the delta's energy kept")
            + (whole.isEmpty ? "" : ", \(Phrase.counted(whole.count, "tensor")) whole")
    }

    /// What is left out, a warning.
    func warnings(_ name: String?) -> [String] {
        guard !dropped.isEmpty else { return [] }
        return [
            "warning: \(name.map { "\($0): " } ?? "")the adapter leaves out \(Phrase.counted(dropped.count, "tensor")) with "
                + "\(Self.percent(droppedShare)) of the delta's energy: \(Phrase.list(dropped.map(\.shown)))"
        ]
    }

    static func percent(_ share: Double) -> String {
        share > 0 && share < 1e-4 ? "less than 0.01 %" : String(format: "%.2f %%", share * 100)
    }
}

extension RunRecord.Output {
    /// What an adapter keeps of each matrix, as named values.
    package var adapterValues: [RunRecord.NamedValue] {
        guard let adapter else { return [] }
        let suffix = name.map { " in \($0)" } ?? ""
        func named(_ word: String, isShare: Bool, _ value: (RunRecord.Adapter.Module) -> Double) -> RunRecord.NamedValue
        {
            let order = adapter.modules.sorted { NaturalOrder.precedes($0.tensor, $1.tensor) }
            return RunRecord.NamedValue(
                name: word + suffix, values: order.map { ($0.tensor, value($0)) }, isShare: isShare)
        }
        return [
            named("energy kept by the adapter", isShare: true) { $0.kept },
            named("rank of the adapter", isShare: false) { Double($0.rank) },
        ]
    }
}
