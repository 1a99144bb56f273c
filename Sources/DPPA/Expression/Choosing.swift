import DPPAKernels

/// Choosing elements by their order, and random numbers.
extension Graph {
    /// The mask of the k largest values of each instance of a scope: k = ⌊share · n⌋ in float64, at least 1 if the share
    /// is positive, or the count itself.
    ///
    /// Exact; among equal values the lowest flat index is kept, tensors in name order; non-finite values never.
    public func top(_ x: NodeID, share: NodeID, isCount: Bool, over scope: Scope) throws -> NodeID {
        try requireReducible(x, over: scope, "top")
        let share = try carried(share, to: x)
        try requireParameter(share, scope, "top", isCount ? "the count" : "the fraction")
        let node = self[x]
        if scope == .row {
            return try make(
                .rowTop(x, share: share, isCount: isCount), node.scope, isMask: true, domain: node.domain,
                label: node.label)
        }
        let cut = try make(
            .cut(x, share: share, isCount: isCount), scope, domain: node.domain, label: node.label)
        return try make(.kept(x, by: cut), node.scope, isMask: true, domain: node.domain, label: node.label)
    }

    /// The order statistic with an ascending index from 0.
    ///
    /// NaN counts as the largest. The index is cut to what there is.
    public func kth(_ x: NodeID, index: NodeID, over scope: Scope) throws -> NodeID {
        try requireReducible(x, over: scope, "kth")
        let index = try carried(index, to: x)
        try requireParameter(index, scope, "kth", "the index")
        return try make(.kth(x, index: index), scope, domain: self[x].domain, label: self[x].label)
    }

    /// The ascending rank from 0 of each element within its row; among equals by index; NaN last.
    public func rank(_ x: NodeID, over scope: Scope) throws -> NodeID {
        guard scope == .row else {
            throw mistake(
                "rank: ranks exist within a 'row' only, not within a '\(scope.name)'",
                "top(x, fraction, scope) and kth(x, index, scope) work at every scope")
        }
        guard self[x].scope.isElement else { throw mistake("rank: the operand is a \(describe(x)), not per element") }
        return try make(.rank(x), .element, domain: self[x].domain, label: self[x].label)
    }

    /// Uniform random numbers of [0, 1) with 24 bits for every element of a node's selection.
    ///
    /// Philox 4×32-10 with the key (seed, stream, tensor name) and the flat index as its counter; the stream defaults to
    /// the node's label, so that experts differ.
    public func uniform(like x: NodeID, seed: UInt64, stream: String?) throws -> NodeID {
        let node = self[x]
        guard let domain = node.domain else { throw mistake("uniform: a plain number has no elements") }
        guard let stream = stream ?? node.label else {
            throw mistake(
                "uniform: this \(describe(x)) comes from several models, so the random stream needs a name",
                "write :uniform{ stream = \"…\" }, another name for each independent draw")
        }
        return try make(
            .uniform(seed: seed, stream: stream), .element, domain: domain, label: node.label)
    }

    /// Random numbers of [0, 1) with 24 bits of one serial stream of MT19937, one node for each share.
    ///
    /// The stream goes through the tensors of `x` in bytewise order of names, within a tensor through the shares in order, within
    /// each of these through the elements. Where a share is 1 or more, and unless `drawsAtZero` where it is 0 or less, it takes no
    /// numbers. A share is a number for each tensor that is known without reading, or for all.
    public func mt19937(
        like x: NodeID, shares: [NodeID], seed: UInt64, drawsAtZero: Bool
    ) throws -> [NodeID] {
        guard let domain = self[x].domain else { throw mistake("mt19937: a plain number has no elements") }
        let numbers = try shares.map(knownNumber)
        var starts = Array(repeating: [TensorID: Double](), count: shares.count)
        var place = 0
        for tensor in self.domain(domain).tensors {
            for index in shares.indices {
                starts[index][tensor] = Double(place)
                let number = numbers[index](tensor)
                if number < 1, drawsAtZero || number > 0 { place += facts(tensor).numel }
            }
        }
        if serialStreams[seed] == nil { serialStreams[seed] = SerialStream(seed: seed) }
        return try starts.map {
            try make(.serialUniform(seed: seed, starts: number(of: $0)), .element, domain: domain)
        }
    }

    /// What a node is on each tensor, where no weight has to be read for it: tables, numbers, and arithmetic of a few of them.
    ///
    /// A tensor that a table does not have counts as any share below 1.
    private func knownNumber(_ x: NodeID) throws -> (TensorID) -> Double {
        let steps = reachable(from: [x]).sorted()
        let isKnown = steps.allSatisfy {
            switch self[$0].operation {
            case .constant, .table, .unary, .binary, .restrict, .broadcast, .reinterpret: true
            default: false
            }
        }
        guard isKnown, steps.count <= 100 else {
            throw mistake(
                "mt19937: a share is a \(describe(x)) that is measured, but where the stream is depends on it",
                "shares are numbers, or numbers for each tensor that are known without reading")
        }
        return { tensor in
            var values: [NodeID: Double] = [:]
            for step in steps {
                values[step] =
                    switch self[step].operation {
                    case .constant(let bits): Double(bitPattern: bits)
                    case .table(let table): self.tables[table][tensor] ?? 0.5
                    case .unary(let op, let a): op(values[a] ?? 0)
                    case .binary(let op, let a, let b): op(values[a] ?? 0, values[b] ?? 0)
                    case .restrict(let a), .broadcast(let a), .reinterpret(let a): values[a] ?? 0
                    default: 0
                    }
            }
            return values[x] ?? 0
        }
    }

    private func requireParameter(_ x: NodeID, _ scope: Scope, _ what: String, _ role: String) throws {
        guard Scope.join(self[x].scope, scope) == scope else {
            throw mistake(
                "\(what): \(role) is a \(describe(x)), finer than the scope '\(scope.name)' that it is for",
                "reduce it to '\(scope.name)' or a coarser scope first")
        }
    }
}
