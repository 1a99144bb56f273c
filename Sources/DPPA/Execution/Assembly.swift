import DPPACheckpoint
import DPPAExpression
import DPPAKernels
import DPPASupport

/// What a pass leaves behind for a job on one tensor, to be stored when the pass is over.
enum PassResult {
    case partial(Job, TensorID, ReductionOp, Buffer<Double>)
    case columns(Job, TensorID, ReductionOp, Buffer<Double>, leafCount: Int)
    case rows(Job, TensorID, Buffer<Double>)
    case columnOrder(NodeID, TensorID, Buffer<Float>)
    case delta(DeltaResult)

    /// Combines leaves and stores the result.
    func finish(_ engine: Engine) throws {
        switch self {
        case .partial(let job, let tensor, let op, let leaves):
            let total = TreeSum.combine(op, leaves.pointer, count: leaves.count)
            engine.store.set(job, tensor.index, total)
        case .columns(let job, let tensor, let op, let leaves, let leafCount):
            let length = engine.graph.facts(tensor).rowLength
            let result = Buffer<Double>(length)
            result.fill(0)
            if leafCount > 0 {
                ColumnAccumulator.combine(
                    op, leaves.pointer, leafCount: leafCount, rowLength: length, into: result.pointer)
            }
            engine.store.set(job, tensor.index, result.array())
        case .rows(let job, let tensor, let buffer): engine.store.set(job, tensor.index, buffer.array())
        case .columnOrder(let node, let tensor, let values): try engine.orderColumns(node, tensor, values)
        case .delta(let result): engine.statistics[result.output]?.tensors.append(result.tensor)
        }
    }
}

/// Making the tasks of a pass.
extension Engine {
    /// One tensor's task for the jobs that concern it; no task if it has no elements.
    func assemble(
        _ jobs: [Job], _ tensor: TensorID, _ searches: [OrderSearch], _ outputs: [Output]
    ) throws -> (task: TensorTask?, results: [PassResult]) {
        let facts = graph.facts(tensor)
        var compiler = ProgramCompiler(graph, coarse, tensor)
        var registers: [Int] = []
        var sinks: [([Int]) -> Sink] = []
        var results: [PassResult] = []
        var copies: [TensorCopy] = []
        var writes: [(output: Int, register: Int, slot: OutputSlot)] = []
        var hasColumns = false
        func keep(_ register: Int) -> Int {
            registers.append(register)
            return registers.count - 1
        }
        for job in jobs {
            switch job {
            case .partial(let op, let x, let y):
                guard graph.selects(x, tensor), facts.numel > 0 else { continue }
                let first = keep(try compiler.register(x))
                let second = try y.map { keep(try compiler.register($0)) }
                let leafCount = (facts.numel + LeafAccumulator.leafSize - 1) / LeafAccumulator.leafSize
                let buffer: Buffer<Double> = try room(leafCount, facts)
                results.append(.partial(job, tensor, op, buffer))
                sinks.append { names in .leaves(op, names[first], second.map { names[$0] }, buffer) }
            case .columns(let op, let x, let y):
                guard graph.selects(x, tensor) else { continue }
                hasColumns = true
                let rowsPerLeaf = ColumnAccumulator.rowsPerLeaf(rowCount: facts.rowCount)
                let leafCount = facts.numel == 0 ? 0 : (facts.rowCount + rowsPerLeaf - 1) / rowsPerLeaf
                // Even no row at all has a result for every column.
                let buffer: Buffer<Double> = try room(max(1, leafCount) * facts.rowLength, facts)
                results.append(.columns(job, tensor, op, buffer, leafCount: leafCount))
                guard facts.numel > 0 else { continue }
                let first = keep(try compiler.register(x))
                let second = try y.map { keep(try compiler.register($0)) }
                sinks.append { names in
                    .columns(op, names[first], second.map { names[$0] }, buffer, rowsPerLeaf: rowsPerLeaf)
                }
            case .rows(let x):
                guard graph.selects(x, tensor) else { continue }
                let buffer: Buffer<Double> = try room(facts.rowCount, facts)
                buffer.fill(0)
                results.append(.rows(job, tensor, buffer))
                guard facts.numel > 0 else { continue }
                let row = try compiler.row(x)
                sinks.append { _ in .rows(row, buffer) }
            case .select(let id):
                for search in searches where search.node == id {
                    guard let member = search.members.firstIndex(of: tensor), facts.numel > 0 else { continue }
                    let register = keep(try compiler.register(search.operand))
                    sinks.append { .scan($0[register], search, member: member) }
                }
            case .columnSelect(let id):
                guard graph.selects(id, tensor), let x = graph[id].operation.reduced else { continue }
                // Even no row at all has a threshold and a last row for every column.
                try requireRoom(16 * facts.rowLength, facts)
                let buffer: Buffer<Float> = try room(facts.numel, facts)
                results.append(.columnOrder(id, tensor, buffer))
                guard facts.numel > 0 else { continue }
                let register = keep(try compiler.register(x))
                sinks.append { .collect($0[register], buffer, offsets: nil) }
            case .write(let number):
                guard let slot = outputs[number].slots[tensor], facts.numel > 0 else { continue }
                let register = try compiler.register(outputs[number].node)
                if let (source, model) = compiler.program.plainSource(register), source.dtype == slot.dtype {
                    copies.append(TensorCopy(source: source, model: model, output: slot))
                } else {
                    writes.append((number, register, slot))
                }
            }
        }
        // Behind everything else: a comparison takes only what is read anyway.
        for (number, register, slot) in writes {
            var slot = slot
            let output = outputs[number]
            if let comparison = output.comparison,
                let result = try compare(
                    number, comparison, register, output.node, &slot, &compiler, &registers, &sinks)
            {
                results.append(.delta(result))
            }
            let (kept, complete) = (keep(register), slot)
            sinks.append { .write($0[kept], complete) }
        }
        guard !sinks.isEmpty || !copies.isEmpty else { return (nil, results) }
        var task = try task(tensor, &compiler, registers, sinks, copies, rowGranularity: hasColumns)
        if let wanted = Self.wantedElements(jobs, tensor, outputs) {
            task.chunks = task.chunks.compactMap { $0.clamped(to: wanted) }
        }
        return (task, results)
    }

