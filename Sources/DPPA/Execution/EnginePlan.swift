import DPPAExpression
import DPPAKernels

/// What a run will do, known before anything is read; samples of order statistics and unforeseen passes aside.
public struct EnginePlan: Sendable {
    /// One pass over the tensors of an epoch.
    public struct Pass: Sendable {
        /// The epoch that it belongs to, from 0.
        public var epoch: Int
        /// What it computes, as maths or as words.
        public var work: [String]
        /// The bytes that it reads, from wherever they are.
        public var bytesRead: Int
    }

    /// The passes in order.
    public internal(set) var passes: [Pass] = []
    /// The bytes of weights that have to come from the disk, each once.
    public internal(set) var diskBytes = 0
    /// The bytes that are read again, from memory or the page cache.
    public internal(set) var cacheBytes = 0
    /// The bytes of weights that are written.
    public internal(set) var bytesWritten = 0

    /// What is computed of whole tensors; nil where nothing is, and for progress.
    public internal(set) var matrices: Matrices?

    /// All bytes that are moved.
    public var bytes: Int { diskBytes + cacheBytes + bytesWritten }
    /// How often the whole checkpoint is gone through.
    public var epochs: Int { Set(passes.map(\.epoch)).count }

    init(_ engine: Engine, _ schedule: Schedule, _ outputs: [Engine.Output]) throws {
        let graph = engine.graph
        var loads: [NodeID: Loads] = [:]
        // A matrix is made of the tensor as models have it.
        func read(_ tensor: TensorID) -> TensorID { graph.hasMatrices ? graph.original(tensor) : tensor }
        var seen: Set<ResidentKey> = []
        let stages = schedule.work.keys.sorted { ($0.epoch, $0.pass) < ($1.epoch, $1.pass) }
        for stage in stages {
            var reads: Set<ResidentKey> = []
            var words: [String] = []
            for item in schedule.work(at: stage) {
                words.append(item.words(graph))
                if let write = item as? OutputWrite {
                    for (tensor, slot) in outputs[write.number].slots {
                        bytesWritten += graph.facts(tensor).numel * slot.dtype.byteSize
                    }
                }
                for node in item.operands {
                    for tensor in schedule.needs.tensors(of: item, graph, outputs) {
                        let models = try loads[node, default: Loads(graph, node)].models(on: tensor)
                        reads.formUnion(models.map { ResidentKey(model: $0, tensor: read(tensor)) })
                    }
                }
            }
            func size(_ keys: Set<ResidentKey>) -> Int {
                keys.reduce(0) { total, key in
                    let facts = graph.facts(key.tensor)
                    guard let source = graph.models[key.model].source(facts.name) else { return total }
                    return total + source.bytesRead(source.shape.reduce(1, *))
                }
            }
            let new = reads.subtracting(seen)
            diskBytes += size(new)
            cacheBytes += size(reads.intersection(seen))
            seen.formUnion(new)
            passes.append(Pass(epoch: stage.epoch, work: words, bytesRead: size(reads)))
        }
    }
}

extension Engine {
    /// Plans the computation of coarse nodes and of models in their types, by the names of their tensors.
    public func plan(_ requests: [NodeID], models: [(node: NodeID, dtypes: [String: DType])]) throws -> EnginePlan {
        let outputs = models.map { model in
            var slots: [TensorID: OutputSlot] = [:]
            for tensor in graph.tensors(of: model.node) {
                guard let dtype = model.dtypes[graph.facts(tensor).name] else { continue }
                slots[tensor] = OutputSlot(destination: Nowhere(), tensor: 0, dtype: dtype)
            }
            return Output(node: model.node, slots: slots)
        }
        let schedule = try Schedule(graph, requests: requests, outputs: outputs.map(\.node), store: store)
        var plan = try EnginePlan(self, schedule, outputs)
        plan.matrices = try EnginePlan.Matrices(graph, schedule, outputs)
        return plan
    }
}

/// Which models' tensors the programs of a node load.
///
/// It differs from tensor to tensor only by the selections that hold them, so few tensors are walked for.
private struct Loads {
    private let graph: Graph
    private let root: NodeID
    private let domains: [DomainID]
    /// The names of each domain, where a name may have several shapes.
    private let names: [Set<String>]
    private var known: [[Bool]: [Int]] = [:]

    init(_ graph: Graph, _ root: NodeID) {
        self.graph = graph
        self.root = root
        domains = Set(graph.reachable(from: [root]).compactMap { graph[$0].domain }).sorted { $0.index < $1.index }
        names = !graph.hasMatrices ? [] : domains.map { Set(graph.domain($0).tensors.map { graph.facts($0).name }) }
    }

    mutating func models(on tensor: TensorID) throws -> [Int] {
        let name = graph.facts(tensor).name
        let membership =
            names.isEmpty ? domains.map { graph.domain($0).contains(tensor) } : names.map { $0.contains(name) }
        if let models = known[membership] { return models }
        var (open, seen, models): ([(id: NodeID, tensor: TensorID)], Set<NodeID>, Set<Int>) = ([(root, tensor)], [], [])
        while let (id, tensor) = open.popLast() {
            guard graph[id].isFine, !graph.isAbsent(id, on: tensor), seen.insert(id).inserted else { continue }
            switch graph[id].operation {
            case .source(let model): models.insert(model)
            case .matrix(_, let operands):
                open += operands.compactMap { operand in graph.tensor(tensor, in: operand).map { (operand, $0) } }
            default: open += try graph.operands(of: id, on: tensor).map { ($0, tensor) }
            }
        }
        known[membership] = models.sorted()
        return models.sorted()
    }
}

/// The destination of outputs that are only planned.
private struct Nowhere: OutputDestination {
    func write(tensor: Int, byteOffset: Int, _ bytes: UnsafeRawBufferPointer) throws {}
}
