import DPPAKernels
import DPPASupport

/// A chunk's elements of a source, as they are stored.
struct LoadedSource: BitwiseCopyable {
    var bytes: UnsafeRawPointer
    var dtype: DType
    var elementSize: Int
}

/// One thread's memory, and the loop that runs a program over a chunk, tile by tile.
final class TileMachine: @unchecked Sendable {
    /// The number of the thread.
    let worker: Int
    private var registers = Buffer<Float>(0)
    private var registerStride = 0
    private var rows = Buffer<Double>(0)
    private var rowStride = 0
    /// A count, and a number, for each row of a tile.
    private(set) var counts = Buffer<Int>(0)
    private(set) var rowScalars = Buffer<Double>(0)
    private var inputs = Buffer<UInt8>(0)
    private var scratch = Buffer<UInt8>(0)
    /// The chunk's elements of each source.
    private var loaded = Buffer<LoadedSource>(0)

    init(worker: Int) { self.worker = worker }

    /// Runs a task on one of its chunks.
    ///
    /// Throws when reading or writing fails, and when an output is not finite.
    func run(_ task: TensorTask, chunk number: Int, counters: NonFiniteCounters) throws {
        let chunk = task.chunks[number]
        try copy(task, chunk)
        guard !task.sinks.isEmpty else { return }
        try prepare(task, chunk)
        digest(task, chunk)
        let (cursors, instructions) = (open(task, number), task.program.instructions)
        var start = chunk.evaluated.lowerBound
        while start < chunk.evaluated.upperBound {
            let range = start..<min(chunk.evaluated.upperBound, start + task.tileSize)
            let tile = Tile(machine: self, task: task, chunk: chunk, range: range)
            try instructions.withUnsafeBufferPointer { for instruction in $0 { try execute(instruction, tile) } }
            if task.writes { count(tile, counters) }
            for cursor in cursors { try cursor.take(tile) }
            start = range.upperBound
        }
        for cursor in cursors { try cursor.end() }
    }

    func at(_ register: Int) -> UnsafeMutablePointer<Float> { registers.pointer + register * registerStride }
    func rowAt(_ register: Int) -> UnsafeMutablePointer<Double> { rows.pointer + register * rowStride }

    /// The chunk's elements of a source.
    func source(_ number: Int) -> LoadedSource { loaded.pointer[number] }

    /// The number of a row; nil of a slot that has none.
    func value(_ slot: Slot, _ row: Int) -> Double? {
        switch slot {
        case .row(let register): rowAt(register)[row]
        case .number(let value): value
        case .element, .stored, .none: nil
        }
    }

    /// What goes from file to file as it is.
    private func copy(_ task: TensorTask, _ chunk: Chunk) throws {
        for (number, copy) in task.copies.enumerated() {
            let (source, output) = (copy.source, copy.output)
            let size = source.dtype.byteSize
            if inputs.count < chunk.owned.count * size { inputs = Buffer<UInt8>(chunk.owned.count * size) }
            try source.load(chunk.owned, into: inputs.pointer)
            if !task.digests.copies.isEmpty {
                task.digests.copies[number]?.add(
                    UnsafeRawBufferPointer(start: inputs.pointer, count: chunk.owned.count * size),
                    at: chunk.owned.lowerBound * size)
            }
            try output.destination.write(
                tensor: output.tensor, byteOffset: (output.start + chunk.owned.lowerBound) * size,
                UnsafeRawBufferPointer(start: inputs.pointer, count: chunk.owned.count * size))
        }
    }

    /// The cursors of all sinks, each with memory of its own.
    private func open(_ task: TensorTask, _ number: Int) -> [any TileCursor] {
        let chunk = task.chunks[number]
        let sizes = task.sinks.map { $0.scratchLines(chunk) }
        let needed = sizes.reduce(0, +)
        if scratch.count < needed { scratch = Buffer<UInt8>(needed) }
        var offset = 0
        return zip(task.sinks, sizes).map { sink, size in
            defer { offset += size }
            return sink.open(
                OpenChunk(
                    task: task, number: number, chunk: chunk, worker: worker,
                    scratch: UnsafeMutableRawPointer(scratch.pointer + offset)))
        }
    }

