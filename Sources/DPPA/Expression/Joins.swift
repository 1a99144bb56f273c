import DPPACheckpoint

/// Which tensors the result of two operands has: fields over different selections join on the tensor's name.
extension Graph {
    /// The selection of `a ∘ b`.
    ///
    /// A missing delta counts as zero; a missing model or value is an error. A number, and a value of one instance for
    /// all tensors, holds everywhere; a value per layer or group holds on every tensor of an instance that it has.
    func join(_ a: NodeID, _ b: NodeID, _ space: Space, _ what: String) throws -> DomainID? {
        let (left, right) = (self[a], self[b])
        guard let first = left.domain, left.scope != .model else {
            return right.scope == .model ? left.domain ?? right.domain : right.domain
        }
        guard let second = right.domain, right.scope != .model else { return first }
        if first == second { return first }
        let meeting = Meeting(what: what, sides: [a, b])
        try requireEqualShapes(a, b, meeting)

        if space == .model {
            let (model, delta) = left.space == .model ? (a, second) : (b, first)
            try requireCover(model, delta, meeting)
            return self[model].domain
        }
        if space == .delta, left.space != right.space {
            let (delta, value) = left.space == .delta ? (first, b) : (second, a)
            try requireCover(value, delta, meeting)
            return delta
        }
        if left.scope.isKeyed {
            try requireCover(a, second, meeting)
            return second
        }
        if right.scope.isKeyed {
            try requireCover(b, first, meeting)
            return first
        }
        let both = intern(Array(domain(first).members.union(domain(second).members)))
        if left.space != .delta { try requireCover(a, both, meeting) }
        if right.space != .delta { try requireCover(b, both, meeting) }
        return both
    }

    /// Throws when a node has no value for some tensor of a selection.
    func requireCover(_ id: NodeID, _ domain: DomainID, _ meeting: Meeting) throws {
        let node = self[id]
        guard let own = node.domain, own != domain, node.scope != .model else { return }
        let lacking: [TensorID]
        if node.scope.isKeyed {
            let instances = Set(self.domain(own).tensors.compactMap { instance(of: $0, at: node.scope) })
            lacking = self.domain(domain).tensors.filter {
                guard let key = instance(of: $0, at: node.scope) else { return true }
                return !instances.contains(key)
            }
        } else {
            lacking = self.domain(domain).tensors.filter { !self.domain(own).contains($0) }
        }
        guard lacking.isEmpty else { throw lack(of: id, lacking, meeting) }
    }
}

/// Numbers per tensor of matrices of other shapes: they belong to the name, not to the shape.
extension Graph {
    /// A number for each tensor on those tensors of another node that have its names and other shapes; every other node as it is.
    func carried(_ x: NodeID, to other: NodeID) throws -> NodeID {
        guard hasMatrices, self[x].scope == .tensor, let own = domain(of: x), let target = domain(of: other),
            self[other].scope != .model, self[x].domain != self[other].domain
        else { return x }
        var shapes: [String: TensorID] = [:]
        for tensor in target.tensors { shapes[facts(tensor).name] = tensor }
        let members = own.tensors.map { shapes[facts($0).name] ?? $0 }
        guard members != own.tensors else { return x }
        return try make(
            .carried(x), .tensor, self[x].space, isMask: self[x].isMask, domain: intern(members), label: self[x].label)
    }

    /// The tensor that an operand has where a node has another of the same name: itself, but for what changes shapes.
    ///
    /// Nil where the operand has none of the name.
    package func tensor(_ tensor: TensorID, in operand: NodeID) -> TensorID? {
        guard hasMatrices, !selects(operand, tensor) else { return tensor }
        return self.tensor(facts(tensor).name, of: operand)
    }
}

extension Scope {
    /// Whether instances go by a key that several tensors share.
    var isKeyed: Bool {
        switch self {
        case .layer, .group: true
        default: false
        }
    }
}
