import DPPACheckpoint
import DPPAExpression
import DPPAKernels
import DPPASupport

/// Runs expressions over checkpoints: the one executor.
///
/// Coarse results are kept for the life of an engine, so a later request re-uses them. An engine belongs to one thread at a
/// time, like its graph; inside it works with several.
public final class Engine {
    /// The graph whose nodes are run.
    public let graph: Graph
    /// What has been done so far.
    public internal(set) var report = EngineReport()

    package let options: EngineOptions
    package let observer: (any EngineObserver)?
    let store = CoarseStore()
    package let pool: WorkerPool
    let machines: [TileMachine]
    let counters = NonFiniteCounters()
    /// What passes have gone through.
    private(set) var visited: Set<ResidentKey> = []
    /// The digests of what they have gone through.
    let inputs = InputDigests()
    private(set) var nonFiniteInputs: [ResidentKey: Int] = [:]
    /// The whole matrices that a unit needs.
    let matrices = MatrixValues()
    /// What a unit keeps in memory between its passes.
    let residents = Residents()
    /// What it has computed that later passes read.
    let kept: KeptValues
    /// Of the outputs of the present run that are compared, by their number.
    package internal(set) var statistics: [Int: DeltaStatistics] = [:]
    /// Is told of the tensors of an output, by its number, that have been written.
    private(set) var written: ((_ output: Int, _ tensors: [TensorID]) throws -> Void)?
    /// The name of what the passes are part of, when they are not a run of their own.
    var stageName: String?
    /// Whether this rank does all passes, and shares nothing.
    var isByItself = false
    /// What other ranks know of the report, the inputs that are not finite and, by output, the comparisons.
    var told = EngineReport()
    var toldNonFinite: [ResidentKey: Int] = [:]
    var toldStatistics: [Int: Int] = [:]
    /// Tells expressions apart, and models by a sample of their bytes: each rank may have files of its own.
    private(set) lazy var fingerprint = GraphFingerprint(graph) { (try? $0.sampledDigest()) ?? $0.stamp }

    /// An engine for a graph.
    public init(_ graph: Graph, options: EngineOptions, observer: (any EngineObserver)? = nil) {
        self.graph = graph
        self.options = options
        self.observer = observer
        pool = WorkerPool(width: options.threads)
        kept = KeptValues(memory: options.memory)
        machines = (0..<options.threads).map { TileMachine(worker: $0) }
    }

    package var coarse: CoarseArithmetic { CoarseArithmetic(graph: graph, store: store) }

    /// Computes coarse nodes and writes outputs; several share their passes.
    ///
    /// `written` is told of tensors when they have been written, but for those whose inputs are not finite, of which there is
    /// something to say each time. Returns what the comparisons of the outputs found, by the number of the output. Throws an `inputOutput` error when
    /// reading or writing fails, a `data` error when an output is not finite although the inputs are, a `limit` error when
    /// the memory budget is too small, and what the observer throws.
    @discardableResult
    public func run(
        _ requests: [NodeID], outputs: [Output] = [],
        written: ((_ output: Int, _ tensors: [TensorID]) throws -> Void)? = nil
    ) throws -> [Int: DeltaStatistics] {
        statistics = [:]
        for (number, output) in outputs.enumerated() {
            statistics[number] = output.comparison.map { DeltaStatistics(comparison: $0, tensors: output.compared) }
        }
        toldStatistics = statistics.mapValues(\.tensors.count)
        self.written = written
        defer { self.written = nil }
        try execute(requests, outputs)
        for id in requests where store.hasNonFinite(id) {
            note(try nonFiniteInputs(of: id, for: Set(graph.tensors(of: id))))
        }
        return statistics.mapValues { $0.sorted }
    }

    /// The same for what nobody looks at itself.
    func execute(_ requests: [NodeID], _ outputs: [Output] = []) throws {
        var schedule = try Schedule(graph, requests: requests, outputs: outputs.map(\.node), store: store)
        schedule.needs = Needs(graph, requests: requests, outputs: outputs)
        if options.verifiesPrograms { try schedule.verify(graph, outputs: outputs.map(\.node), store: store) }
        if stageName == nil {
            let ranks = sharesPasses(outputs) ? options.ranks.size : 1
            observer?.plan(bytes: try EnginePlan(self, schedule, outputs).bytes / ranks)
        }
        do {
            for epoch in 0..<schedule.epochCount { try run(epoch, schedule, outputs) }
        } catch {
            // A later run must not take what this one has left half done for a result.
            defer { store.forget(schedule.needed) }
            _ = counters.take()
            if let output = error as? NonFiniteOutput { throw try described(output) }
            if let matrix = error as? NonFiniteMatrix { throw try described(matrix) }
            throw error
        }
        // What was needed on some tensors alone is not known.
        store.forget(schedule.needed.filter { !schedule.needs.isWhole($0, graph) })
        // The passes of something larger, such as scoring, are not the run's own.
        if stageName == nil {
            report.epochs += (0..<schedule.epochCount).count { schedule.passCount($0) > 0 }
            report.passes += (0..<schedule.epochCount).reduce(0) { $0 + schedule.passCount($1) }
        }
    }

