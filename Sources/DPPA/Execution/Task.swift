import DPPACheckpoint
import DPPAExpression
import DPPAKernels
import DPPASupport

/// What happens to the values of a program, tile by tile.
enum Sink: Sendable {
    /// Leaf sums of a register, or of the products of two.
    case leaves(ReductionOp, Int, Int?, Buffer<Double>)
    /// Column leaves.
    case columns(ReductionOp, Int, Int?, Buffer<Double>, rowsPerLeaf: Int)
    /// Row values.
    case rows(Program.Row, Buffer<Double>)
    /// A scan for an order statistic.
    case scan(Int, OrderSearch, member: Int)
    /// Histograms of one half of the keys.
    case histogram(Int, HistogramBank)
    /// The values themselves: chunk i goes to its offset, or everything to its flat index.
    case collect(Int, Buffer<Float>, offsets: [Int]?)
    /// How many values of each chunk equal a number.
    case countEqual(Int, Float, Buffer<Int>)
    /// How a delta agrees with the merged one.
    case agreement(Int, Int, WorkerCounts)
    /// An output.
    case write(Int, OutputSlot)
}

/// One tensor's program with its sinks and pieces: what a pass does.
struct TensorTask: Sendable {
    var tensor: TensorID
    var facts: TensorFacts
    var program: Program
    var sinks: [Sink]
    var chunks: [Chunk]
    /// Where each source's raw elements may be kept between passes.
    var residents: [Resident?]
    /// What is copied from file to file untouched.
    var copies: [TensorCopy] = []
    /// How many elements a tile has when rows do not matter.
    var tileElements: Int
    /// How many rows a tile has when they do.
    var rowsPerTile: Int

    /// The floats that one register needs.
    var registerSize: Int { program.needsRows ? rowsPerTile * facts.rowLength : tileElements }
}

/// A tensor that goes from file to file untouched.
struct TensorCopy: Sendable {
    var source: any TensorSource
    var model: Int
    var output: OutputSlot
}

/// A tensor of one model, kept in memory from one pass over its unit to the next.
final class Resident: @unchecked Sendable {
    let bytes: UnsafeMutableRawPointer
    /// Whether an earlier pass has filled it; set between passes.
    var isFilled = false

    init(_ bytes: UnsafeMutableRawPointer) { self.bytes = bytes }
}

/// What takes the encoded elements of output tensors: a checkpoint on disk, or memory.
protocol OutputDestination: Sendable {
    /// Takes a piece of a tensor, `byteOffset` bytes from its start; called from several threads at once.
    func write(tensor: Int, byteOffset: Int, _ bytes: UnsafeRawBufferPointer) throws
    /// Whether nothing is written to a file.
    var isInMemory: Bool { get }
}

extension OutputDestination {
    var isInMemory: Bool { false }
}

extension CheckpointWriter: OutputDestination {}

/// Where the elements of an output tensor go.
struct OutputSlot: Sendable {
    var destination: any OutputDestination
    var tensor: Int
    var dtype: DType
    /// The flat indices that are wanted, whole rows; nil for all.
    var elements: Range<Int>?
    /// Where what rounding leaves is counted, if it is.
    var rounding: RoundingCounts?
}