    /// A task out of a compiled program and what is done with its registers.
    func task(
        _ tensor: TensorID, _ compiler: inout ProgramCompiler, _ registers: [Int], _ sinks: [([Int]) -> Sink],
        _ copies: [TensorCopy] = [], rowGranularity hasColumns: Bool = false,
        chunks: ((Bool) -> [Chunk])? = nil
    ) throws -> TensorTask {
        let facts = graph.facts(tensor)
        var names = registers
        let rows = sinks.compactMap { sink -> Program.Row? in
            if case .rows(let row, _) = sink(names) { row } else { nil }
        }
        var program = Program()
        if !sinks.isEmpty { program = try compiler.finish(&names, verifying: options.verifiesPrograms ? rows : nil) }
        if hasColumns || !rows.isEmpty { program.needsRows = true }
        let length = max(1, facts.rowLength)
        let granularity = hasColumns ? ColumnAccumulator.rowsPerLeaf(rowCount: facts.rowCount) : 1
        return TensorTask(
            tensor: tensor, facts: facts, program: program, sinks: sinks.map { $0(names) },
            chunks: chunks?(program.needsRows)
                ?? Chunk.all(
                    of: facts, elements: options.chunkElements, needsRows: program.needsRows,
                    rowGranularity: granularity),
            residents: Array(repeating: nil, count: program.sources.count), copies: copies,
            tileElements: options.tileElements, rowsPerTile: max(1, options.tileElements / length))
    }

    /// The elements that are enough when nothing but outputs of a part of a tensor is asked for.
    private static func wantedElements(_ jobs: [Job], _ tensor: TensorID, _ outputs: [Output]) -> Range<Int>? {
        var wanted: Range<Int>?
        for job in jobs {
            guard case .write(let number) = job else { return nil }
            guard let slot = outputs[number].slots[tensor] else { continue }
            guard let elements = slot.elements else { return nil }
            let known = wanted ?? elements
            wanted =
                min(known.lowerBound, elements.lowerBound)..<max(known.upperBound, elements.upperBound)
        }
        return wanted
    }

