import DPPAExpression
import DPPAKernels
import DPPASupport

/// Tensors of model expressions in memory: the numbers that a reader of the written model would find.
extension Engine {
    /// A tensor, or some of its rows.
    package struct Wanted {
        var name: String
        var rows: Range<Int>?

        package init(_ name: String, rows: Range<Int>? = nil) {
            self.name = name
            self.rows = rows
        }
    }

    /// Computes all that the elements of some models depend on, so that every tensor of theirs is one pass away.
    package func settle(_ models: [NodeID]) throws {
        let coarse = graph.reachable(from: models).filter { id in
            !store.has(id) && (!graph[id].isFine || graph[id].isKeptRows(graph))
        }
        if !coarse.isEmpty { try execute(coarse.sorted()) }
        // What passes keep between them is not needed again, and the caller has other uses for the memory.
        residents.release()
    }

    /// Tensors of several models, built in one read of what they share, each rounded to the type that it would be written
    /// in and decoded to float32.
    ///
    /// `dtype` gives that type by the tensor's name. The models must have been settled. Returns for each model the tensors
    /// as wanted. Throws like `run`.
    package func materialize(
        _ models: [NodeID], _ wanted: [Wanted], dtype: (String) -> DType
    ) throws -> [[Buffer<Float>]] {
        var outputs: [Output] = []
        var results: [[Buffer<Float>]] = []
        for model in models {
            var slots: [TensorID: OutputSlot] = [:]
            var buffers: [Buffer<Float>] = []
            for item in wanted {
                guard let tensor = graph.tensor(item.name, of: model) else {
                    throw DPPAError(.data, "the model has no tensor \(item.name)")
                }
                let facts = graph.facts(tensor)
                let rows = item.rows.map { $0.lowerBound * facts.rowLength..<$0.upperBound * facts.rowLength }
                let elements = rows ?? 0..<facts.numel
                let target = MemoryDestination(dtype: dtype(item.name), elements: elements)
                buffers.append(target.values)
                slots[tensor] = OutputSlot(destination: target, tensor: 0, dtype: target.dtype, elements: rows)
            }
            outputs.append(Output(node: model, slots: slots))
            results.append(buffers)
        }
        try execute([], outputs)
        return results
    }

    /// Runs a body whose passes appear under one name in the progress.
    package func staged<Result>(_ name: String, bytes: Int, _ body: () throws -> Result) rethrows -> Result {
        observer?.plan(bytes: bytes)
        stageName = name
        defer { stageName = nil }
        return try body()
    }
}

/// Takes encoded elements and keeps them decoded.
private struct MemoryDestination: OutputDestination {
    let dtype: DType
    let elements: Range<Int>
    let values: Buffer<Float>
    var isInMemory: Bool { true }

    init(dtype: DType, elements: Range<Int>) {
        self.dtype = dtype
        self.elements = elements
        values = Buffer<Float>(elements.count)
    }

    func write(tensor: Int, byteOffset: Int, _ bytes: UnsafeRawBufferPointer) throws {
        guard let start = bytes.baseAddress else { return }
        let first = byteOffset / dtype.byteSize - elements.lowerBound
        DTypeConversion.decode(
            start, as: dtype, into: values.pointer + first, count: bytes.count / dtype.byteSize)
    }
}
