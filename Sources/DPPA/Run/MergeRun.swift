import DPPACheckpoint
import DPPAExecution
import DPPAExpression
import DPPAKernels
import DPPASupport

/// From expressions to finished model directories.
public struct MergeRun {
    /// What the person at the keyboard decides.
    public struct Settings: Sendable {
        /// The dtype of all floating-point tensors; a recipe's own wish comes after it.
        public var dtype: DType?
        /// The largest size of a shard, in bytes.
        public var shardSize: Int
        /// Whether experts and merged models are compared tensor by tensor, which takes processor time.
        public var comparesDeltas = false

        /// Settings for a run.
        public init(dtype: DType? = nil, shardSize: Int = 5_000_000_000) {
            self.dtype = dtype
            self.shardSize = shardSize
        }
    }

    /// A coarse node that a recipe named, for reports.
    public struct Named: Sendable {
        /// The name in reports.
        public var name: String
        /// What it names.
        public var node: NodeID

        /// A named node.
        public init(name: String, node: NodeID) {
            self.name = name
            self.node = node
        }
    }

    private let engine: Engine
    private let settings: Settings
    private let budget: WriteBudget?

    /// A run on an engine.
    public init(_ engine: Engine, settings: Settings, budget: WriteBudget? = nil) {
        self.budget = budget
        self.engine = engine
        self.settings = settings
    }

    /// Writes all results together into an empty directory; several share their passes.
    ///
    /// `record` tells what the run has done once the named values are known; where it is nil, neither card nor recipe is
    /// written. Returns what each result is made of. When it throws, the directory holds what was written until then.
    public func write(
        _ results: [MergeResult], named: [Named] = [], to target: String,
        record: (([RunRecord.Output]) throws -> RunRecord)? = nil
    ) throws -> [RunRecord.Output] {
        for result in results { try engine.graph.requireModel(result.node) }
        let models = try results.map { try ResultModels(engine.graph, $0) }
        var sidecars = try zip(results, models).map(sidecars)
        var places = SavedPlaces()
        for (result, sidecars) in zip(results, sidecars) { try places.add(result.name, files: sidecars.names) }
        let plans = try zip(results, models).map { result, models in
            try OutputPlan(engine.graph, result, models, dtype: settings.dtype ?? result.dtype)
        }
        try budget?.take(plans.reduce(0) { $0 + $1.byteCount })
        var outputs: [Engine.Output] = []
        var writers: [CheckpointWriter] = []
        for (result, plan) in zip(results, plans) {
            let writer = try CheckpointWriter(
                directory: directory(result, in: target), tensors: plan.tensors, shardSize: settings.shardSize,
                metadata: [:])
            try plan.copyCarried(to: writer)
            var output = Engine.Output(engine.graph, node: result.node, writer: writer, tensors: plan.computed)
            if record != nil {
                output.comparison = DeltaComparison(
                    engine.graph, of: result.node, isDetailed: settings.comparesDeltas)
            }
            outputs.append(output)
            writers.append(writer)
        }
        let statistics = try engine.run(named.map(\.node), outputs: outputs)
        var written: [RunRecord.Output] = []
        for index in results.indices {
            try writers[index].finish()
            try sidecars[index].write(to: directory(results[index], in: target))
            var output = output(results[index], models[index], warnings: sidecars[index].notices)
            output.deltas = statistics[index].map { deltas(results[index], $0) }
            written.append(output)
        }
        if let record = try record?(written) {
            for (index, output) in written.enumerated() {
                let directory = try self.directory(results[index], in: target)
                try Sidecars.write(ModelCard(record, output: output).markdown, to: directory + "/README.md")
                for (name, text) in record.recipeFiles(carried: sidecars[index].carried) {
                    try Sidecars.write(text, to: directory + "/" + name)
                }
            }
        }
        return written
    }

    private func sidecars(_ result: MergeResult, _ models: ResultModels) throws -> Sidecars {
        try Sidecars(
            result, models, tensors: engine.graph.tensors(of: result.node).map(engine.graph.facts),
            dtype: settings.dtype ?? result.dtype)
    }

    /// What a result is made of, for the record.
    private func output(_ result: MergeResult, _ models: ResultModels, warnings: [String]) -> RunRecord.Output {
        let template = result.chatTemplateFile.map { RunRecord.Option.Value.lastComponent($0) }
        return RunRecord.Output(
            name: result.name, models: (models.read + models.parts).map(\.label), config: models.config.label,
            tokenizer: models.tokenizer.label, chatTemplate: template ?? models.template.label,
            warnings: warnings, dtype: settings.dtype ?? result.dtype,
            tensors: engine.graph.tensors(of: result.node).count)
    }

    private func deltas(_ result: MergeResult, _ statistics: DeltaStatistics) -> RunRecord.Deltas {
        let comparison = statistics.comparison
        return RunRecord.Deltas(
            reference: engine.graph.models[comparison.reference].label,
            isBase: engine.graph.base(of: result.node) != nil,
            experts: comparison.experts.map { engine.graph.models[$0].label }, statistics: statistics)
    }

    private func directory(_ result: MergeResult, in root: String) throws -> String {
        guard let name = result.name else { return root }
        let path = root + "/" + name
        try OutputPlace(path).create()
        return path
    }
}
