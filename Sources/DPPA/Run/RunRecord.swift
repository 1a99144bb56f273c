import DPPACheckpoint
import DPPAEvaluation
import DPPAExecution
import DPPAExpression
import DPPAKernels
import Foundation

/// Everything that a run of a recipe has to tell: the model card, the JSON and the page are all made of it.
///
/// Local folders stand in `Model.path`, `written`, `command` and the texts of `given` alone, which the model card leaves out.
public struct RunRecord: Sendable {
    /// The recipe and what it required.
    public var recipe: Recipe
    /// The options in the order in which the recipe declared them.
    public var options: [Option]
    /// The models that were opened, in that order.
    public var models: [Model]
    /// The models that were written; empty where nothing was.
    public var outputs: [Output]
    /// The directories that were written.
    public var written: [String]
    /// The dtype that `--dtype` asked for.
    public var dtype: DType?
    /// The largest size of a file of weights.
    package var shardSize = MergeRun.Settings().shardSize
    /// The tasks that models were scored on, with the digests of their files.
    package var tasks: [String: String] = [:]
    /// The named values.
    public var named: [NamedValue]
    /// The tables that the recipe added, such as the candidates of a search.
    public var tables: [ReportTable]
    /// What `dppa.score` gave, in the order of the calls.
    public var scores: [ScoredModel]
    /// How ranks have shared the scoring, in words, with how often each; empty where one process did it.
    package var sharing: [(words: String, count: Int)] = []
    /// The same as texts.
    package var sharingTexts: [String] { sharing.map { $0.words + ($0.count > 1 ? ", \($0.count) times" : "") } }
    /// What the recipe printed, a text for each call.
    public var printed: [String]
    /// What was warned of, a text each.
    public var warnings: [String]
    /// What the engine did.
    public var engine: EngineReport
    /// The command's words, the program's name first; empty where it was no command.
    public var command: [String]
    /// When the run began.
    public var date: Date
    /// How long the run took, in seconds.
    public var seconds: Double

    /// The seed of random streams, if the recipe has an option of that name.
    public var seed: Int? {
        if case .integer(let seed)? = options.first(where: { $0.name == "seed" })?.value { seed } else { nil }
    }

    /// A record, all given.
    public init(
        recipe: Recipe, options: [Option], models: [Model], outputs: [Output] = [], written: [String] = [],
        dtype: DType? = nil, named: [NamedValue] = [], tables: [ReportTable] = [], scores: [ScoredModel] = [],
        printed: [String] = [], warnings: [String] = [], engine: EngineReport = EngineReport(),
        command: [String] = [], date: Date, seconds: Double = 0
    ) {
        self.recipe = recipe
        self.options = options
        self.models = models
        self.outputs = outputs
        self.written = written
        self.dtype = dtype
        self.named = named
        self.tables = tables
        self.scores = scores
        self.printed = printed
        self.warnings = warnings
        self.engine = engine
        self.command = command
        self.date = date
        self.seconds = seconds
    }
}

extension RunRecord {
    /// The texts that made the run.
    public struct Recipe: Sendable {
        /// The file's name without its folder.
        public var name: String
        /// The text of the recipe.
        public var text: String
        /// The recipe's own modules, by the name that `require` has: `lib/NAME.lua` beside the recipe.
        public var modules: [(name: String, text: String)]
        /// The shipped modules that were required, without `dppa.`: `ties`, `delta_of`.
        public var library: [String]
        /// The digests of their texts.
        package var libraryDigests: [String: String] = [:]

        /// A recipe, all given.
        public init(name: String, text: String, modules: [(name: String, text: String)] = [], library: [String] = []) {
            self.name = name
            self.text = text
            self.modules = modules
            self.library = library
        }
    }

    /// One option of the recipe.
    public struct Option: Sendable {
        /// What an option can be.
        public indirect enum Value: Sendable, Equatable {
            case text(String), integer(Int), number(Double), flag(Bool), list([Value]), nothing
        }

        /// The name behind `--set`.
        public var name: String
        /// What `--set` gave, as it was written; nil for the default.
        public var given: String?
        /// The value that it took.
        public var value: Value

        /// An option, all given.
        public init(name: String, given: String? = nil, value: Value) {
            self.name = name
            self.given = given
            self.value = value
        }
    }

