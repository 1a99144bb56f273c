import DPPAKernels
import DPPASupport

/// Reductions from a finer to a coarser scope. Every instance of the operand's own scope is one sample.
extension Graph {
    /// `op(x, scope)`, or the weighted mean or sum Σwx/Σw, Σwx when there is a weight.
    ///
    /// Sums are float64; the mean of a mask is exactly count / n; a maximum or minimum passes NaN on; a reduction of
    /// nothing is 0. Throws when the scope is not coarser than the operand's.
    public func reduce(_ op: Reduction, _ x: NodeID, over scope: Scope, weight: NodeID? = nil) throws -> NodeID {
        let facts = op.facts
        try requireReducible(x, over: scope, facts.name)
        if facts.takesMask { try requireMask(x, facts.name) }
        if let weight {
            let weighted = try binary(.multiply, reinterpretIfDelta(x), weight)
            let total = try reduce(.sum, weighted, over: scope)
            if op == .sum { return total }
            guard op == .mean else { throw mistake("\(facts.name) takes no weight; mean and sum do") }
            let weights = try reduce(.sum, broadcast(weight, like: weighted), over: scope)
            // Without samples the mean is 0, not 0 / 0.
            let count = try make(.size(of: self[weighted].scope), scope, domain: self[weighted].domain)
            let isEmpty = try binary(.equal, count, constant(0))
            return try binary(.divide, total, select(isEmpty, constant(1), weights))
        }
        return try make(
            .reduce(op, x, nil), scope, domain: self[x].domain, label: self[x].label)
    }

    /// `op(x, y, scope)` of two operands whose selections and scopes meet as those of a product do.
    public func reduce(_ op: Reduction, _ x: NodeID, with y: NodeID, over scope: Scope) throws -> NodeID {
        let product = try binary(.multiply, x, y)
        try requireReducible(product, over: scope, op.facts.name)
        let node = self[product]
        return try make(
            .reduce(op, broadcast(x, like: product), broadcast(y, like: product)), scope, domain: node.domain,
            label: node.label)
    }

    /// mean((x − mean(x))²), the biased variance, in two passes.
    public func variance(_ x: NodeID, over scope: Scope) throws -> NodeID {
        let deviation = try binary(.subtract, reinterpretIfDelta(x), reduce(.mean, x, over: scope))
        return try reduce(.mean, binary(.multiply, deviation, deviation), over: scope)
    }

    /// The number of elements of each instance of a scope.
    public func numel(_ x: NodeID, over scope: Scope = .tensor) throws -> NodeID {
        guard let domain = self[x].domain else { throw mistake("numel: a plain number has no elements") }
        guard scope.isScalar else { throw mistake("numel: the scope must be tensor or coarser; it is '\(scope.name)'") }
        try requireKeys(domain, scope, "numel")
        return try make(.size(of: .element), scope, domain: domain)
    }

    /// The numbers of a delta as plain values on the same selection.
    func reinterpretIfDelta(_ x: NodeID) throws -> NodeID {
        self[x].space == .value ? x : try reinterpret(x, as: .value)
    }

    /// `x` repeated at the finer scope and on the selection of another node.
    func broadcast(_ x: NodeID, like other: NodeID) throws -> NodeID {
        let (node, target) = (self[x], self[other])
        if node.scope == target.scope && node.domain == target.domain { return x }
        return try make(
            .broadcast(x), target.scope, node.space, isMask: node.isMask, domain: target.domain, label: node.label)
    }

    /// Throws when nothing can be reduced from `x` to a scope.
    func requireReducible(_ x: NodeID, over scope: Scope, _ what: String) throws {
        let node = self[x]
        guard let domain = node.domain else {
            throw mistake("\(what): a plain number has nothing to reduce; this is a \(describe(x))")
        }
        guard scope.isCoarser(than: node.scope) else {
            let coarser = Scope.named.filter { $0.isCoarser(than: node.scope) }.map { "'\($0.name)'" }
            throw mistake(
                "\(what): cannot reduce a \(describe(x)) to '\(scope.name)', which is not coarser than "
                    + "'\(node.scope.name)'",
                coarser.isEmpty ? "it is one number already" : "it can go to \(coarser.joined(separator: ", "))")
        }
        try requireKeys(domain, scope, what)
    }

    private func requireKeys(_ domain: DomainID, _ scope: Scope, _ what: String) throws {
        guard scope.isKeyed else { return }
        let outside = self.domain(domain).tensors.filter { instance(of: $0, at: scope) == nil }.map { facts($0).name }
        guard outside.isEmpty else {
            throw mistake(
                "\(what): \(outside.count) tensor\(outside.count == 1 ? " is" : "s are") in no \(scope.name): "
                    + Phrase.list(outside),
                scope == .layer
                    ? "reduce over the blocks alone: x:linears(), or x:select \"*.layers.*\""
                    : "the grouping was made for another selection")
        }
    }
}
