import DPPACheckpoint
import DPPAExecution
import DPPAExpression
import DPPAKernels
import DPPASupport

/// One of the results of a run, from its plan to its files.
protocol PlannedResult {
    var result: MergeResult { get }
    /// The bytes of the weights that are written, at most.
    var byteCount: Int { get }
    /// The small files beside the weights, by path from the result's directory.
    var files: [String] { get }
    /// Those of them that only the lock tells to be the result's own.
    var carried: [String] { get }
    /// The numbers that it tells of.
    var requests: [NodeID] { get }
    /// Creates the files of the weights, and says what is computed into them.
    mutating func open(_ directory: String, shardSize: Int) throws -> [Engine.Output]
    /// Completes the directory; `statistics` are those of the outputs, in their order.
    mutating func finish(
        _ directory: String, _ engine: Engine, _ statistics: [DeltaStatistics?]
    ) throws -> RunRecord.Output
}

/// A model with config, tokenizer and what else lies beside weights.
struct PlannedModel: PlannedResult {
    let result: MergeResult
    private let graph: Graph
    private let dtype: DType?
    private let models: ResultModels
    private var sidecars: Sidecars
    private let plan: OutputPlan
    /// What it is compared with while it is written; nil where nothing is.
    private let comparison: DeltaComparison?
    private var writer: CheckpointWriter?

    /// Throws what cannot be written.
    init(_ graph: Graph, _ result: MergeResult, _ settings: MergeRun.Settings, isCompared: Bool) throws {
        (self.graph, self.result) = (graph, result)
        dtype = settings.dtype ?? result.dtype
        models = try ResultModels(graph, result)
        sidecars = try Sidecars(
            result, models, tensors: graph.tensors(of: result.node).map(graph.facts), dtype: dtype)
        plan = try OutputPlan(graph, result, models, dtype: dtype)
        comparison =
            isCompared ? DeltaComparison(graph, of: result.node, isDetailed: settings.comparesDeltas) : nil
    }

    var byteCount: Int { plan.byteCount }
    var files: [String] { sidecars.names }
    var carried: [String] { sidecars.carried }
    var requests: [NodeID] { [] }

    mutating func open(_ directory: String, shardSize: Int) throws -> [Engine.Output] {
        let writer = try CheckpointWriter(
            directory: directory, tensors: plan.tensors, shardSize: shardSize, metadata: [:])
        self.writer = writer
        try plan.copyCarried(to: writer)
        var output = Engine.Output(graph, node: result.node, writer: writer, tensors: plan.computed)
        output.comparison = comparison
        return [output]
    }

    mutating func finish(
        _ directory: String, _ engine: Engine, _ statistics: [DeltaStatistics?]
    ) throws -> RunRecord.Output {
        try writer?.finish()
        let small = try sidecars.write(to: directory)
        let template = result.chatTemplateFile.map { RunRecord.Option.Value.lastComponent($0) }
        var output = RunRecord.Output(
            name: result.name, models: Self.distinct((models.read + models.parts).map(\.label)),
            config: models.config.label,
            tokenizer: models.tokenizer.label, chatTemplate: template ?? models.template.label,
            warnings: sidecars.notices, dtype: dtype, tensors: graph.tensors(of: result.node).count)
        output.deltas = statistics.first.flatMap(\.self).map(deltas)
        output.files = try (writer?.digests() ?? []) + small
        return output
    }

    /// Each label once: views of one model may be parts of an expression several times.
    private static func distinct(_ labels: [String]) -> [String] {
        var seen: Set<String> = []
        return labels.filter { seen.insert($0).inserted }
    }

    private func deltas(_ statistics: DeltaStatistics) -> RunRecord.Deltas {
        let comparison = statistics.comparison
        return RunRecord.Deltas(
            reference: graph.models[comparison.reference].label, isBase: graph.base(of: result.node) != nil,
            experts: comparison.experts.map { graph.models[$0].label }, statistics: statistics)
    }
}
