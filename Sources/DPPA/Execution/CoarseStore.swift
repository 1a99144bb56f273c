import DPPAExpression

/// The results of everything coarser than an element, kept for the session: two candidates of a search share them.
package final class CoarseStore {
    /// The nodes that are computed, for every instance that they have.
    private var computed: Set<NodeID> = []
    /// By instance: a tensor's number, a layer's key, a group's number, or 0 for the one of model scope.
    private var scalars: [NodeID: [Int: Double]] = [:]
    /// By tensor: one value for each row or column.
    private var vectors: [NodeID: [Int: [Double]]] = [:]
    /// By instance.
    private var cuts: [NodeID: [Int: Cut]] = [:]
    /// By tensor: a cut for each column.
    private var columnCuts: [NodeID: [Int: ColumnCut]] = [:]
    /// What passes have accumulated, tensor by tensor, before it is combined at a coarser scope.
    private var sums: [LeafSums: [Int: [Double]]] = [:]
    private var columnSums: [ColumnSums: [Int: [Double]]] = [:]
    private var rowValues: [RowValues: [Int: [Double]]] = [:]
    /// What was added since `record` was called; nil when nobody wants to know.
    private var added: [CoarseEntry]?

    /// A store without results.
    package init() {}

    func has(_ node: NodeID) -> Bool { computed.contains(node) }

    /// Whether some value of a node, one for each instance, is infinite or NaN.
    func hasNonFinite(_ node: NodeID) -> Bool { scalars[node, default: [:]].values.contains { !$0.isFinite } }

    func scalar(_ node: NodeID, _ instance: Int) -> Double? { scalars[node]?[instance] }
    func vector(_ node: NodeID, _ tensor: Int) -> [Double]? { vectors[node]?[tensor] }
    func cut(_ node: NodeID, _ instance: Int) -> Cut? { cuts[node]?[instance] }
    func columnCut(_ node: NodeID, _ tensor: Int) -> ColumnCut? { columnCuts[node]?[tensor] }

    func set(_ node: NodeID, _ instance: Int, _ value: Double) { add(.scalar(node, instance, value)) }
    func set(_ node: NodeID, _ tensor: Int, _ value: [Double]) { add(.vector(node, tensor, value)) }
    func set(_ node: NodeID, _ instance: Int, _ value: Cut) { add(.cut(node, instance, value)) }
    func set(_ node: NodeID, _ tensor: Int, _ value: ColumnCut) { add(.columnCut(node, tensor, value)) }

    /// Adds a result, of which nothing is kept twice.
    func add(_ entry: CoarseEntry) {
        added?.append(entry)
        switch entry {
        case .none(let node): computed.insert(node)
        case .scalar(let node, let instance, let value):
            computed.insert(node)
            scalars[node, default: [:]][instance] = value
        case .vector(let node, let tensor, let value):
            computed.insert(node)
            vectors[node, default: [:]][tensor] = value
        case .cut(let node, let instance, let value):
            computed.insert(node)
            cuts[node, default: [:]][instance] = value
        case .columnCut(let node, let tensor, let value):
            computed.insert(node)
            columnCuts[node, default: [:]][tensor] = value
        case .sums(let work, let tensor, let value): sums[work, default: [:]][tensor] = value
        case .columnSums(let work, let tensor, let value): columnSums[work, default: [:]][tensor] = value
        case .rowValues(let work, let tensor, let value): rowValues[work, default: [:]][tensor] = value
        }
    }

    /// Remembers from now on what is added.
    func record() { added = [] }

    /// What was added since `record`, which is not remembered any more.
    func recorded() -> [CoarseEntry] {
        defer { added = nil }
        return added ?? []
    }

    /// Removes the results of some nodes.
    func forget(_ nodes: [NodeID]) {
        computed.subtract(nodes)
        for node in nodes {
            scalars[node] = nil
            vectors[node] = nil
            cuts[node] = nil
            columnCuts[node] = nil
        }
    }

    /// Makes sure that a node without any instance counts as computed.
    func touch(_ node: NodeID) { if !has(node) { add(.none(node)) } }

    func sums(_ work: LeafSums, _ tensor: Int) -> [Double]? { sums[work]?[tensor] }
    func set(_ work: LeafSums, _ tensor: Int, _ value: [Double]) { add(.sums(work, tensor, value)) }

    func columnSums(_ work: ColumnSums, _ tensor: Int) -> [Double]? { columnSums[work]?[tensor] }
    func set(_ work: ColumnSums, _ tensor: Int, _ value: [Double]) { add(.columnSums(work, tensor, value)) }

    func rowValues(_ work: RowValues, _ tensor: Int) -> [Double]? { rowValues[work]?[tensor] }
    func set(_ work: RowValues, _ tensor: Int, _ value: [Double]) { add(.rowValues(work, tensor, value)) }
}

/// A result of the store: of a node or of a pass's work, for an instance or a tensor, by number.
enum CoarseEntry {
    /// A node that may have no instance at all.
    case none(NodeID)
    case scalar(NodeID, Int, Double)
    case vector(NodeID, Int, [Double])
    case cut(NodeID, Int, Cut)
    case columnCut(NodeID, Int, ColumnCut)
    case sums(LeafSums, Int, [Double])
    case columnSums(ColumnSums, Int, [Double])
    case rowValues(RowValues, Int, [Double])
}

/// What separates the largest values from the others: everything above the threshold is kept, and among the values equal
/// to it those before the boundary, which is an index within a tensor; tensors count in name order.
struct Cut: Sendable, Equatable {
    var threshold: Double
    var boundary: String
    var last: Int

    /// Nothing is kept.
    static let nothing = Cut(threshold: .infinity, boundary: "", last: -1)

    /// The last kept index among the values of a tensor that equal the threshold; −1 if none is kept.
    func lastIndex(in tensor: String) -> Int {
        if tensor == boundary { return last }
        return Graph.precedes(tensor, boundary) ? Int.max : -1
    }
}

/// A cut for each column of a tensor: thresholds, and last kept rows among equals.
struct ColumnCut: Sendable {
    var thresholds: [Double]
    var lastRows: [Double]
}
