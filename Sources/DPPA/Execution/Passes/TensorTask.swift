import DPPACheckpoint
import DPPAExpression
import DPPAKernels
import DPPASupport

/// One tensor's program with its sinks and pieces: what a pass does.
///
/// Threads share it and change nothing in it; what is kept in memory is decided between passes.
final class TensorTask: @unchecked Sendable {
    let tensor: TensorID
    let facts: TensorFacts
    /// Of the facts; kept apart because every instruction of every tile asks for it.
    let rowLength: Int
    let program: Program
    let sinks: [any TileSink]
    /// What is copied from file to file untouched.
    let copies: [TensorCopy]
    let chunks: [Chunk]
    /// Whether the chunks are the whole tensor as it is stored.
    let isWhole: Bool
    /// Whether some of the values are an output's.
    let writes: Bool
    /// Where each source's raw elements may be kept between passes.
    var residents: [Resident?]
    /// What takes the bytes of each source, and of each copy, where their digest is not known yet.
    var digests: (sources: [StreamDigest?], copies: [StreamDigest?]) = ([], [])
    /// How many elements a tile has when rows do not matter.
    private let tileElements: Int
    /// How many rows a tile has when they do.
    let rowsPerTile: Int

    init(
        tensor: TensorID, facts: TensorFacts, program: Program, sinks: [any TileSink], copies: [TensorCopy],
        chunks: [Chunk], isWhole: Bool, options: EngineOptions
    ) {
        self.tensor = tensor
        self.facts = facts
        rowLength = facts.rowLength
        self.program = program
        self.sinks = sinks
        self.copies = copies
        self.chunks = chunks
        self.isWhole = isWhole
        writes = sinks.contains { $0.output != nil }
        residents = Array(repeating: nil, count: program.sources.count)
        tileElements = options.tileElements
        rowsPerTile = max(1, options.tileElements / max(1, rowLength))
    }

    /// The models that it reads, by number.
    var models: [Int] {
        Set(program.models + copies.map(\.model)).filter { $0 != Program.noModel }.sorted()
    }

    /// The elements of a tile, and so of a register.
    var tileSize: Int { program.needsRows ? rowsPerTile * rowLength : tileElements }
}

/// Bytes, for the memory budget, the report and the progress.
extension TensorTask {
    private var outputs: [OutputSlot] { copies.map(\.output) + sinks.compactMap(\.output) }
    private var ownedElements: Int { chunks.reduce(0) { $0 + $1.owned.count } }

    /// Bytes read by all chunks, not counting what is in memory already.
    var bytesRead: Int {
        let (elements, owned) = (chunks.reduce(0) { $0 + $1.evaluated.count }, ownedElements)
        let loaded = zip(program.sources, residents).reduce(0) {
            $0 + ($1.1?.isFilled == true ? 0 : $1.0.bytesRead(elements))
        }
        return loaded + copies.reduce(0) { $0 + $1.source.bytesRead(owned) }
    }

    /// Bytes that the chunks go through of each model's tensor, read or kept in memory.
    var bytesByModel: [Int: Int] {
        let owned = ownedElements
        let loaded = zip(program.models, program.sources).filter { $0.0 != Program.noModel }.map {
            ($0, $1.bytesRead(owned))
        }
        return Dictionary(
            loaded + copies.map { ($0.model, $0.source.bytesRead(owned)) },
            uniquingKeysWith: { first, _ in first })
    }

    /// Bytes of outputs that all chunks give, in memory or in files.
    func outputBytes(inMemory: Bool) -> Int {
        let owned = ownedElements
        return outputs.filter { $0.destination.isInMemory == inMemory }.reduce(0) { $0 + owned * $1.dtype.byteSize }
    }

    /// Bytes moved for so many elements, for progress.
    func bytesMoved(_ elements: Int) -> Int {
        (program.sources + copies.map(\.source)).reduce(0) { $0 + $1.bytesRead(elements) }
            + outputs.reduce(0) { $0 + elements * $1.dtype.byteSize }
    }

    /// The steps of the program, once for every element that is evaluated.
    var elementSteps: Int { program.instructions.count * chunks.reduce(0) { $0 + $1.evaluated.count } }

    /// What the pass leaves behind.
    var resultBytes: Int { sinks.reduce(0) { $0 + $1.bytes } }

    /// What it needs of a thread's private memory.
    var scratchBytes: Int {
        guard let chunk = chunks.max(by: { $0.evaluated.count < $1.evaluated.count }) else { return 0 }
        let inputs = zip(program.sources, residents).reduce(0) {
            $0 + ($1.1 == nil ? chunk.evaluated.count * $1.0.dtype.byteSize + 64 : 0)
        }
        let outputs = sinks.reduce(0) { $0 + $1.scratchLines(chunk) }
        let rows = program.needsRows ? rowsPerTile * (program.rowRegisterCount + 3) * 8 : 0
        return program.registerCount * (tileSize + 32) * 4 + rows + inputs + outputs
    }
}

/// A tensor that goes from file to file untouched.
struct TensorCopy: Sendable {
    var source: any TensorSource
    var model: Int
    var output: OutputSlot
}
