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

    /// All bytes that are moved.
    public var bytes: Int { diskBytes + cacheBytes + bytesWritten }
    /// How often the whole checkpoint is gone through.
    public var epochs: Int { Set(passes.map(\.epoch)).count }

    init(_ engine: Engine, _ schedule: Schedule, _ outputs: [Engine.Output]) {
        let graph = engine.graph
        var models: [NodeID: [Int]] = [:]
        var seen: Set<Engine.ResidentKey> = []
        let stages = schedule.jobs.keys.sorted { ($0.epoch, $0.pass) < ($1.epoch, $1.pass) }
        for stage in stages {
            var reads: Set<Engine.ResidentKey> = []
            var work: [String] = []
            for job in schedule.jobs[stage] ?? [] {
                let nodes: [NodeID]
                switch job {
                case .partial(let op, let x, let y):
                    nodes = y.map { [x, $0] } ?? [x]
                    work.append("\(op) of \(graph.formula(x, depth: 4))")
                case .columns(let op, let x, let y):
                    nodes = y.map { [x, $0] } ?? [x]
                    work.append("\(op) by column of \(graph.formula(x, depth: 4))")
                case .rows(let x):
                    nodes = [x]
                    work.append(graph.formula(x, depth: 4))
                case .select(let x), .columnSelect(let x):
                    nodes = graph[x].operation.reduced.map { [$0] } ?? []
                    work.append("order of \(nodes.first.map { graph.formula($0, depth: 4) } ?? "")")
                case .write(let number):
                    nodes = [outputs[number].node]
                    work.append("write")
                    for (tensor, slot) in outputs[number].slots {
                        bytesWritten += graph.facts(tensor).numel * slot.dtype.byteSize
                    }
                }
                for node in nodes {
                    let sources = models[node] ?? graph.models(of: node)
                    models[node] = sources
                    for tensor in engine.tensors(of: job, outputs) {
                        reads.formUnion(sources.map { Engine.ResidentKey(model: $0, tensor: tensor) })
                    }
                }
            }
            func size(_ keys: Set<Engine.ResidentKey>) -> Int {
                keys.reduce(0) { total, key in
                    let facts = graph.facts(key.tensor)
                    let bytes = graph.models[key.model].source(facts.name).map { facts.numel * $0.dtype.byteSize }
                    return total + (bytes ?? 0)
                }
            }
            let new = reads.subtracting(seen)
            diskBytes += size(new)
            cacheBytes += size(reads.intersection(seen))
            seen.formUnion(new)
            passes.append(Pass(epoch: stage.epoch, work: work, bytesRead: size(reads)))
        }
    }
}

extension Engine {
    /// Plans the computation of coarse nodes and of models in their types, by the names of their tensors.
    public func plan(_ requests: [NodeID], models: [(node: NodeID, dtypes: [String: DType])]) -> EnginePlan {
        let outputs = models.map { model in
            var slots: [TensorID: OutputSlot] = [:]
            for tensor in graph.domain(of: model.node)?.tensors ?? [] {
                guard let dtype = model.dtypes[graph.facts(tensor).name] else { continue }
                slots[tensor] = OutputSlot(destination: Nowhere(), tensor: 0, dtype: dtype)
            }
            return Output(node: model.node, slots: slots)
        }
        let schedule = Schedule(graph, requests: requests, outputs: outputs.map(\.node), store: store)
        return EnginePlan(self, schedule, outputs)
    }
}

/// The destination of outputs that are only planned.
private struct Nowhere: OutputDestination {
    func write(tensor: Int, byteOffset: Int, _ bytes: UnsafeRawBufferPointer) throws {}
}
