import DPPACheckpoint
import DPPAKernels
import DPPASupport

/// The identity of a node in a graph.
///
/// Operands always have smaller identities than the nodes that use them.
public struct NodeID: Hashable, Comparable, Sendable {
    package let index: Int32

    package init(index: Int32) {
        self.index = index
    }

    /// The order in which nodes were made.
    public static func < (a: NodeID, b: NodeID) -> Bool { a.index < b.index }
}

/// A place in a graph's table of tensors.
public struct TensorID: Hashable, Sendable {
    package let index: Int
}

/// A place in a graph's table of interned selections.
public struct DomainID: Hashable, Sendable {
    package let index: Int
}

/// What a node computes from its operands.
package enum Operation: Hashable, Sendable {
    /// The elements of a model's tensors.
    case source(model: Int)
    /// A float64 number, by its bits.
    case constant(UInt64)
    /// A number for each tensor, from the graph's tables.
    case table(Int)
    /// How many instances of the given scope the node's instance holds; known without reading.
    case size(of: Scope)
    case unary(UnaryOp, NodeID)
    case binary(BinaryOp, NodeID, NodeID)
    /// Where the mask holds the second, elsewhere the third operand.
    case select(NodeID, NodeID, NodeID)
    /// A reduction of one operand, or of two for the dot product.
    case reduce(Reduction, NodeID, NodeID?)
    /// The pair (threshold, last kept index among equals) that separates the largest values; `share` of all, or a count.
    case cut(NodeID, share: NodeID, isCount: Bool)
    /// The mask of what a cut keeps.
    case kept(NodeID, by: NodeID)
    /// The mask of the largest values of each row, resolved inside a tile.
    case rowTop(NodeID, share: NodeID, isCount: Bool)
    /// The order statistic with an ascending index from 0.
    case kth(NodeID, index: NodeID)
    /// The ascending rank from 0 of each element within its row.
    case rank(NodeID)
    /// Uniform random numbers of [0, 1).
    case uniform(seed: UInt64, stream: String)
    /// Uniform random numbers of [0, 1) of the serial stream under a seed; a table says where each tensor begins.
    case serialUniform(seed: UInt64, starts: Int)
    case roundTo(DType, NodeID)
    /// The operand on the node's own, smaller selection.
    case restrict(NodeID)
    /// On each tensor the operand whose selection holds it.
    case branch([NodeID])
    /// The operand's values repeated at the node's finer scope.
    case broadcast(NodeID)
    /// The operand's values under another space.
    case reinterpret(NodeID)
    /// The operand's number for each tensor, on tensors of the same names that have other shapes.
    case carried(NodeID)
    /// What is computed of whole tensors.
    case matrix(MatrixOperation, [NodeID])

    /// The operands, in order.
    package var operands: [NodeID] {
        switch self {
        case .source, .constant, .table, .size, .uniform, .serialUniform: []
        case .unary(_, let x), .rank(let x), .roundTo(_, let x), .restrict(let x), .broadcast(let x),
            .reinterpret(let x), .carried(let x):
            [x]
        case .binary(_, let a, let b): [a, b]
        case .select(let mask, let a, let b): [mask, a, b]
        case .reduce(_, let x, let y): y.map { [x, $0] } ?? [x]
        case .cut(let x, let share, _), .rowTop(let x, let share, _): [x, share]
        case .kept(let x, let cut): [x, cut]
        case .kth(let x, let index): [x, index]
        case .branch(let nodes), .matrix(_, let nodes): nodes
        }
    }
}

/// One node of an expression: an operation with its type.
///
/// Two nodes of a graph are never equal.
public struct Node: Sendable {
    /// The part that makes nodes equal or different.
    package struct Key: Hashable, Sendable {
        var operation: Operation
        var scope: Scope
        var space: Space
        var isMask: Bool
        var domain: DomainID?
        var label: String?
    }

    let key: Key
    /// Where in the recipe the node was first made.
    public internal(set) var location: DPPAError.Location?

    package var operation: Operation { key.operation }
    /// How far each of its values reaches.
    public var scope: Scope { key.scope }
    /// Model, delta or value.
    public var space: Space { key.space }
    /// Whether its values are truth values.
    public var isMask: Bool { key.isMask }
    /// The tensors on which it has values; nil for a number that holds everywhere.
    public var domain: DomainID? { key.domain }
    /// The model that it comes from, if it comes from one; the difference of two models comes from the first.
    public var label: String? { key.label }
}
