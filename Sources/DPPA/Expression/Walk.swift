import DPPACheckpoint
import DPPASupport

/// Walks over a graph, from some nodes to what they are made of.
extension Graph {
    /// The models that a node reads, by index.
    public func models(of root: NodeID) -> [Int] {
        var marked: Set<NodeID> = [root]
        var found: Set<Int> = []
        for index in stride(from: root.index, through: 0, by: -1) {
            let id = NodeID(index: index)
            guard marked.contains(id) else { continue }
            if case .source(let model) = self[id].operation { found.insert(model) }
            marked.formUnion(self[id].operation.operands)
        }
        return found.sorted()
    }

    /// The model that an expression starts from: of the models that it reads, the one that was opened first, or the mixture that they
    /// were made into; nil where it reads none.
    ///
    /// Its config, tokenizer and types are those of the result unless something else is asked for. What holds deltas alone
    /// has none of them.
    public func startingModel(of root: NodeID) -> OpenModel? {
        if !starts.isEmpty {
            let reachable = reachable(from: [root])
            if let last = starts.keys.filter(reachable.contains).max(), let model = starts[last] {
                return models[model]
            }
        }
        return models(of: root).lazy.map { self.models[$0] }.first { $0.space == .model }
    }

    /// The nodes that some nodes are made of, themselves included.
    package func reachable(from roots: [NodeID]) -> Set<NodeID> {
        var marked = Set(roots)
        for index in stride(from: Int32(count) - 1, through: 0, by: -1) where marked.contains(NodeID(index: index)) {
            marked.formUnion(self[NodeID(index: index)].operation.operands)
        }
        return marked
    }

    /// Throws unless a node can be written as a model.
    public func requireModel(_ id: NodeID) throws {
        let node = self[id]
        if node.space == .model, node.scope == .element { return }
        let notes: [String] =
            switch node.space {
            case .delta: ["add it to a model: base + delta"]
            default: ["a value becomes a model with dppa.as_model(value, like)"]
            }
        throw DPPAError(
            .data, "a recipe must give a model to write; this is a \(describe(id)): \(formula(id, depth: 3))",
            notes: notes, location: location ?? node.location)
    }

    /// Every tensor of every model, in name order.
    package var allTensors: [TensorID] {
        tensors.indices.map { TensorID(index: $0) }.sorted { Graph.precedes(facts($0).name, facts($1).name) }
    }
}
