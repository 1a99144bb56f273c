import DPPACheckpoint
import DPPAExecution
import DPPAExpression
import DPPAKernels
import DPPASupport

/// A result that is made block by block, each block's inputs being those behind the blocks that were made before it.
///
/// For each block: every model runs its own block on its streams, which tells the inputs; the caller makes the block's new tensors of
/// them; every model's streams go through the new block. What a result has besides new tensors, embeddings and norms, is that of the
/// model that it starts from. New tensors stay in memory, in the type that they would be written in.
package final class LayerwiseCalibration {
    /// A model with its own text.
    package struct Source {
        package var model: NodeID
        package var text: CalibrationText

        package init(model: NodeID, text: CalibrationText) { (self.model, self.text) = (model, text) }
    }

    package let start: NodeID
    package let sources: [Source]
    package let options: CalibrationOptions
    let evaluator: Evaluator
    private let subjects: [EvaluationSubject]
    private let linears: [[CalibratedLinear]]
    private let isDry: Bool
    private var runs: [CalibrationRun] = []
    /// What has been made, by name.
    private var made: [(facts: TensorFacts, source: any TensorSource)] = []

    /// Throws `data` when the models are not of one shape; `isDry` reads no weight.
    package init(
        _ evaluator: Evaluator, start: NodeID, _ sources: [Source], _ options: CalibrationOptions, isDry: Bool
    ) throws {
        (self.evaluator, self.start, self.sources, self.options, self.isDry) = (
            evaluator, start, sources, options, isDry
        )
        let first = try evaluator.subject(start)
        subjects = try sources.map { source in
            let subject = try evaluator.subject(source.model)
            guard subject.facts.mapValues(\.shape) == first.facts.mapValues(\.shape) else {
                throw DPPAError(
                    .data,
                    "layerwise: \(subject.label) has other tensors than \(first.label), which the result starts from",
                    notes: ["fit models to each other with dppa.family, or dppa.model(path, { like = other })"])
            }
            return subject
        }
        linears = first.network.linears { first.facts[$0]?.isLinear ?? false }
    }

    package var layerCount: Int { linears.count }

    /// The names of the linears of a block.
    package func names(of layer: Int) -> [String] { linears[layer].map(\.name) }

    /// What goes into the linears of a block, for each model.
    package func inputs(of layer: Int) throws -> [[MeasuredInputs]] {
        guard !isDry else {
            return subjects.map { _ in linears[layer].map { MeasuredInputs(linear: $0, sums: nil) } }
        }
        try begin()
        return try staged {
            try runs.map { run in
                let sums = try run.inputs(of: layer, advances: false)
                return linears[layer].map { MeasuredInputs(linear: $0, sums: sums[$0.name]) }
            }
        }
    }

    /// Takes the new tensors of a block, those of a field, and goes on behind it.
    package func replace(_ layer: Int, with result: NodeID) throws {
        let graph = evaluator.engine.graph
        let names = graph.tensors(of: result).map { graph.facts($0).name }
        let subject = try evaluator.subject(start)
        let own = subject.network.blocks[layer].flatMap(\.tensors).joined().map(\.name)
        if let other = names.first(where: { !own.contains($0) }) {
            throw DPPAError(
                .data, "layerwise: what the rule gives for block \(layer) has \(other.shown), which is not in it",
                notes: ["give a field over the tensors of the block, such as the part that the rule gets"])
        }
        for name in names {
            guard let facts = subject.facts[name], let tensor = graph.tensor(name, of: result),
                graph.facts(tensor).shape == facts.shape
            else { throw DPPAError(.data, "layerwise: what the rule gives for \(name.shown) has another shape") }
        }
        guard !isDry else {
            for name in names { keep(name, nil, subject) }
            return
        }
        try staged {
            let engine = evaluator.engine
            try engine.settle([result])
            let values = try build(names, of: result, subject)
            var tensors = Dictionary(zip(names, values), uniquingKeysWith: { first, _ in first })
            for name in names { keep(name, tensors[name], subject) }
            // Behind the last block nobody looks.
            guard layer + 1 < layerCount else { return }
            let rest = Set(own).subtracting(names).sorted()
            let others = try engine.materialize(
                [start], rest.map { Engine.Wanted($0) }, dtype: subject.dtype)[0]
            for (name, values) in zip(rest, others) { tensors[name] = values }
            for run in runs { try run.advance(through: layer, with: tensors) }
        }
    }

    /// What has been made, as a model of these tensors alone.
    package func finish(label: String, identity: String) -> OpenModel {
        runs = []
        return OpenModel(label: label, path: identity, tensors: made)
    }

    /// Starts the models' streams.
    private func begin() throws {
        guard runs.isEmpty else { return }
        try MatrixProduct.prepare()
        let measured = linears.map { layer in
            layer.reduce(0) { $0 + InputSums.bytes(width: $1.inputs, hasProducts: options.hasCovariance) }
        }
        let subject = subjects[0]
        let kept = linears.joined().reduce(0) { sum, linear in
            sum + (subject.facts[linear.name]?.numel ?? 0) * subject.dtype(linear.name).byteSize
        }
        let streams = zip(subjects, sources).map { subject, source in
            CalibrationRun.streamBytes(
                subject, source.text, hasProducts: options.hasCovariance, evaluator.engine.ranks)
        }
        let shared = (measured.max() ?? 0) * sources.count + kept
        try staged {
            runs = try sources.indices.map { index in
                // What the other models' streams take, too.
                try CalibrationRun(
                    evaluator, sources[index].model, start: start, sources[index].text, subjects[index],
                    hasProducts: options.hasCovariance, reserved: shared + streams.reduce(0, +) - streams[index],
                    among: sources.count)
            }
        }
    }

    private func staged<Result>(_ body: () throws -> Result) rethrows -> Result {
        let bytes = subjects.reduce(0) { $0 + $1.bytes }
        return try evaluator.engine.staged("calibrating", bytes: bytes / max(1, layerCount), body)
    }

    private func keep(_ name: String, _ values: Buffer<Float>?, _ subject: EvaluationSubject) {
        guard let facts = subject.facts[name] else { return }
        made.append(
            (facts: facts, source: KeptSource(values, shape: facts.shape, dtype: subject.dtype(name))))
    }
}

/// A tensor in memory, encoded as it will be written.
private struct KeptSource: TensorSource {
    let shape: [Int]
    let dtype: DType
    /// Nil where nothing has been computed.
    private let bytes: Buffer<UInt8>?

    /// Encodes numbers that the type holds exactly.
    init(_ values: Buffer<Float>?, shape: [Int], dtype: DType) {
        (self.shape, self.dtype) = (shape, dtype)
        guard let values else {
            bytes = nil
            return
        }
        let encoded = Buffer<UInt8>(values.count * dtype.byteSize)
        DTypeConversion.encode(values.pointer, as: dtype, into: encoded.pointer, count: values.count)
        bytes = encoded
    }

    func bytesRead(_ elements: Int) -> Int { 0 }

    func load(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {
        guard let bytes else {
            throw DPPAError(.internalFault, "what a trace without weights has left unknown is read")
        }
        buffer.copyMemory(
            from: bytes.pointer + elements.lowerBound * dtype.byteSize, byteCount: elements.count * dtype.byteSize)
    }
}
