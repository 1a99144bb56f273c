import DPPAExpression

/// The bytes that the work of an epoch moves for tensors: of each model that it reads of one, once, and of what it writes.
struct UnitSizes {
    private let graph: Graph
    private let outputs: [Engine.Output]
    private let needs: Needs
    private let work: [any PassWork]
    private var loads: [NodeID: Loads] = [:]

    init(_ graph: Graph, _ epoch: Int, _ schedule: Schedule, _ outputs: [Engine.Output]) {
        (self.graph, self.outputs, needs) = (graph, outputs, schedule.needs)
        work = (0..<schedule.passCount(epoch)).flatMap { schedule.work(at: Stage(epoch: epoch, pass: $0)) }
    }

    /// The bytes of a tensor.
    mutating func bytes(of tensor: TensorID) throws -> Int {
        var (models, written) = (Set<Int>(), 0)
        for item in work where needs.contains(item, on: tensor) {
            if let write = item as? OutputWrite {
                guard let slot = outputs[write.number].slots[tensor] else { continue }
                written += graph.facts(tensor).numel * slot.dtype.byteSize
            }
            for node in item.operands {
                models.formUnion(try loads[node, default: Loads(graph, node)].models(on: tensor))
            }
        }
        // A matrix is made of the tensor as models have it.
        let name = graph.facts(graph.hasMatrices ? graph.original(tensor) : tensor).name
        return models.reduce(written) { total, model in
            guard let source = graph.models[model].source(name) else { return total }
            return total + source.bytesRead(source.shape.reduce(1, *))
        }
    }
}
