import DPPACheckpoint
import DPPAKernels
import DPPASupport

/// Deltas that are weighted sums of adapters: their factors are put together, and the delta is never built.
///
/// With δ = Σ cᵢ · Bᵢ · Aᵢ, the factors [c₁B₁ c₂B₂ …] and [A₁; A₂; …] are δ without anything left out. Where they come to a higher rank
/// than is asked for, thin decompositions of both leave a core of r × r numbers, whose singular values are those of δ.
extension Graph {
    /// One term: the adapter that it is of, and what its factors are multiplied by.
    private struct Term: Hashable {
        var model: Int
        /// Numbers per tensor or coarser; nil for 1.
        var weight: NodeID?
    }

    /// The factors of those tensors of a delta that are sums of adapters; several, where the terms differ.
    func adapterSums(_ delta: NodeID, isTransposed: Bool, _ options: LowRankOptions) throws -> [LowRankFactors] {
        var groups: [[Term]: Set<String>] = [:]
        var order: [[Term]] = []
        for tensor in tensors(of: delta) {
            guard let terms = try? terms(of: delta, on: tensor), !terms.isEmpty, let merged = try? merged(terms) else {
                // Weights that meet on no common selection: the delta is decomposed as any other.
                continue
            }
            if groups[merged] == nil { order.append(merged) }
            groups[merged, default: []].insert(facts(tensor).name)
        }
        return try order.flatMap { terms -> [LowRankFactors] in
            let names = groups[terms, default: []]
            let stacked = try stacked(terms, names, isTransposed)
            // By their ranks, some are as they are, and some must lose something.
            func rank(_ facts: TensorFacts) -> Int { facts.shape[1] }
            func isSmall(_ facts: TensorFacts) -> Bool {
                options.isExact || options.energy == nil && rank(facts) <= options.rank ?? .max
            }
            let members = tensors(of: stacked.up).map(self.facts)
            let small = Set(members.filter(isSmall).map(\.name))
            let large = names.subtracting(small)
            return try [
                small.isEmpty ? nil : exact(part(stacked, small)),
                large.isEmpty ? nil : decomposed(part(stacked, large), options),
            ].compactMap(\.self)
        }
    }

    /// Whether a delta is known to be zero on a tensor: adapters that do not change it.
    func isKnownZero(_ delta: NodeID, on tensor: TensorID) -> Bool {
        (try? terms(of: delta, on: tensor))?.isEmpty ?? false
    }

    private typealias Pair = (up: NodeID, down: NodeID)

    private func part(_ pair: Pair, _ names: Set<String>) throws -> Pair {
        (
            try restrict(pair.up, ":lora") { names.contains($0.name) },
            try restrict(pair.down, ":lora") { names.contains($0.name) }
        )
    }

    private func exact(_ pair: Pair) throws -> LowRankFactors {
        // ‖B · A‖² = Σ (BᵀB ∘ AAᵀ), of small matrices.
        let inner = try product(transpose(pair.up), pair.up)
        let outer = try product(pair.down, transpose(pair.down))
        let size = try reduce(.dot, inner, with: outer, over: .tensor)
        return LowRankFactors(
            up: pair.up, down: pair.down, kept: size, total: size,
            exact: Set(tensors(of: pair.up).map { facts($0).name }))
    }

    private func decomposed(_ pair: Pair, _ options: LowRankOptions) throws -> LowRankFactors {
        let whole = SVDOptions(isSingle: options.isSingle)
        let (left, right) = (try svd(pair.up, whole), try svd(pair.down, whole))
        let first = try binary(
            .multiply, spread(left.s, over: left.vt, isByRow: true), left.vt)
        let second = try binary(
            .multiply, right.u, spread(right.s, over: right.u, isByRow: false))
        let core = try self.whole(product(first, second))
        var inner = options.inner
        inner.seed = nil
        let small = try svd(core, rank: options.rank.map { try constant(Double($0)) }, inner)
        let outer = (
            u: try product(left.u, small.u), s: small.s, vt: try product(small.vt, right.vt)
        )
        return try factors(outer, options) { try self.reduce(.dot, core, with: core, over: .tensor) }
    }