    /// Makes room for the registers, and loads the chunk of each source.
    private func prepare(_ task: TensorTask, _ chunk: Chunk) throws {
        registerStride = (task.tileSize + 31) / 16 * 16
        let floats = task.program.registerCount * registerStride
        if registers.count < floats { registers = Buffer<Float>(floats) }
        if task.program.needsRows {
            rowStride = (task.rowsPerTile + 7) / 8 * 8
            if rows.count < rowStride * task.program.rowRegisterCount {
                rows = Buffer<Double>(rowStride * task.program.rowRegisterCount)
            }
            if counts.count < rowStride {
                counts = Buffer<Int>(rowStride)
                rowScalars = Buffer<Double>(rowStride)
            }
        }
        if loaded.count < task.program.sources.count { loaded = Buffer<LoadedSource>(task.program.sources.count) }
        var needed = 0
        for (source, resident) in zip(task.program.sources, task.residents) where resident == nil {
            needed += (chunk.evaluated.count * source.dtype.byteSize + 127) / 64 * 64
        }
        if inputs.count < needed { inputs = Buffer<UInt8>(needed) }
        var offset = 0
        for (number, (source, resident)) in zip(task.program.sources, task.residents).enumerated() {
            let size = source.dtype.byteSize
            let start: UnsafeMutableRawPointer
            if let resident {
                start = resident.bytes + chunk.evaluated.lowerBound * size
                if !resident.isFilled { try source.load(chunk.evaluated, into: start) }
            } else {
                start = UnsafeMutableRawPointer(inputs.pointer + offset)
                offset += (chunk.evaluated.count * size + 127) / 64 * 64
                try source.load(chunk.evaluated, into: start)
            }
            (loaded.pointer + number).initialize(
                to: LoadedSource(bytes: start, dtype: source.dtype, elementSize: size))
        }
    }

    /// Gives the chunk's own bytes to what makes digests of them, while they are at hand.
    private func digest(_ task: TensorTask, _ chunk: Chunk) {
        for (number, stream) in task.digests.sources.enumerated() {
            guard let stream else { continue }
            let source = source(number)
            let start = source.bytes + (chunk.owned.lowerBound - chunk.evaluated.lowerBound) * source.elementSize
            stream.add(
                UnsafeRawBufferPointer(start: start, count: chunk.owned.count * source.elementSize),
                at: chunk.owned.lowerBound * source.elementSize)
        }
    }

    /// Counts what is not finite among the inputs of the elements that are written.
    private func count(_ tile: Tile, _ counters: NonFiniteCounters) {
        let (part, program) = (tile.owned, tile.task.program)
        guard !part.isEmpty else { return }
        for (index, source) in program.sources.enumerated() where program.models[index] != Program.noModel {
            counters.count(
                tile.raw(index, at: part.lowerBound), source.dtype, part.count,
                ResidentKey(model: program.models[index], tensor: tile.task.tensor))
        }
    }

    /// Runs a tile again step by step and names the operation that made an element non-finite; nil if an input is.
    func blame(_ index: Int, _ value: Float, _ dtype: DType, _ tile: Tile) throws -> NonFiniteOutput? {
        let (task, copy) = (tile.task, TileMachine(worker: worker))
        try copy.prepare(task, tile.chunk)
        let again = Tile(machine: copy, task: task, chunk: tile.chunk, range: tile.range)
        var output = NonFiniteOutput(tensor: task.tensor, index: index, value: value, dtype: dtype)
        for (number, instruction) in task.program.instructions.enumerated() {
            var divisor: Float?
            if case .binary(.divide) = instruction.code {
                switch instruction.b {
                case .element: divisor = try again.elements(instruction.b, at: index).pointee
                case .number(let number): divisor = Float(number)
                case .stored(let source): divisor = again.value(source, at: index)
                case .row, .none: break
                }
            }
            for case .stored(let source) in instruction.operands where !again.value(source, at: index).isFinite {
                return nil
            }
            try copy.execute(instruction, again)
            guard instruction.target.isElement, try !again.elements(instruction.target, at: index).pointee.isFinite
            else { continue }
            if case .load = instruction.code { return nil }
            (output.node, output.divisor) = (task.program.nodes[number], divisor)
            break
        }
        return output
    }
}
