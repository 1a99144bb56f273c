import DPPAExpression

/// The searches that are under way, found by what they are of: a pass asks for each of its tensors.
struct OrderSearches {
    /// A node that wants an order statistic, on a tensor.
    private struct Place: Hashable {
        var node: NodeID
        var tensor: TensorID
    }

    let all: [OrderSearch]
    private var places: [Place: (search: OrderSearch, member: Int)] = [:]

    init(_ all: [OrderSearch] = []) {
        self.all = all
        for search in all {
            for (member, tensor) in search.members.enumerated() {
                places[Place(node: search.node, tensor: tensor)] = (search, member)
            }
        }
    }

    /// The search of a node that a tensor takes part in, and the tensor's place among its members.
    func find(_ node: NodeID, _ tensor: TensorID) -> (search: OrderSearch, member: Int)? {
        places[Place(node: node, tensor: tensor)]
    }
}
