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
        work = schedule.work(in: epoch)
    }

    /// The bytes of a tensor.
    mutating func bytes(of tensor: TensorID) throws -> Int {
        var (models, written) = (Set<Int>(), 0)
        for item in work where needs.contains(item, on: tensor) {
            if let write = item as? OutputWrite {
                guard let slot = outputs[write.number].slots[tensor] else { continue }
                written += graph.numel(tensor) * slot.dtype.byteSize
            }
            for node in item.operands {
                models.formUnion(try loads[node, default: Loads(graph, node)].models(on: tensor))
            }
        }
        // A matrix is made of the tensor as models have it.
        let read = graph.hasMatrices ? graph.original(tensor) : tensor
        return models.reduce(written) { $0 + graph.bytesRead(of: read, from: $1) }
    }
}

extension Graph {
    /// What reading a tensor of a model takes, in bytes; 0 where the model lacks it.
    func bytesRead(of tensor: TensorID, from model: Int) -> Int {
        models[model].source(name(tensor)).map { $0.bytesRead($0.shape.reduce(1, *)) } ?? 0
    }
}
