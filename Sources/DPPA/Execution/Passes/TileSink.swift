import DPPAKernels
import DPPASupport

/// Takes the values of a program on one tensor, tile by tile, for all threads together.
protocol TileSink: AnyObject, Sendable {
    /// Where the values are that it takes; set once, before the pass, when registers have been given out.
    var slots: [Slot] { get set }
    /// Private memory that it holds until the pass is over, in bytes.
    var bytes: Int { get }
    /// Whether it takes whole rows.
    var needsRows: Bool { get }
    /// Of how many rows a chunk must be a multiple.
    var rowGranularity: Int { get }
    /// Where the values go, if they are an output's.
    var output: OutputSlot? { get }
    /// Private memory that a thread needs for a chunk, in bytes.
    func scratchBytes(_ chunk: Chunk) -> Int
    /// What takes the tiles of one chunk; called once a chunk, by the thread that runs it.
    func open(_ chunk: OpenChunk) -> any TileCursor
}

/// Takes the tiles of one chunk, in order, on one thread.
protocol TileCursor: AnyObject {
    /// Called once a tile.
    func take(_ tile: Tile) throws
    /// Called once, after the last tile.
    func end() throws
}

extension TileCursor {
    func end() {}
}

extension TileSink {
    var bytes: Int { 0 }
    var needsRows: Bool { false }
    var rowGranularity: Int { 1 }
    var output: OutputSlot? { nil }
    func scratchBytes(_ chunk: Chunk) -> Int { 0 }
    /// The same in whole cache lines, as threads give it out.
    func scratchLines(_ chunk: Chunk) -> Int { (scratchBytes(chunk) + 63) / 64 * 64 }
}

/// A chunk that a thread has begun.
struct OpenChunk {
    let task: TensorTask
    /// Its place among the task's chunks.
    let number: Int
    let chunk: Chunk
    /// The thread.
    let worker: Int
    /// The thread's memory for this sink, as much as `scratchBytes` says.
    let scratch: UnsafeMutableRawPointer
}

/// One tile of a chunk, with the thread's registers.
struct Tile {
    let machine: TileMachine
    let task: TensorTask
    let chunk: Chunk
    /// The elements, by flat index.
    let range: Range<Int>

    /// The part that belongs to the chunk alone; chunks of whole rows overlap in what they evaluate.
    var owned: Range<Int> { range.clamped(to: chunk.owned) }
    /// How many rows it has, where the program works on rows.
    var rowCount: Int { task.program.needsRows ? range.count / task.rowLength : 0 }
    /// The row of its first element.
    var firstRow: Int { range.lowerBound / task.rowLength }

    /// The elements of a register from a flat index on.
    func elements(_ slot: Slot, at index: Int) throws -> UnsafeMutablePointer<Float> {
        guard case .element(let register) = slot else {
            throw DPPAError(.internalFault, "what takes elements of \(task.facts.name) was given \(slot)")
        }
        return machine.at(register) + (index - range.lowerBound)
    }

    /// The elements of one slot, and of another whose products with them are wanted, if there is one, from a flat index on.
    func factors(_ slots: [Slot], at index: Int) throws -> (UnsafePointer<Float>, UnsafePointer<Float>?) {
        let x = UnsafePointer(try elements(slots[0], at: index))
        return (x, slots.count > 1 ? UnsafePointer(try elements(slots[1], at: index)) : nil)
    }

    /// The stored bytes of a source from a flat index on.
    func raw(_ source: Int, at index: Int) -> UnsafeRawPointer {
        let source = machine.source(source)
        return source.bytes + (index &- chunk.evaluated.lowerBound) &* source.elementSize
    }

    /// One stored element of a source.
    func value(_ source: Int, at index: Int) -> Float {
        var value: Float = 0
        DTypeConversion.decode(raw(source, at: index), as: machine.source(source).dtype, into: &value, count: 1)
        return value
    }

    /// Calls a body with one of the program's vectors.
    func withVector(_ number: Int, _ body: (UnsafePointer<Double>) throws -> Void) rethrows {
        try task.program.vectors[number].withUnsafeBufferPointer {
            if let start = $0.baseAddress { try body(start) }
        }
    }

    /// Calls a body with one of the program's tables, or without.
    func withTable(_ number: Int?, _ body: (UnsafePointer<Float>?) -> Void) {
        guard let number else { return body(nil) }
        task.program.tables[number].withUnsafeBufferPointer { body($0.baseAddress) }
    }
}
