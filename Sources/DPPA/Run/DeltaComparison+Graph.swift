import DPPACheckpoint
import DPPAExecution
import DPPAExpression

extension DeltaComparison {
    /// What a written model is compared with: the model that its expression adds deltas to, or the first one that it reads
    /// where it adds to none, as a mean does; the experts are the other models.
    ///
    /// Nil for an expression without any model.
    public init?(_ graph: Graph, of node: NodeID, isDetailed: Bool) {
        // What holds deltas alone has no weights to compare.
        let models = graph.models(of: node).filter { graph.models[$0].space == .model }
        guard let reference = graph.base(of: node) ?? models.first else { return nil }
        self.init(reference: reference, experts: models.filter { $0 != reference }, isDetailed: isDetailed)
    }
}

extension Graph {
    /// The model that an expression adds deltas to; nil if it is no such sum, or not of one model alone.
    public func base(of root: NodeID) -> Int? {
        var open = [root]
        var seen: Set<NodeID> = []
        var bases: Set<Int> = []
        while let id = open.popLast() {
            guard seen.insert(id).inserted else { continue }
            switch self[id].operation {
            case .source(let model): bases.insert(model)
            case .binary(_, let a, let b):
                // model ± delta and delta + model alone are models.
                open.append(self[a].space == .model ? a : b)
            case .select(_, let a, let b): open += [a, b]
            case .branch(let parts): open += parts
            case .restrict(let x), .roundTo(_, let x), .broadcast(let x): open.append(x)
            default: return nil
            }
        }
        return bases.count == 1 ? bases.first : nil
    }
}
