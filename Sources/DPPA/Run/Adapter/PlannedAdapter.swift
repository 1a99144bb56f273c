import DPPACheckpoint
import DPPAExecution
import DPPAExpression
import DPPAKernels
import DPPASupport
import Foundation

/// An adapter as PEFT reads it: adapter_model.safetensors and adapter_config.json.
///
/// Where only the weights tell the ranks, the factors are written at their largest first, beside the adapter, and cut to what they
/// have when all is known.
struct PlannedAdapter: PlannedResult {
    let result: MergeResult
    private let graph: Graph
    private let form: AdapterForm
    private let plan: AdapterPlan
    private(set) var writer: CheckpointWriter?
    /// Where factors are written whose ranks are not known.
    private static let draft = ".dppa-factors"

    init(_ graph: Graph, _ form: AdapterForm, _ result: MergeResult, dtype: DType?) {
        (self.graph, self.form, self.result) = (graph, form, result)
        plan = AdapterPlan(graph, form, dtype: dtype)
    }

    /// A draft counts as well: it is on the disk at the same time.
    var byteCount: Int { plan.tensors().reduce(0) { $0 + $1.byteCount } * (plan.isOpen ? 2 : 1) }
    var files: [String] { ["adapter_config.json"] }
    var carried: [String] { [] }
    var requests: [NodeID] { form.requests }

    mutating func open(
        _ directory: String, shardSize: Int, as opening: CheckpointWriter.Opening
    ) throws -> [Engine.Output] {
        let tensors = plan.tensors()
        let folder = plan.isOpen ? directory + "/" + Self.draft : directory
        if plan.isOpen { try OutputPlace(folder).create() }
        let writer = try Self.writer(folder, tensors, as: opening.isFirst ? .new : opening)
        self.writer = writer
        let places = Dictionary(
            tensors.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        func output(_ node: NodeID, _ key: (TensorFacts) -> String) -> Engine.Output {
            var slots: [String: Engine.Output.Place] = [:]
            for tensor in graph.tensors(of: node) {
                let facts = plan.base[graph.facts(tensor).name]?.facts ?? graph.facts(tensor)
                slots[facts.name] = places[key(facts)].map { .init(index: $0, dtype: plan.dtype) }
            }
            return Engine.Output(graph, node: node, writer: writer, tensors: slots)
        }
        return [
            output(form.factors.down) { plan.names.factors($0).down },
            output(form.factors.up) { plan.names.factors($0).up },
        ]
            + (form.whole.map { [output($0) { plan.names.whole($0, isBeside: plan.isBeside($0)) }] } ?? [])
    }

    mutating func finish(
        _ directory: String, _ engine: Engine, _ statistics: [DeltaStatistics?]
    ) throws -> RunRecord.Output {
        try writer?.finish()
        let found = try RunRecord.Adapter(plan, form, engine)
        guard found.size > 0 else {
            throw DPPAError(
                .data,
                ":lora: the delta is zero on \(Phrase.counted(plan.modules.count, "module")), all that the adapter has",
                notes: ["an adapter would change nothing; are expert and base the same model?"])
        }
        let ranks = Dictionary(
            found.modules.map { ($0.tensor, $0.rank) }, uniquingKeysWith: { first, _ in first })
        let final = plan.isOpen ? try cut(directory, ranks) : writer
        let settings = try Sidecars.write(
            AdapterSettings(plan, ranks: ranks).text, "adapter_config.json", in: directory)
        let read = graph.models(of: result.node).filter { !graph.isPart($0) }.map { graph.models[$0].label }
        let base = plan.base.label
        var output = RunRecord.Output(
            name: result.name, models: read.contains(base) ? read : [base] + read, config: base, tokenizer: base,
            chatTemplate: base, warnings: found.warnings(result.name), dtype: plan.dtype, tensors: plan.modules.count)
        output.adapter = found
        output.files = try (final?.digests() ?? []) + [settings]
        return output
    }

    /// Writes the factors of a draft again with the ranks that they have.
    private func cut(_ directory: String, _ ranks: [String: Int]) throws -> CheckpointWriter {
        let folder = directory + "/" + Self.draft
        let tensors = plan.tensors(ranks)
        let final = try Self.writer(directory, tensors)
        let draft = try SafetensorsFile("\(folder)/\(Self.stem).safetensors")
        let stored = Dictionary(draft.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        for (index, tensor) in tensors.enumerated() {
            guard let source = stored[tensor.name] else {
                throw DPPAError(.internalFault, "the draft of \(tensor.name.shown) is missing")
            }
            try Self.copy(source, to: final, index, tensor)
        }
        try final.finish()
        do { try FileManager.default.removeItem(atPath: folder) } catch {
            throw DPPAError(.inputOutput, "cannot remove \(folder)", cause: error.localizedDescription)
        }
        return final
    }

    /// Copies the first rows and columns of a tensor, or all of it.
    private static func copy(
        _ source: StoredTensor, to writer: CheckpointWriter, _ index: Int, _ tensor: CheckpointWriter.Tensor
    ) throws {
        let size = tensor.dtype.byteSize
        let (from, to) = (source.shape.last ?? 1, tensor.shape.last ?? 1)
        let rows = tensor.shape.dropLast().reduce(1, *)
        let most = max(1, (1 << 18) / max(1, from))
        for first in stride(from: 0, to: rows, by: most) {
            let count = min(most, rows - first)
            let bytes = Buffer<UInt8>(count * from * size)
            try source.load(first * from..<(first + count) * from, into: bytes.pointer)
            for row in 0..<count where to < from {
                (bytes.pointer + row * to * size).update(from: bytes.pointer + row * from * size, count: to * size)
            }
            try writer.write(
                tensor: index, byteOffset: first * to * size,
                UnsafeRawBufferPointer(start: bytes.pointer, count: count * to * size))
            withExtendedLifetime(bytes) {}
        }
    }

    private static let stem = "adapter_model"

    /// PEFT reads one file.
    private static func writer(
        _ folder: String, _ tensors: [CheckpointWriter.Tensor], as opening: CheckpointWriter.Opening = .new
    ) throws -> CheckpointWriter {
        try CheckpointWriter(
            directory: folder, tensors: tensors, shardSize: .max, metadata: [:], stem: stem, as: opening)
    }
}

extension AdapterForm {
    /// The numbers that tell what an adapter keeps.
    package var requests: [NodeID] {
        [factors.kept, factors.total] + [factors.rank, droppedSize].compactMap(\.self)
    }
}
