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
    /// How the work is dealt to several ranks; nil for one.
    public internal(set) var ranks: RankPlan?

    /// All bytes that are moved.
    public var bytes: Int { diskBytes + cacheBytes + bytesWritten }
    /// How often the whole checkpoint is gone through.
    public var epochs: Int { Set(passes.map(\.epoch)).count }

    init(_ engine: Engine, _ schedule: Schedule, _ outputs: [Engine.Output]) throws {
        let graph = engine.graph
        var loads: [NodeID: Loads] = [:]
        // A matrix is made of the tensor as models have it.
        func read(_ tensor: TensorID) -> TensorID { graph.hasMatrices ? graph.original(tensor) : tensor }
        // What each tensor of each model takes, and the last pass that has read it: none yet is -1.
        let count = graph.tensorCount
        var sizes = [Int](repeating: 0, count: graph.models.count * count)
        var readers = [Int](repeating: -1, count: sizes.count)
        let stages = schedule.work.keys.sorted { ($0.epoch, $0.pass) < ($1.epoch, $1.pass) }
        for (number, stage) in stages.enumerated() {
            var (first, again) = (0, 0)
            var words: [String] = []
            for item in schedule.work(at: stage) {
                words.append(item.words(graph))
                if let write = item as? OutputWrite {
                    for (tensor, slot) in outputs[write.number].slots {
                        bytesWritten += graph.numel(tensor) * slot.dtype.byteSize
                    }
                }
                let tensors = schedule.needs.tensors(of: item, graph, outputs)
                for node in item.operands {
                    for tensor in tensors {
                        for model in try loads[node, default: Loads(graph, node)].models(on: tensor) {
                            let tensor = read(tensor)
                            let place = model * count + tensor.index
                            switch readers[place] {
                            case number: continue
                            case -1:
                                sizes[place] = graph.bytesRead(of: tensor, from: model)
                                first += sizes[place]
                            default: again += sizes[place]
                            }
                            readers[place] = number
                        }
                    }
                }
            }
            diskBytes += first
            cacheBytes += again
            passes.append(Pass(epoch: stage.epoch, work: words, bytesRead: first + again))
        }
    }
}

extension Engine {
    /// Plans the computation of coarse nodes and of models in their types, by the names of their tensors, on some ranks.
    public func plan(
        _ requests: [NodeID], models: [(node: NodeID, dtypes: [String: DType])], ranks: Int = 1
    ) throws -> EnginePlan {
        let outputs = models.map { model in
            var slots: [TensorID: OutputSlot] = [:]
            for (number, tensor) in graph.tensors(of: model.node).enumerated() {
                guard let dtype = model.dtypes[graph.facts(tensor).name] else { continue }
                slots[tensor] = OutputSlot(destination: Nowhere(), tensor: number, dtype: dtype)
            }
            return Output(node: model.node, slots: slots)
        }
        let schedule = try Schedule(graph, requests: requests, outputs: outputs.map(\.node), store: store)
        var plan = try EnginePlan(self, schedule, outputs)
        plan.matrices = try EnginePlan.Matrices(graph, schedule, outputs)
        if ranks > 1 { plan.ranks = try self.plan(schedule, outputs, ranks: ranks) }
        return plan
    }
}

/// The destination of outputs that are only planned.
private struct Nowhere: OutputDestination {
    func write(tensor: Int, byteOffset: Int, _ bytes: UnsafeRawBufferPointer) throws {}
}
