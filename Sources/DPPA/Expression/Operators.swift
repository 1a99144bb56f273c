import DPPACheckpoint
import DPPAKernels

/// Elementwise operations, with the rules of spaces, scopes and selections.
extension Graph {
    /// `op(x)`; what is linear makes a delta of a delta, everything else a value.
    public func unary(_ op: UnaryOp, _ x: NodeID) throws -> NodeID {
        let (operand, facts) = (self[x], op.facts)
        if facts.takesMasks { try requireMask(x, facts.symbol) }
        return try make(
            .unary(op, x), operand.scope, facts.spaces.space(operand.space), isMask: facts.givesMask,
            domain: operand.domain, label: operand.label)
    }

    /// `a op b` at the finer of the two scopes.
    public func binary(_ op: BinaryOp, _ a: NodeID, _ b: NodeID) throws -> NodeID {
        if op == .subtract, let known = differences[Difference(model: a, base: b)] { return known }
        let a = try carried(a, to: b)
        let b = try carried(b, to: a)
        let (left, right, facts) = (self[a], self[b], op.facts)
        if facts.takesMasks {
            try requireMask(a, facts.symbol)
            try requireMask(b, facts.symbol)
        }
        guard let space = facts.spaces.space(left.space, right.space) else {
            throw mistake(
                "model + model has no meaning: \(left.label ?? "a model") and \(right.label ?? "a model") are both models",
                "for a mean write dppa.average{ models = {a, b}, weights = {0.5, 0.5} }",
                "to add what one learnt write a + (b - base); to compute with plain numbers write dppa.weights(a)")
        }
        let scope = Scope.join(left.scope, right.scope)
        let domain = try join(a, b, space, facts.symbol)
        return try make(
            .binary(op, a, b), scope, space, isMask: facts.givesMask, domain: domain,
            label: joinedLabel(left, right, difference: op == .subtract && left.space == .model))
    }

    /// `where(mask, a, b)`: a delta if one side is a delta and the other a delta or zero.
    public func select(_ mask: NodeID, _ a: NodeID, _ b: NodeID) throws -> NodeID {
        try requireMask(mask, "where")
        let mask = try carried(carried(mask, to: a), to: b)
        let a = try carried(carried(a, to: b), to: mask)
        let b = try carried(carried(b, to: a), to: mask)
        let (left, right) = (self[a], self[b])
        let space: Space =
            switch (left.space, right.space) {
            case (.delta, .delta): .delta
            case (.delta, .value) where isZero(b): .delta
            case (.value, .delta) where isZero(a): .delta
            case (.model, .model): .model
            default: .value
            }
        var domain = try join(a, b, space == .model ? .value : space, "where")
        if let sides = domain {
            let meeting = Meeting(what: "where", sides: [mask, a, b])
            try requireEqualShapes(mask, a, meeting)
            try requireEqualShapes(mask, b, meeting)
            try requireCover(mask, sides, meeting)
        } else {
            domain = self[mask].domain
        }
        let scope = Scope.join(self[mask].scope, Scope.join(left.scope, right.scope))
        return try make(
            .select(mask, a, b), scope, space, isMask: left.isMask && right.isMask, domain: domain,
            label: joinedLabel(left, right))
    }

    /// `min(max(x, low), high)`.
    public func clamp(_ x: NodeID, _ low: NodeID, _ high: NodeID) throws -> NodeID {
        let result = try binary(.minimum, binary(.maximum, x, low), high)
        clamped[result] = x
        return result
    }

    /// `x` rounded to a storage type and back; the space stays.
    ///
    /// What is coarser than an element is rounded to float32 first, as it is where it enters the arithmetic of elements.
    public func roundTo(_ dtype: DType, _ x: NodeID) throws -> NodeID {
        let operand = self[x]
        guard operand.scope != .row else {
            throw mistake("round_to: the operand is per row; round elements, or what is per tensor or coarser")
        }
        return try make(
            .roundTo(dtype, x), operand.scope, operand.space, domain: operand.domain, label: operand.label)
    }

    /// The same numbers under another space: the door out of the rules of spaces.
    public func reinterpret(_ x: NodeID, as space: Space, like: NodeID? = nil) throws -> NodeID {
        let operand = self[x]
        guard operand.domain != nil else {
            throw mistake("as_\(space.rawValue): a plain number has no tensors")
        }
        if let like, let domain = self[like].domain {
            let meeting = Meeting(what: "as_\(space.rawValue)", sides: [x, like])
            try requireEqualShapes(x, like, meeting)
            try requireCover(x, domain, meeting)
        }
        return try make(.reinterpret(x), operand.scope, space, domain: operand.domain, label: operand.label)
    }

    private func joinedLabel(_ a: Node, _ b: Node, difference: Bool = false) -> String? {
        if difference || b.label == nil || a.label == b.label { return a.label }
        return a.label == nil ? b.label : nil
    }

    func requireMask(_ x: NodeID, _ what: String) throws {
        guard !self[x].isMask else { return }
        throw mistake(
            "\(what) needs a mask; this is a \(describe(x))",
            "a mask comes from a comparison such as x:gt(0), from top, or from masks joined by & | ~")
    }

    func isZero(_ x: NodeID) -> Bool {
        if case .constant(let bits) = self[x].operation { return Double(bitPattern: bits) == 0 }
        return false
    }

    /// Scope and space in words, for messages: "per-layer value", "delta".
    package func describe(_ x: NodeID) -> String {
        let node = self[x]
        if case .constant(let bits) = node.operation { return "number \(Double(bitPattern: bits))" }
        if node.isMask { return "per-\(node.scope.name) mask" }
        return node.scope.isElement && node.space != .value ? node.space.rawValue : "per-\(node.scope.name) value"
    }
}
