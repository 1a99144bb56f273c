import DPPACheckpoint
import DPPAExpression
import DPPAKernels
import DPPASupport

/// What a pass does on one tensor while it is put together: a program, what takes its values, and what is left to do when
/// the pass is over.
package struct TensorPass {
    let tensor: TensorID
    let facts: TensorFacts
    let graph: Graph
    let options: EngineOptions
    /// The searches that are under way.
    private let searches: [OrderSearches]
    /// What is written.
    let outputs: [Engine.Output]
    /// The elements that this rank goes over; nil for all.
    private let part: Range<Int>?
    var compiler: ProgramCompiler
    private var sinks: [(sink: any TileSink, slots: [Slot])] = []
    private(set) var copies: [TensorCopy] = []
    private var additions: [(inout TensorPass) throws -> Void] = []
    private(set) var finishes: [(Engine) throws -> Void] = []

    init(
        _ engine: Engine, _ tensor: TensorID, _ searches: [OrderSearches] = [], _ outputs: [Engine.Output] = [],
        part: Range<Int>? = nil
    ) {
        self.part = part
        self.tensor = tensor
        facts = engine.graph.facts(tensor)
        graph = engine.graph
        options = engine.options
        self.searches = searches
        self.outputs = outputs
        compiler = ProgramCompiler(engine.graph, engine.coarse, tensor)
        compiler.matrices = engine.matrices
        compiler.kept = engine.kept
    }

    /// The search of a node that the tensor takes part in, and its place among the members.
    func search(of node: NodeID) -> (search: OrderSearch, member: Int)? {
        searches.lazy.compactMap { $0.find(node, tensor) }.first
    }

    /// The register of a node's elements.
    mutating func elements(_ id: NodeID) throws -> Slot { try compiler.register(id) }

    /// The register, or the number, of a node that is per row or coarser.
    mutating func rows(_ id: NodeID) throws -> Slot { try compiler.row(id) }

    /// Gives a sink the values of some slots, in order.
    mutating func attach(_ sink: any TileSink, _ slots: [Slot]) { sinks.append((sink, slots)) }

    /// Takes a tensor from file to file untouched.
    mutating func copy(_ copy: TensorCopy) { copies.append(copy) }

    /// Adds something when all work has joined, which uses no more than what is read for it anyway.
    mutating func atTheEnd(_ addition: @escaping (inout TensorPass) throws -> Void) { additions.append(addition) }

    /// What is done when the pass is over, by one thread.
    mutating func afterwards(_ finish: @escaping (Engine) throws -> Void) { finishes.append(finish) }

    /// Memory for what the pass finds, refused before it is taken when it cannot fit.
    func room<Element>(_ count: Int) throws -> Buffer<Element> {
        try requireRoom(count * MemoryLayout<Element>.stride)
        return Buffer<Element>(count)
    }

    /// Memory for the numbers of each leaf.
    func leaves(_ accumulation: Accumulation) throws -> Buffer<Double> {
        try room((facts.numel + LeafAccumulator.leafSize - 1) / LeafAccumulator.leafSize * accumulation.width)
    }

    func requireRoom(_ bytes: Int) throws {
        var budget = MemoryBudget(limit: options.memory)
        try budget.reserve(bytes, for: "reducing \(facts.name.shown)")
    }

    /// The chunks of the whole tensor, or those that begin in the part that this rank goes over.
    var chunks: [Chunk] {
        let granularity = sinks.reduce(1) { max($0, $1.sink.rowGranularity) }
        let all = Chunk.all(
            of: facts, elements: options.chunkElements, needsRows: needsRows, rowGranularity: granularity)
        return part.map { part in all.filter { part.contains($0.owned.lowerBound) } } ?? all
    }

    /// Whether tiles are whole rows.
    var needsRows: Bool { compiler.program.needsRows || sinks.contains { $0.sink.needsRows } }

    /// The task, over given chunks or all that are wanted; nil when there is nothing to do.
    mutating func task(_ given: [Chunk]? = nil) throws -> TensorTask? {
        // Those that are added may be what an addition adds to.
        for addition in additions { try addition(&self) }
        additions = []
        guard !sinks.isEmpty || !copies.isEmpty else { return nil }
        var chunks = given ?? chunks
        let wanted = wantedElements
        if let wanted { chunks = chunks.compactMap { $0.clamped(to: wanted) } }
        var program = Program()
        if !sinks.isEmpty {
            let finished = try compiler.finish(keeping: sinks.flatMap(\.slots), isVerified: options.verifiesPrograms)
            program = finished.program
            program.needsRows = needsRows
            var names = finished.kept[...]
            for (sink, slots) in sinks {
                sink.slots = Array(names.prefix(slots.count))
                names = names.dropFirst(slots.count)
            }
        }
        return TensorTask(
            tensor: tensor, facts: facts, program: program, sinks: sinks.map(\.sink), copies: copies, chunks: chunks,
            isWhole: given == nil && wanted == nil, options: options)
    }

    /// The task over some pieces of the tensor as if they were all of it; for programs that are `isPlaceless`.
    mutating func task(gathering pieces: [Range<Int>]) throws -> TensorTask? {
        let gathered = TensorFacts(name: facts.name, shape: [pieces.reduce(0) { $0 + $1.count }])
        let chunks = Chunk.all(of: gathered, elements: options.chunkElements, needsRows: false, rowGranularity: 1)
        guard let whole = try task(chunks) else { return nil }
        var program = whole.program
        program.sources = program.sources.map { source in
            JoinedSource(pieces.map { .init(source: source, elements: $0) }, shape: gathered.shape)
        }
        return TensorTask(
            tensor: tensor, facts: gathered, program: program, sinks: whole.sinks, copies: [], chunks: chunks,
            isWhole: false, options: options)
    }

    /// The elements that are enough when nothing but outputs of a part of the tensor is asked for.
    private var wantedElements: Range<Int>? {
        let parts = sinks.map { $0.sink.output?.elements } + copies.map(\.output.elements)
        guard let first = parts.compactMap(\.self).first, !parts.contains(nil) else { return nil }
        return parts.compactMap(\.self).reduce(first) {
            min($0.lowerBound, $1.lowerBound)..<max($0.upperBound, $1.upperBound)
        }
    }
}
