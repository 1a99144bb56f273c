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
        try requireEqualShapes(first, second, what)

        if space == .model {
            let (model, delta) = left.space == .model ? (first, second) : (second, first)
            let lacking = missing(from: model, of: delta)
            guard lacking.isEmpty else {
                throw mistake(
                    "\(what): the delta has tensors that the model lacks: \(Graph.list(lacking))",
                    "leave them out with :select, or add the delta to a model that has them")
            }
            return model
        }
        if space == .delta, left.space != right.space {
            let (delta, value) = left.space == .delta ? (first, b) : (second, a)
            try requireCover(value, delta, what, "the value")
            return delta
        }
        if left.scope.isKeyed { return try covered(second, by: a, what) }
        if right.scope.isKeyed { return try covered(first, by: b, what) }
        let both = try union(first, second, what)
        if left.space != .delta { try requireCover(a, both, what, "the left side") }
        if right.space != .delta { try requireCover(b, both, what, "the right side") }
        return both
    }

    private func covered(_ domain: DomainID, by node: NodeID, _ what: String) throws -> DomainID {
        try requireCover(node, domain, what, "the per-\(self[node].scope.name) value")
        return domain
    }

    /// Throws when a node has no value for some tensor of a selection.
    func requireCover(_ id: NodeID, _ domain: DomainID, _ what: String, _ side: String) throws {
        let node = self[id]
        guard let own = node.domain, own != domain, node.scope != .model else { return }
        try requireEqualShapes(own, domain, what)
        let lacking: [String]
        if node.scope.isKeyed {
            let instances = Set(self.domain(own).tensors.compactMap { instance(of: $0, at: node.scope) })
            lacking = self.domain(domain).tensors.filter {
                guard let key = instance(of: $0, at: node.scope) else { return true }
                return !instances.contains(key)
            }.map { facts($0).name }
        } else {
            lacking = missing(from: own, of: domain)
        }
        guard !lacking.isEmpty else { return }
        throw mistake(
            "\(what): \(side) has no value for \(lacking.count) tensor\(lacking.count == 1 ? "" : "s"): "
                + Graph.list(lacking),
            "put both on one selection with :linears() or :select \"…\"",
            "or change a part and keep the rest with delta:apply(rule)")
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
