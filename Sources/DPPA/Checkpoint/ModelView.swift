import DPPAKernels

/// A model as expressions see it: names of tensors and the sources that their elements come from.
///
/// Alignment, scopes and random streams all go by the names of the view, whatever is behind them.
public struct ModelView: Sendable {
    /// What two views of the same files have in common: their path.
    public let identity: String
    /// The short name of the model in messages, reports and random streams.
    public let label: String
    /// The floating-point tensors, which take part in arithmetic, in bytewise order of their names.
    public let tensors: [TensorFacts]
    /// The integer and truth-value tensors, which are only ever copied, in the same order.
    public let carried: [TensorFacts]
    /// The tensors of which only the first rows are seen.
    public private(set) var cut: [String] = []
    private let sources: [String: any TensorSource]

    /// A view of the given tensors.
    public init(identity: String, label: String, tensors: [(facts: TensorFacts, source: any TensorSource)]) {
        self.identity = identity
        self.label = label
        let sorted = tensors.sorted { $0.facts.name.utf8.lexicographicallyPrecedes($1.facts.name.utf8) }
        self.tensors = sorted.filter(\.source.dtype.isFloat).map(\.facts)
        carried = sorted.filter { !$0.source.dtype.isFloat }.map(\.facts)
        sources = Dictionary(tensors.map { ($0.facts.name, $0.source) }, uniquingKeysWith: { first, _ in first })
    }

    /// The view of a checkpoint as it is.
    public init(_ checkpoint: Checkpoint) {
        self.init(
            identity: checkpoint.path, label: checkpoint.label,
            tensors: checkpoint.tensors.map { ($0.facts, $0.source) })
    }

    /// The view of a checkpoint in which tensors that have more rows than another model's, and are alike otherwise, are cut
    /// to its rows: an expert with a grown vocabulary beside its base.
    ///
    /// `cut` has the names of what was cut.
    public init(_ checkpoint: Checkpoint, rowsLike other: ModelView) {
        var cut: [String] = []
        let tensors = checkpoint.tensors.map { tensor -> (facts: TensorFacts, source: any TensorSource) in
            guard let shape = other.source(tensor.facts.name)?.shape, let rows = shape.first,
                let own = tensor.facts.shape.first, own > rows, shape.count > 1,
                tensor.facts.shape.dropFirst() == shape.dropFirst()
            else { return (tensor.facts, tensor.source) }
            cut.append(tensor.facts.name)
            return (tensor.facts.reshaped(shape), FirstRows(whole: tensor.source, shape: shape))
        }
        self.init(identity: checkpoint.path + " rows like " + other.identity, label: checkpoint.label, tensors: tensors)
        self.cut = cut
    }

    /// The type that a tensor is written in when this model's types are kept: the wished one, or its own.
    ///
    /// 8-bit inputs have scales or ranges that a merge leaves, so they become bfloat16 unless told.
    package func outputDType(_ name: String, wished: DType?) -> DType {
        let own = source(name)?.dtype ?? .bf16
        return wished ?? (own.byteSize == 1 ? .bf16 : own)
    }

    /// The source of a tensor's elements, if the model has it.
    public func source(_ name: String) -> (any TensorSource)? { sources[name] }
}

/// The first rows of a tensor: its first elements.
private struct FirstRows: TensorSource {
    let whole: any TensorSource
    let shape: [Int]
    var dtype: DType { whole.dtype }

    func load(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {
        try whole.load(elements, into: buffer)
    }
}
