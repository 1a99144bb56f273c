/// The results of everything coarser than an element, kept for the session: two candidates of a search share them.
final class CoarseStore {
    /// A value for each instance of a node's scope.
    enum Value: Sendable {
        /// By instance: a tensor's number, a layer's key, a group's number, or 0 for the one of model scope.
        case scalars([Int: Double])
        /// By tensor: one value for each row or column.
        case vectors([Int: [Double]])
        /// By instance.
        case cuts([Int: Cut])
        /// By tensor: a cut for each column.
        case columnCuts([Int: ColumnCut])
    }

    private var values: [NodeID: Value] = [:]
    /// What passes have accumulated, tensor by tensor, before it is combined at a coarser scope.
    private var partials: [Job: [Int: Double]] = [:]
    private var partialVectors: [Job: [Int: [Double]]] = [:]

    func has(_ node: NodeID) -> Bool { values[node] != nil }

    func scalars(_ node: NodeID) -> [Int: Double]? {
        if case .scalars(let found) = values[node] { found } else { nil }
    }

    func vectors(_ node: NodeID) -> [Int: [Double]]? {
        if case .vectors(let found) = values[node] { found } else { nil }
    }

    func cut(_ node: NodeID, _ instance: Int) -> Cut? {
        if case .cuts(let found) = values[node] { found[instance] } else { nil }
    }

    func columnCut(_ node: NodeID, _ tensor: Int) -> ColumnCut? {
        if case .columnCuts(let found) = values[node] { found[tensor] } else { nil }
    }

    func set(_ node: NodeID, _ instance: Int, _ value: Double) {
        var all = scalars(node) ?? [:]
        values[node] = nil
        all[instance] = value
        values[node] = .scalars(all)
    }

    func set(_ node: NodeID, _ tensor: Int, _ value: [Double]) {
        var all = vectors(node) ?? [:]
        values[node] = nil
        all[tensor] = value
        values[node] = .vectors(all)
    }

    func set(_ node: NodeID, _ instance: Int, _ value: Cut) {
        var all: [Int: Cut] = [:]
        if case .cuts(let found) = values[node] { all = found }
        values[node] = nil
        all[instance] = value
        values[node] = .cuts(all)
    }

    func set(_ node: NodeID, _ tensor: Int, _ value: ColumnCut) {
        var all: [Int: ColumnCut] = [:]
        if case .columnCuts(let found) = values[node] { all = found }
        values[node] = nil
        all[tensor] = value
        values[node] = .columnCuts(all)
    }

    /// Removes the results of some nodes.
    func forget(_ nodes: [NodeID]) {
        for node in nodes { values[node] = nil }
    }

    /// Makes sure that a node without any instance counts as computed.
    func touch(_ node: NodeID) {
        if values[node] == nil { values[node] = .scalars([:]) }
    }

    func partial(_ job: Job, _ tensor: Int) -> Double? { partials[job]?[tensor] }
    func set(_ job: Job, _ tensor: Int, _ value: Double) { partials[job, default: [:]][tensor] = value }

    func partialVector(_ job: Job, _ tensor: Int) -> [Double]? { partialVectors[job]?[tensor] }
    func set(_ job: Job, _ tensor: Int, _ value: [Double]) { partialVectors[job, default: [:]][tensor] = value }
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
