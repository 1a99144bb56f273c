import DPPACheckpoint
import DPPAExpression
import DPPAKernels

/// A straight line of vector operations that makes all values of one tensor that a pass wants, tile by tile.
///
/// Coarse values are immediate operands, so a program is made for one tensor and one pass.
package struct Program: Sendable {
    /// The steps in order.
    package var instructions: [Instruction] = []
    /// The node that each instruction makes, for messages.
    package var nodes: [NodeID] = []
    /// What is read, each once.
    package var sources: [any TensorSource] = []
    /// The models that the sources belong to, for messages; `noModel` where it is a matrix that was computed.
    package var models: [Int] = []
    static let noModel = -1
    /// Serial streams of random numbers that instructions refer to by number.
    package var streams: [SerialStream] = []
    /// Stored row and column values that instructions refer to by number.
    package var vectors: [[Double]] = []
    /// Values for each rank in a row that instructions refer to by number.
    package var tables: [[Float]] = []
    /// Masks of earlier passes that instructions refer to by number.
    var masks: [KeptMask] = []
    /// How many registers of elements there are.
    package var registerCount = 0
    /// How many registers of rows there are.
    package var rowRegisterCount = 0
    /// Whether some instruction needs whole rows in a tile.
    package var needsRows = false

    /// An empty program.
    package init() {}

    /// The source of a slot that holds nothing but its elements.
    func plainSource(_ slot: Slot) -> (source: any TensorSource, model: Int)? {
        guard let made = instructions.first(where: { $0.target == slot }), case .load(let source) = made.code,
            models[source] != Program.noModel
        else { return nil }
        return (sources[source], models[source])
    }

    /// Whether the value of an element depends on nothing but the elements of the sources at its place.
    var isPlaceless: Bool {
        !needsRows
            && instructions.allSatisfy {
                switch $0.code {
                case .load, .spread, .unary, .binary, .select, .round, .addSelected: true
                case .spreadColumns, .rows, .uniform, .serialUniform, .kept, .keep, .keptMask, .keptInColumns, .rank,
                    .top, .reduce, .kth:
                    false
                }
            }
    }
}