    /// All factors of some terms beside each other, on tensors that all terms have.
    private func stacked(_ terms: [Term], _ names: Set<String>, _ isTransposed: Bool) throws -> Pair {
        var (ups, downs): ([NodeID], [NodeID]) = ([], [])
        for term in terms {
            guard let factors = factors(of: term.model) else {
                throw DPPAError(.internalFault, ":lora: \(models[term.model].label) has lost its factors")
            }
            let up = try restrict(shapedSource(factors.up), ":lora") { names.contains($0.name) }
            let down = try restrict(shapedSource(factors.down), ":lora") { names.contains($0.name) }
            var scales: [String: Double] = [:]
            for name in names { scales[name] = factors.scales[name] }
            var weight = try perTensor(up, scales)
            if let own = term.weight {
                weight = try binary(
                    .multiply, weight,
                    self[own].scope == .tensor ? restrict(own, ":lora") { names.contains($0.name) } : own)
            }
            ups.append(try binary(.multiply, up, weight))
            downs.append(down)
        }
        let (left, right) = (try beside(ups), try below(downs))
        return isTransposed ? (try transpose(right), try transpose(left)) : (left, right)
    }

    /// Terms of one adapter as one.
    private func merged(_ terms: [Term]) throws -> [Term] {
        var (weights, order): ([Int: NodeID], [Int]) = ([:], [])
        for term in terms {
            let weight = try term.weight ?? constant(1)
            if let known = weights[term.model] {
                weights[term.model] = try combined(.add, known, weight)
            } else {
                order.append(term.model)
                weights[term.model] = weight
            }
        }
        return order.map { Term(model: $0, weight: weights[$0]) }
    }

    /// The terms of a delta on a tensor, none where it is known to be zero; nil where it is no sum of adapters.
    private func terms(of root: NodeID, on tensor: TensorID) throws -> [Term]? {
        var open: [(id: NodeID, weight: NodeID?)] = [(root, nil)]
        var terms: [Term] = []
        while let (id, weight) = open.popLast() {
            let node = self[id]
            guard selects(id, tensor) else {
                guard node.space == .delta else { return nil }
                continue
            }
            func scaled(by other: NodeID, _ op: BinaryOp) throws -> NodeID {
                try combined(op, weight ?? constant(1), other)
            }
            switch node.operation {
            case .source(let model):
                guard node.space == .delta, terms.count < 256 else { return nil }
                let name = facts(tensor).name
                if models[model].isZero(name) { continue }
                guard factors(of: model)?.scales[name] != nil else { return nil }
                terms.append(Term(model: model, weight: weight))
            case .restrict(let x): open.append((x, weight))
            case .reinterpret(let x):
                guard self[x].space == .delta else { return nil }
                open.append((x, weight))
            case .branch(let parts): open += parts.filter { selects($0, tensor) }.map { ($0, weight) }
            case .binary(.add, let a, let b): open += [(b, weight), (a, weight)]
            case .binary(.subtract, let a, let b) where self[a].space == .model:
                // What was added to a model is left when the model is taken away.
                var sum = a
                while sum != b {
                    guard case .binary(.add, let x, let y) = self[sum].operation else { return nil }
                    let isFirst = self[x].space == .model
                    open.append((isFirst ? y : x, weight))
                    sum = isFirst ? x : y
                }
            case .binary(.subtract, let a, let b): open += [(b, try scaled(by: constant(-1), .multiply)), (a, weight)]
            case .binary(.multiply, let a, let b):
                if isNumber(a) {
                    open.append((b, try scaled(by: a, .multiply)))
                } else if isNumber(b) {
                    open.append((a, try scaled(by: b, .multiply)))
                } else {
                    return nil
                }
            case .binary(.divide, let a, let b):
                guard isNumber(b) else { return nil }
                open.append((a, try scaled(by: b, .divide)))
            case .unary(.negate, let x): open.append((x, try scaled(by: constant(-1), .multiply)))
            default: return nil
            }
        }
        return terms
    }

    /// Whether a node is one number on a tensor, whatever shape the tensor has.
    private func isNumber(_ id: NodeID) -> Bool {
        if case .group = self[id].scope { return false }
        return self[id].scope.isScalar && !self[id].isMask
    }

    /// `a op b` of numbers, on the tensors that both have.
    private func combined(_ op: BinaryOp, _ a: NodeID, _ b: NodeID) throws -> NodeID {
        guard self[a].scope == .tensor, self[b].scope == .tensor, let first = domain(of: a), let second = domain(of: b)
        else { return try binary(op, a, b) }
        let names = Set(first.members.intersection(second.members).map { facts($0).name })
        return try binary(
            op, restrict(a, "lora") { names.contains($0.name) }, restrict(b, ":lora") { names.contains($0.name) })
    }

    /// The factors of an adapter's matrices; nil for what is no adapter.
    private func factors(of model: Int) -> AdapterFactors? {
        if let known = adapterFactors[model] { return known }
        let found = AdapterFactors(models[model])
        adapterFactors[model] = .some(found)
        return found
    }
}