    /// A model that was read.
    public struct Model: Sendable {
        /// The name in messages, formulas and random streams.
        public var label: String
        /// The name to show: the repository's on the hub, or the last component of the path.
        public var name: String
        /// The directory or file as it was opened.
        public var path: String
        /// What the recipe or `--set` called it.
        public var written: [String]
        /// Repository, revision, licence, languages, data sets: what its place and its files tell.
        public var origin: CheckpointOrigin
        /// A fingerprint of a sample of its bytes, 32 hexadecimal digits: see `OpenModel.sampledDigest`.
        public var digest: String?
        /// The tensors that were read, each with a digest; empty before they are read.
        package var tensorDigests: [TensorDigest] = []
        /// How many tensors it has.
        public var tensors: Int
        /// How many elements its tensors have.
        public var parameters: Int
        /// How many tensors there are of each type, as they are stored: `BF16`, `Q4_K`.
        public var dtypes: [String: Int]

        /// A model, all given.
        public init(
            label: String, name: String, path: String, written: [String] = [],
            origin: CheckpointOrigin = CheckpointOrigin(), digest: String? = nil, tensors: Int, parameters: Int,
            dtypes: [String: Int]
        ) {
            self.label = label
            self.name = name
            self.path = path
            self.written = written
            self.origin = origin
            self.digest = digest
            self.tensors = tensors
            self.parameters = parameters
            self.dtypes = dtypes
        }
    }

    /// A model that was written.
    public struct Output: Sendable {
        /// The subdirectory of the output; nil for the output directory itself.
        public var name: String?
        /// The models that its expression reads, by label.
        public var models: [String]
        /// The label of the model that config.json and the other small files come from.
        public var config: String
        /// The label of the model that the tokenizer comes from.
        public var tokenizer: String
        /// The label of the model, or the name of the file, that the chat template comes from.
        public var chatTemplate: String
        /// What was made right beside the weights, and what was not, a warning each.
        public var warnings: [String]
        /// The dtype of all floating-point tensors; nil where each kept its own.
        public var dtype: DType?
        /// How many floating-point tensors it has.
        public var tensors: Int
        /// How it differs from the model that its deltas are added to; nil before it is written.
        public var deltas: Deltas?
        /// What it is where it is an adapter.
        public var adapter: Adapter?
        /// What it is where it is a pack.
        public var pack: Pack?
        /// Its tensors, as far as another run may take them.
        package var finished: [FinishedTensor] = []
        /// Its files as they were written, but for the card, the recipe and the lock.
        package var files: [FileDigest] = []

        /// An output, all given.
        public init(
            name: String?, models: [String], config: String, tokenizer: String, chatTemplate: String,
            warnings: [String] = [], dtype: DType?, tensors: Int, deltas: Deltas? = nil
        ) {
            self.name = name
            self.models = models
            self.config = config
            self.tokenizer = tokenizer
            self.chatTemplate = chatTemplate
            self.warnings = warnings
            self.dtype = dtype
            self.tensors = tensors
            self.deltas = deltas
        }
    }

    /// A score that the recipe asked for.
    public struct ScoredModel: Sendable {
        /// The label of the model, or the formula of a candidate.
        public var model: String
        /// Task, metric, value, standard error, count.
        public var score: Score

        /// A score of a model.
        public init(model: String, score: Score) {
            self.model = model
            self.score = score
        }
    }
}

extension RunRecord.Option.Value {
    /// The value in words; `name` gives what is shown of a text, which without it is the part behind the last slash.
    public func shown(separator: String = ", ", _ name: (String) -> String = Self.lastComponent) -> String {
        switch self {
        case .text(let text): name(text)
        case .list(let values): values.map { $0.shown(separator: separator, name) }.joined(separator: separator)
        case .integer(let number): String(number)
        case .number(let number): Graph.number(number)
        case .flag(let flag): String(flag)
        case .nothing: "–"
        }
    }

    /// A text without the folders before it.
    public static func lastComponent(_ text: String) -> String {
        text.split(separator: "/").last.map(String.init) ?? text
    }
}

extension RunRecord.Model {
    /// What a model tells of itself; `written` is what it was called.
    public init(_ model: OpenModel, written: [String]) {
        let (origin, summary) = (model.origin, ModelSummary(model))
        let digest = try? model.sampledDigest()
        self.init(
            label: model.label, name: origin.repository ?? model.shownName, path: model.path, written: written,
            origin: origin, digest: digest?.hexadecimal, tensors: summary.tensors,
            parameters: summary.elements,
            dtypes: Dictionary(uniqueKeysWithValues: summary.dtypes.map { ($0.dtype, $0.tensors) }))
    }
}