    /// Decides what of a unit stays in memory for its next pass, and refuses what cannot fit.
    func keepResidents(
        _ tasks: inout [TensorTask], _ searches: [OrderSearch], isLast: Bool, _ bump: inout Int
    ) throws {
        guard let name = tasks.first?.facts.name.shown else { return }
        var budget = MemoryBudget(limit: options.memory)
        let scratch = tasks.reduce(0) { max($0, TileMachine.bytes($1, chunkElements: $1.largestChunk)) }
        try budget.reserve(scratch * options.threads, for: "working on \(name)")
        try budget.reserve(searches.reduce(0) { $0 + $1.gatheredBytes }, for: "choosing elements")
        try budget.reserve(tasks.reduce(0) { $0 + $1.resultBytes }, for: "reducing \(name)")
        for number in tasks.indices where !tasks[number].program.needsRows {
            for (index, source) in tasks[number].program.sources.enumerated() {
                let key = ResidentKey(model: tasks[number].program.models[index], tensor: tasks[number].tensor)
                if let known = residents[key] {
                    tasks[number].residents[index] = known
                    continue
                }
                let bytes = (tasks[number].facts.numel * source.dtype.byteSize + 127) / 64 * 64
                guard !isLast, bump + bytes <= max(budget.free, arena.count) else { continue }
                if bump + bytes > arena.count {
                    // Growing moves memory, so it happens only while nothing lives in it.
                    guard residents.isEmpty else { continue }
                    let unit = tasks.reduce(0) { total, task in
                        total + task.program.sources.reduce(0) { $0 + task.facts.numel * $1.dtype.byteSize + 128 }
                    }
                    arena = Buffer<UInt8>(min(budget.free, unit))
                }
                guard bump + bytes <= arena.count else { continue }
                let resident = Resident(UnsafeMutableRawPointer(arena.pointer + bump))
                bump += bytes
                residents[key] = resident
                tasks[number].residents[index] = resident
            }
        }
    }
}

extension TensorTask {
    var largestChunk: Int { chunks.reduce(0) { max($0, $1.evaluated.count) } }

    /// Bytes read by all chunks, not counting what is in memory already.
    var bytesRead: Int {
        let elements = chunks.reduce(0) { $0 + $1.evaluated.count }
        let owned = chunks.reduce(0) { $0 + $1.owned.count }
        return zip(program.sources, residents).reduce(0) {
            $0 + ($1.1?.isFilled == true ? 0 : elements * $1.0.dtype.byteSize)
        } + copies.reduce(0) { $0 + owned * $1.source.dtype.byteSize }
    }

    /// Bytes that the chunks go through of each model's tensor, read or kept in memory.
    var bytesByModel: [Int: Int] {
        let owned = chunks.reduce(0) { $0 + $1.owned.count }
        let loaded = zip(program.models, program.sources).map { ($0, owned * $1.dtype.byteSize) }
        return Dictionary(
            loaded + copies.map { ($0.model, owned * $0.source.dtype.byteSize) },
            uniquingKeysWith: { first, _ in first })
    }

    /// Bytes of outputs that all chunks give, in memory or in files.
    func outputBytes(inMemory: Bool) -> Int {
        let owned = chunks.reduce(0) { $0 + $1.owned.count }
        return outputs.filter { $0.destination.isInMemory == inMemory }.reduce(0) { $0 + owned * $1.dtype.byteSize }
    }

    /// Bytes moved for each element, for progress.
    var bytesPerElement: Int {
        program.sources.reduce(0) { $0 + $1.dtype.byteSize } + copies.reduce(0) { $0 + $1.source.dtype.byteSize }
            + outputs.reduce(0) { $0 + $1.dtype.byteSize }
    }

    private var outputs: [OutputSlot] {
        copies.map(\.output)
            + sinks.compactMap { sink -> OutputSlot? in
                if case .write(_, let slot) = sink { slot } else { nil }
            }
    }

    /// What the pass leaves behind, in bytes.
    var resultBytes: Int {
        sinks.reduce(0) {
            switch $1 {
            case .leaves(_, _, _, let buffer), .columns(_, _, _, let buffer, _), .rows(_, let buffer):
                $0 + buffer.count * 8
            case .collect(_, let buffer, _): $0 + buffer.count * 4
            case .countEqual(_, _, let buffer): $0 + buffer.count * 8
            case .scan, .agreement, .write: $0
            case .histogram: $0 + 1 << 19
            }
        }
    }
}

extension Program {
    /// The source, with its model, behind a register that only holds a source's elements.
    func plainSource(_ register: Int) -> (source: any TensorSource, model: Int)? {
        for case .load(let number, register) in instructions { return (sources[number], models[number]) }
        return nil
    }
}
