import DPPAKernels
import DPPASupport

/// A model that is open for reading: what its tensors are called, where their elements come from, and what lies beside them.
///
/// Alignment, scopes and random streams go by the names of the tensors, whatever is behind them. No weight is read before an
/// expression needs it.
public struct OpenModel: Sendable {
    /// One tensor with what its name tells and where its elements are.
    public struct Tensor: Sendable {
        /// What is known without reading.
        public let facts: TensorFacts
        /// Where the elements are.
        public let source: any TensorSource

        /// Whether training changes it: a floating-point tensor that is no buffer.
        package var isWeight: Bool { source.dtype.isFloat && facts.role != "buffer" }

        /// The bytes that reading all of it takes.
        package var byteCount: Int { source.bytesRead(facts.numel) }
    }

    /// The short name in messages, reports and random streams.
    public let label: String
    /// The directory or file, as given.
    public let path: String
    /// Where the small files lie that belong to it: the directory, or that of the model that a pack was made whole with.
    package let home: String
    /// What two views of the same files do not have in common: the path, and what of it is seen.
    public let identity: String
    /// What its numbers are: weights, or the differences to those of a base.
    public let space: Space
    /// All tensors in bytewise order of their names.
    public let tensors: [Tensor]
    /// The floating-point tensors but buffers, which take part in arithmetic, in the same order.
    public let weights: [TensorFacts]
    /// Buffers, and tensors of integers and truth values, which are only ever copied, in the same order.
    public let carried: [TensorFacts]
    /// The text of config.json, if there is one.
    public let config: String?
    /// The names of small files beside the weights that belong to the model.
    public let sidecarFiles: [String]
    /// The files that the tensors are in.
    public let weightFiles: [String]
    /// What was left aside when it was opened, in words.
    public let notices: [String]
    /// What tells it from another model at the same path, as its files were when it was opened.
    package let stamp: UInt128
    private let slices: StackSlices?
    /// The models whose layers it is made of, where it is a stack.
    package let parts: [OpenModel]
    /// What the tokenizer files say that its rows are for: its own, unless it is a view with another vocabulary.
    let tokenizer: TokenizerFiles
    /// The tokenizer files of a view whose rows are not the tokens of its own.
    package let vocabulary: VocabularyFiles?
    private let places: [String: Int]
    /// Types of more bytes than that of most elements, for at most a twentieth of all elements: what a model keeps precise on
    /// purpose, such as the biases of a router.
    private let widerTypes: Set<DType>

    /// Of the tensors that are matrices of a stack in the checkpoint, where they are kept.
    package var stackPlaces: [String: StackPlace] { slices?.places ?? [:] }

    /// The model before its stacks were taken apart, as adapters know it; itself where none was, or it has been changed since.
    package var whole: OpenModel { slices?.whole.first ?? self }

    /// A tensor by name.
    public subscript(name: String) -> Tensor? { places[name].map { tensors[$0] } }

    /// The source of a tensor's elements, if the model has it.
    public func source(_ name: String) -> (any TensorSource)? { places[name].map { tensors[$0].source } }

    /// The bytes that reading all tensors takes.
    package var byteCount: Int { tensors.reduce(0) { $0 + $1.byteCount } }

    /// The model's tokenizer.json, if there is one.
    package var tokenizerPath: String? { tokenizer.path("tokenizer.json") }

    /// The file that turns text into its tokens, if there is one: tokenizer.json, or tokenizer.model of SentencePiece.
    package var encoderPath: String? { tokenizerPath ?? tokenizerFile("tokenizer.model") }

    /// A file beside its tokenizer, if there is one.
    package func tokenizerFile(_ name: String) -> String? { tokenizer.path(name) }

    /// The last part of its path: its name where no repository is known.
    package var shownName: String { path.split(separator: "/").last { $0 != "." }.map(String.init) ?? label }

    /// Label and files in messages: "math (models/math)".
    package var title: String { label == identity ? label : "\(label) (\(identity))" }

