import DPPAExpression
import DPPAKernels

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
    /// The model that config and small files come from: what the recipe says, or the first that the expression reads.
    package func configModel(_ result: MergeResult) -> Int { result.config ?? models(of: result.node).first ?? 0 }
}
