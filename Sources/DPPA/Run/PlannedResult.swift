import DPPACheckpoint
import DPPAExecution
import DPPAExpression
import DPPAKernels
import DPPASupport
import Foundation

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
    /// The files of the weights that a run can go on with which another one has left; none where it starts over.
    func resumableFiles(shardSize: Int) -> [String]
    /// Opens the files of the weights, and says what is computed into them.
    mutating func open(
        _ directory: String, shardSize: Int, as opening: CheckpointWriter.Opening
    ) throws -> [Engine.Output]
    /// What writes the weights, once it is open.
    var writer: CheckpointWriter? { get }
    /// The tensors of the only output, where they can be taken from another run; nil where the result is made as a whole.
    var resumable: WrittenTensors? { get }
    /// Completes the directory; `statistics` are those of the outputs, in their order.
    mutating func finish(
        _ directory: String, _ engine: Engine, _ statistics: [DeltaStatistics?]
    ) throws -> RunRecord.Output
}

extension PlannedResult {
    func resumableFiles(shardSize: Int) -> [String] { [] }
    var resumable: WrittenTensors? { nil }
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
    private let allowsLostChanges: Bool
    /// What it is written as a pack onto, once it is there whole in a draft.
    private let target: PackTarget?
    private(set) var writer: CheckpointWriter?
    /// Where the whole model is written of which a pack is made.
    private static let draft = ".dppa-draft"

    /// Throws what cannot be written.
    init(_ graph: Graph, _ result: MergeResult, _ settings: MergeRun.Settings, isCompared: Bool) throws {
        (self.graph, self.result) = (graph, result)
        dtype = settings.dtype ?? result.dtype
        allowsLostChanges = settings.allowsLostChanges
        models = try ResultModels(graph, result)
        sidecars = try Sidecars(
            result, models, tensors: graph.tensors(of: result.node).map(graph.facts), dtype: dtype)
        plan = try OutputPlan(graph, result, models, dtype: dtype)
        comparison =
            isCompared ? DeltaComparison(graph, of: result.node, isDetailed: settings.comparesDeltas) : nil
        target = try result.pack.map { try PackTarget(graph, $0) }
        try target?.require(plan.tensors)
    }

    /// A draft counts as well: it is on the disk at the same time.
    var byteCount: Int { plan.byteCount * (target == nil ? 1 : 2) }
    var files: [String] { sidecars.names }
    var carried: [String] { sidecars.carried }
    var requests: [NodeID] { [] }

    func resumableFiles(shardSize: Int) -> [String] {
        target == nil ? CheckpointWriter.fileNames(plan.tensors, shardSize: shardSize) : []
    }

    var resumable: WrittenTensors? {
        target == nil ? writer.map { WrittenTensors(writer: $0, tensors: plan.tensors) } : nil
    }

    mutating func open(
        _ directory: String, shardSize: Int, as opening: CheckpointWriter.Opening
    ) throws -> [Engine.Output] {
        var opening = opening
        // The draft of a pack is made anew.
        if target != nil, opening.isFirst { opening = .new }
        let folder = target == nil ? directory : directory + "/" + Self.draft
        if target != nil { try OutputPlace(folder).create() }
        let writer = try CheckpointWriter(
            directory: folder, tensors: plan.tensors, shardSize: shardSize, metadata: [:],
            as: opening)
        self.writer = writer
        if opening.isFirst { try plan.copyCarried(to: writer) }
        var output = Engine.Output(graph, node: result.node, writer: writer, tensors: plan.computed)
        output.comparison = comparison
        return [output]
    }

    mutating func finish(
        _ directory: String, _ engine: Engine, _ statistics: [DeltaStatistics?]
    ) throws -> RunRecord.Output {
        try writer?.finish()
        let deltas = statistics.first.flatMap(\.self).map(self.deltas)
        if !allowsLostChanges { try deltas?.requireSurvivors(in: result.name) }
        let folder = directory + "/" + Self.draft
        let whole = try target.map { _ in try OpenModel(at: folder, label: result.name ?? "the result") }
        let small = try sidecars.write(to: directory, weights: whole)
        let template = result.chatTemplateFile.map { RunRecord.Option.Value.lastComponent($0) }
        var output = RunRecord.Output(
            name: result.name, models: Self.distinct((models.read + models.parts).map(\.label)),
            config: models.config.label,
            tokenizer: models.tokenizer.label, chatTemplate: template ?? models.template.label,
            warnings: sidecars.notices, dtype: dtype, tensors: graph.tensors(of: result.node).count)
        output.deltas = deltas
        guard let target, let whole else {
            output.files = try (writer?.digests() ?? []) + small
            return output
        }
        let packed = try PackRun(whole, base: target.model, options: engine.options, observer: engine.observer)
            .write(into: directory)
        do { try FileManager.default.removeItem(atPath: folder) } catch {
            throw DPPAError(.inputOutput, "cannot remove \(folder)", cause: error.localizedDescription)
        }
        output.pack = RunRecord.Pack(
            base: target.model.label, baseName: target.model.origin.repository ?? target.model.shownName,
            report: packed.report)
        output.warnings += packed.report.warnings
        output.files = packed.files + small
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
