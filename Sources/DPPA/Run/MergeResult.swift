/// One model that a recipe asks to be written.
public struct MergeResult {
    /// The subdirectory of the output; nil for the output directory itself.
    public var name: String?
    /// What is written: a node of the space `model`.
    public var node: NodeID
    /// The dtype of every floating-point tensor; nil keeps each tensor's own.
    public var dtype: DType?
    /// The model whose config, generation settings and other small files are copied, by index in the graph.
    public var config: Int?
    /// The model whose tokenizer files are copied.
    public var tokenizer: Int?
    /// The model whose chat template is copied.
    public var chatTemplate: Int?
    /// A chat template file to copy instead.
    public var chatTemplateFile: String?

    /// A result with everything from the model that the expression starts from.
    public init(name: String? = nil, node: NodeID) {
        self.name = name
        self.node = node
    }
}

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

    /// The model that config and small files come from: what the recipe says, or the first that the expression reads.
    package func configModel(_ result: MergeResult) -> Int { result.config ?? models(of: result.node).first ?? 0 }

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
}