    /// A model of tensors from anywhere, such as a program's own memory.
    ///
    /// `path` stands for them: two models of one path and label are one.
    public init(
        label: String, path: String, space: Space = .model, tensors: [(facts: TensorFacts, source: any TensorSource)]
    ) {
        self.init(
            label: label, path: path, identity: path, space: space,
            tensors: tensors.map { Tensor(facts: $0, source: $1) }, stamp: Fingerprint.of(Array(path.utf8)))
    }

    init(
        label: String, path: String, identity: String, space: Space, tensors: [Tensor], config: String? = nil,
        sidecarFiles: [String] = [], weightFiles: [String] = [], notices: [String] = [], stamp: UInt128,
        slices: StackSlices? = nil, parts: [OpenModel] = [], tokenizer: TokenizerFiles? = nil,
        vocabulary: VocabularyFiles? = nil, home: String? = nil
    ) {
        self.label = label
        self.path = path
        self.home = home ?? path
        self.identity = identity
        self.space = space
        self.tensors = tensors.sorted { $0.facts.name.precedes($1.facts.name) }
        weights = self.tensors.filter(\.isWeight).map(\.facts)
        carried = self.tensors.filter { !$0.isWeight }.map(\.facts)
        self.config = config
        self.sidecarFiles = sidecarFiles
        self.weightFiles = weightFiles
        self.notices = notices
        self.stamp = stamp
        self.slices = slices
        self.parts = parts
        self.tokenizer = tokenizer ?? TokenizerFiles(home ?? path, sidecarFiles)
        self.vocabulary = vocabulary
        let counts = self.tensors.filter(\.isWeight).reduce(into: [DType: Int]()) {
            $0[$1.source.writtenDType, default: 0] += $1.facts.numel
        }
        let main = counts.max { ($0.value, $0.key.rawValue) < ($1.value, $1.key.rawValue) }
        let total = counts.values.reduce(0, +)
        widerTypes = Set(
            counts.filter { $0.key.byteSize > main?.key.byteSize ?? .max && $0.value <= total / 20 }.map(\.key))
        places = Dictionary(
            self.tensors.enumerated().map { ($1.facts.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// A view of the same files with other tensors; `stamps` are those of further models whose elements are in it, and `slices` says
    /// which are matrices of stacks: those that are, if it is left out.
    func replacing(
        _ tensors: [Tensor], identity: String, label: String? = nil, config: String?? = nil, notices: [String] = [],
        stamps: [UInt128], slices: StackSlices? = nil, parts: [OpenModel]? = nil,
        tokenizer: TokenizerFiles? = nil, vocabulary: VocabularyFiles? = nil
    ) -> OpenModel {
        var stamp = Fingerprint(value: stamp)
        for other in stamps { stamp.add(other) }
        return OpenModel(
            label: label ?? self.label, path: path, identity: identity, space: space, tensors: tensors,
            config: config ?? self.config,
            sidecarFiles: sidecarFiles, weightFiles: weightFiles, notices: self.notices + notices, stamp: stamp.value,
            slices: slices ?? self.slices.map { StackSlices(places: $0.places, whole: []) },
            parts: parts ?? self.parts, tokenizer: tokenizer ?? self.tokenizer,
            vocabulary: vocabulary ?? self.vocabulary, home: home)
    }

    /// The type that a tensor is written in when this model's types are kept: the wished one, or its own.
    ///
    /// 8-bit inputs have scales or ranges that a merge leaves, so they become bfloat16 unless told. What is kept wider on
    /// purpose is never narrowed by a wish for all tensors.
    package func outputDType(_ name: String, wished: DType?) -> DType {
        let own = source(name)?.writtenDType ?? .bf16
        guard let wished else { return own.byteSize == 1 ? .bf16 : own }
        return widerTypes.contains(own) && wished.byteSize < own.byteSize ? own : wished
    }
}