    /// A coarse node's values by instance, in order, with the instances' names.
    ///
    /// Nil for elements, rows and columns. Throws an `internalFault` when it has not been computed.
    public func values(_ id: NodeID) throws -> [(name: String, value: Double)]? {
        let node = graph[id]
        guard node.scope.isScalar else { return nil }
        guard node.scope != .model, let domain = graph.domain(of: id) else { return [("", try coarse.value(id, nil))] }
        var seen: Set<Int> = []
        return try domain.tensors.compactMap { tensor in
            guard let instance = graph.instance(of: tensor, at: node.scope), seen.insert(instance).inserted else {
                return nil
            }
            let name =
                switch node.scope {
                case .layer: "\(graph.layerNames[instance].stack).\(graph.layerNames[instance].layer)"
                case .group(let grouping): graph.groupNames[grouping.index][instance]
                default: graph.facts(tensor).name
                }
            return (name, try coarse.value(id, tensor))
        }
    }

    /// Keeps how many infinities and NaNs were found among inputs, each tensor once.
    func note(_ found: [(key: ResidentKey, count: Int)]) {
        guard !found.isEmpty else { return }
        for (key, count) in found { nonFiniteInputs[key] = max(nonFiniteInputs[key, default: 0], count) }
        let byModel = Dictionary(grouping: nonFiniteInputs) { $0.key.model }
        report.nonFiniteInputs = byModel.sorted { $0.key < $1.key }.map { model, tensors in
            let names = tensors.map { graph.facts($0.key.tensor).name }.sorted(by: Graph.precedes)
            return (graph.models[model].label, tensors.reduce(0) { $0 + $1.value }, names[0])
        }
    }

    /// Counts what a pass has gone through, wherever it was: each tensor of a model counts once as from the disk.
    func count(_ tasks: [TensorTask]) {
        for task in tasks {
            for (model, bytes) in task.bytesByModel {
                if visited.insert(ResidentKey(model: model, tensor: task.tensor)).inserted {
                    report.diskBytes += bytes
                } else {
                    report.cacheBytes += bytes
                }
            }
        }
    }

    /// Runs tasks over all their chunks.
    ///
    /// If `areParts`, other ranks have other chunks of their tensors, whose digests are for the caller to close.
    func perform(_ tasks: [TensorTask], stage: String, areParts: Bool = false) throws {
        var index: [(task: Int, chunk: Int)] = []
        for (number, task) in tasks.enumerated() {
            for chunk in task.chunks.indices { index.append((number, chunk)) }
        }
        guard !index.isEmpty else { return }
        let (pieces, machines, counters, observer, ranks) = (index, machines, counters, observer, options.ranks)
        let read = tasks.reduce(0) { $0 + $1.bytesRead }
        let written = tasks.reduce(0) { $0 + $1.outputBytes(inMemory: false) }
        let built = tasks.reduce(0) { $0 + $1.outputBytes(inMemory: true) }
        observer?.begin(stage: stageName ?? stage)
        if options.digestsInputs { inputs.open(tasks) }
        defer { if !areParts { inputs.close() } }
        try pool.run(pieces.count) { piece, worker in
            try observer?.checkInterruption()
            try ranks.check()
            let (task, chunk) = (tasks[pieces[piece].task], pieces[piece].chunk)
            try machines[worker].run(task, chunk: chunk, counters: counters)
            observer?.advance(bytes: task.bytesMoved(task.chunks[chunk].owned.count))
        }
        report.bytesRead += read
        report.elementSteps += tasks.reduce(0) { $0 + $1.elementSteps }
        report.bytesWritten += written
        report.bytesBuilt += built
        for task in tasks {
            for resident in task.residents { resident?.isFilled = true }
        }
    }
}
