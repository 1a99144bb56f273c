import DPPACheckpoint
import DPPAExpression
import DPPAKernels
import DPPASupport

/// One model that a recipe asks to be written.
public struct MergeResult {
    /// The subdirectory of the output; nil for the output directory itself.
    public var name: String?
    /// What is written: a node of the space `model`.
    public var node: NodeID
    /// The dtype of every floating-point tensor; nil keeps each tensor's own.
    public var dtype: DType?
    /// The dtypes of single tensors, by glob; they come before `dtype`.
    public var types: [String: DType] = [:]
    /// The model whose config, generation settings and other small files are copied, by index in the graph.
    public var config: Int?
    /// The model whose tokenizer files are copied.
    public var tokenizer: Int?
    /// The model whose chat template is copied.
    public var chatTemplate: Int?
    /// The model that it is written as a pack onto; nil where it is written whole.
    public var pack: Int?
    /// A chat template file to copy instead.
    public var chatTemplateFile: String?

    /// A result with everything from the model that the expression starts from.
    public init(name: String? = nil, node: NodeID) {
        self.name = name
        self.node = node
    }
}

/// The models that the parts of a result come from.
package struct ResultModels {
    /// Those that the expression reads, in the order in which they were opened.
    package let read: [OpenModel]
    /// Those that stacks among them are made of.
    var parts: [OpenModel] { read.flatMap(\.parts) }
    /// The one that it starts from; where it reads none, the one whose config is used.
    package let start: OpenModel
    /// The one whose config, types of tensors and small files are used.
    package let config: OpenModel
    /// The one whose tokenizer is used: of views with a vocabulary of their own (`VocabularyFiles`) always the one whose ids it
    /// has.
    package let tokenizer: OpenModel
    /// The one whose chat template is used.
    package let template: OpenModel

    /// What the recipe says, or what follows from where the expression starts.
    ///
    /// Throws `data` when there is no model at all.
    package init(_ graph: Graph, _ result: MergeResult) throws {
        read = graph.models(of: result.node).filter { !graph.isPart($0) }.map { graph.models[$0] }
        let first = graph.startingModel(of: result.node)
        // An expression of plain values declared a model reads none: it has tensors like one that is open.
        guard
            let config = result.config.map({ graph.models[$0] }) ?? first
                ?? graph.models.first(where: { $0.space == .model })
        else {
            throw DPPAError(.data, "this model comes from no checkpoint")
        }
        self.config = config
        start = first ?? config
        let asked = result.tokenizer.map { graph.models[$0] }
        tokenizer = Self.owner(of: asked ?? config, graph)
        template = result.chatTemplate.map { graph.models[$0] } ?? asked ?? tokenizer
    }

    /// The model whose tokenizer files go with the rows of a view.
    private static func owner(of view: OpenModel, _ graph: Graph) -> OpenModel {
        guard let files = view.vocabulary else { return view }
        return graph.models.first { $0.label == files.owner && $0.vocabulary?.isSame(as: files) == true } ?? view
    }

    package init(
        read: [OpenModel], start: OpenModel, config: OpenModel, tokenizer: OpenModel, template: OpenModel
    ) {
        (self.read, self.start, self.config) = (read, start, config)
        (self.tokenizer, self.template) = (tokenizer, template)
    }
}
