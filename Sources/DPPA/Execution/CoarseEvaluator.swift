/// Computes everything coarser than an element out of what passes have accumulated, in float64.
///
/// A reduction over several tensors reduces each tensor first and then the tensors in name order, by the same leaf and
/// tree scheme as elements (`TreeSum`), so that the result depends on nothing but the numbers.
struct CoarseEvaluator {
    let graph: Graph
    let store: CoarseStore

    /// Computes a node for the instances that the given tensors belong to.
    func evaluate(_ id: NodeID, on tensors: [TensorID]) throws {
        let node = graph[id]
        if case .constant(let bits) = node.operation {
            store.set(id, 0, Double(bitPattern: bits))
            return
        }
        if node.domain == nil { return store.set(id, 0, value(id, node, nil, 0)) }
        store.touch(id)
        var done: Set<Int> = []
        let domain = graph.domain(of: id)
        for tensor in tensors where domain?.contains(tensor) == true {
            guard let instance = graph.instance(of: tensor, at: node.scope), done.insert(instance).inserted else {
                continue
            }
            compute(id, node, instance, members(id, node.scope, tensor))
        }
    }

    private func compute(_ id: NodeID, _ node: Node, _ instance: Int, _ members: [TensorID]) {
        guard let first = members.first else { return }
        switch node.operation {
        case .reduce(let op, let x, let y):
            if node.scope == .column {
                let job = Job.columns(op.accumulated, x, y)
                guard let sums = store.partialVector(job, first.index) else { return }
                let rows = Double(max(1, graph.facts(first).rowCount))
                store.set(id, first.index, sums.map { finish(op, $0, rows) })
            } else {
                store.set(id, instance, reduce(op, x, y, members))
            }
        case .cut(let x, let share, let isCount) where !graph[x].scope.isElement:
            store.set(id, instance, cut(x, value(share, first), isCount, members))
        case .kth(let x, let index) where !graph[x].scope.isElement:
            store.set(id, instance, kth(x, value(index, first), members))
        case .cut, .kth:
            return  // the selection of the pass has left its result
        default:
            if node.scope.isVector {
                let count = node.scope == .row ? graph.facts(first).rowCount : graph.facts(first).rowLength
                store.set(id, first.index, (0..<count).map { value(id, node, first, $0) })
            } else {
                store.set(id, instance, value(id, node, first, 0))
            }
        }
    }

    /// An operand's value on a tensor, at an index of its rows or columns.
    func value(_ id: NodeID, _ tensor: TensorID?, _ index: Int = 0) -> Double {
        let node = graph[id]
        if case .constant(let bits) = node.operation { return Double(bitPattern: bits) }
        if node.scope == .model { return store.scalars(id)?[0] ?? 0 }
        guard let tensor else { return 0 }
        if node.scope.isVector {
            let vector = store.vectors(id)?[tensor.index] ?? store.partialVector(.rows(id), tensor.index)
            guard let vector, index < vector.count else { return 0 }
            return vector[index]
        }
        guard let instance = graph.instance(of: tensor, at: node.scope) else { return 0 }
        return store.scalars(id)?[instance] ?? 0
    }

    /// One value of an elementwise node from the values of its operands.
    private func value(_ id: NodeID, _ node: Node, _ tensor: TensorID?, _ index: Int) -> Double {
        switch node.operation {
        case .constant(let bits): return Double(bitPattern: bits)
        case .table(let table): return tensor.flatMap { graph.tables[table][$0] } ?? 0
        case .size(let scope):
            return tensor.map { Double(sampleCount(scope, members(id, node.scope, $0))) } ?? 0
        case .unary(let op, let x): return ScalarMath.unary(op, value(x, tensor, index))
        case .binary(let op, let a, let b):
            return ScalarMath.binary(op, value(a, tensor, index), value(b, tensor, index))
        case .select(let mask, let a, let b):
            return value(mask, tensor, index) != 0 ? value(a, tensor, index) : value(b, tensor, index)
        case .restrict(let x), .broadcast(let x), .reinterpret(let x): return value(x, tensor, index)
        case .branch(let parts):
            let part = parts.first { part in tensor.map { graph.domain(of: part)?.contains($0) ?? true } ?? true }
            return part.map { value($0, tensor, index) } ?? 0
        case .kept(let x, let cutID):
            guard let tensor, let instance = graph.instance(of: tensor, at: graph[cutID].scope),
                let cut = store.cut(cutID, instance)
            else { return 0 }
            let (number, name) = (value(x, tensor, index), graph.facts(representative(of: tensor, x)).name)
            let isKept =
                number.isFinite
                && (number > cut.threshold || (number == cut.threshold && index <= cut.lastIndex(in: name)))
            return isKept ? 1 : 0
        case .roundTo(let dtype, let x): return DTypeConversion.rounded(value(x, tensor, index), to: dtype)
        case .source, .reduce, .cut, .rowTop, .kth, .rank, .uniform: return 0
        }
    }

    /// The tensors of a node's selection in the same instance of a scope as the given one.
    private func members(_ id: NodeID, _ scope: Scope, _ tensor: TensorID) -> [TensorID] {
        if scope == .tensor || scope.isVector { return [tensor] }
        let instance = graph.instance(of: tensor, at: scope)
        return graph.domain(of: id)?.tensors.filter { graph.instance(of: $0, at: scope) == instance } ?? []
    }

    /// The first tensor of a node's selection in the instance that a tensor belongs to: it stands for the instance.
    private func representative(of tensor: TensorID, _ id: NodeID) -> TensorID {
        let scope = graph[id].scope
        guard scope == .layer || !scope.staysInUnit, let instance = graph.instance(of: tensor, at: scope) else {
            return tensor
        }
        return graph.domain(of: id)?.tensors.first { graph.instance(of: $0, at: scope) == instance } ?? tensor
    }

    /// How many samples of a scope some tensors hold.
    func sampleCount(_ scope: Scope, _ members: [TensorID]) -> Int {
        switch scope {
        case .element: members.reduce(0) { $0 + graph.facts($1).numel }
        case .row: members.reduce(0) { $0 + graph.facts($1).rowCount }
        case .column: members.reduce(0) { $0 + graph.facts($1).rowLength }
        default: Set(members.compactMap { graph.instance(of: $0, at: scope) }).count
        }
    }

    private func reduce(_ op: Reduction, _ x: NodeID, _ y: NodeID?, _ members: [TensorID]) -> Double {
        let scope = graph[x].scope
        let totals: [Double]
        switch scope {
        case .element:
            let job = Job.partial(op.accumulated, x, y)
            totals = members.filter { graph.facts($0).numel > 0 }.compactMap { store.partial(job, $0.index) }
        case .row, .column:
            totals = members.compactMap { tensor in
                let facts = graph.facts(tensor)
                let count = scope == .row ? facts.rowCount : facts.rowLength
                guard count > 0 else { return nil }
                return accumulate(
                    op.accumulated, (0..<count).map { value(x, tensor, $0) },
                    y.map { y in (0..<count).map { value(y, tensor, $0) } })
            }
        default:
            let heads = members.filter { representative(of: $0, x) == $0 }
            totals = [
                accumulate(op.accumulated, heads.map { value(x, $0) }, y.map { y in heads.map { value(y, $0) } })
            ]
        }
        let combining: ReductionOp = op == .max ? .maximum : op == .min ? .minimum : .sum
        return finish(op, accumulate(combining, totals, nil), Double(max(1, sampleCount(scope, members))))
    }

    private func finish(_ op: Reduction, _ total: Double, _ count: Double) -> Double {
        switch op {
        case .mean: total / count
        case .norm: total.squareRoot()
        case .sum, .count, .max, .min, .dot: total
        }
    }

    private func accumulate(_ op: ReductionOp, _ values: [Double], _ others: [Double]?) -> Double {
        guard !values.isEmpty else { return 0 }
        return values.withUnsafeBufferPointer { x in
            guard let start = x.baseAddress else { return 0 }
            guard let others else { return TreeSum.reduce(op, start, nil, count: x.count) }
            return others.withUnsafeBufferPointer { TreeSum.reduce(op, start, $0.baseAddress, count: x.count) }
        }
    }
}

/// Orders among values that are coarser than elements: few enough to sort.
extension CoarseEvaluator {
    private struct Sample {
        var value: Double
        var tensor: String
        var index: Int
    }

    private func samples(_ x: NodeID, _ members: [TensorID]) -> [Sample] {
        let scope = graph[x].scope
        return members.filter { representative(of: $0, x) == $0 }.flatMap { tensor in
            let facts = graph.facts(tensor)
            let count = scope == .row ? facts.rowCount : scope == .column ? facts.rowLength : 1
            return (0..<count).map { Sample(value: value(x, tensor, $0), tensor: facts.name, index: $0) }
        }
    }

    private func cut(_ x: NodeID, _ share: Double, _ isCount: Bool, _ members: [TensorID]) -> Cut {
        let all = samples(x, members)
        let finite = all.filter(\.value.isFinite)
        let wanted = min(Order.wanted(share, isCount, of: all.count), finite.count)
        guard wanted > 0 else { return .nothing }
        let sorted = finite.enumerated().sorted {
            ($1.element.value, $0.offset) < ($0.element.value, $1.offset)
        }
        let last = sorted[wanted - 1].element
        return Cut(threshold: last.value, boundary: last.tensor, last: last.index)
    }

    private func kth(_ x: NodeID, _ index: Double, _ members: [TensorID]) -> Double {
        let sorted = samples(x, members).map(\.value).sorted { $0 < $1 || ($1.isNaN && !$0.isNaN) }
        guard !sorted.isEmpty else { return 0 }
        return sorted[Order.index(index, of: sorted.count)]
    }
}

/// The arithmetic of shares and indices, in one place.
enum Order {
    /// How many of n values a share stands for: ⌊share · n⌋, at least 1 if the share is positive, or the count itself.
    static func wanted(_ share: Double, _ isCount: Bool, of count: Int) -> Int {
        guard share > 0, count > 0 else { return 0 }
        let wanted = isCount ? share : (share * Double(count)).rounded(.down)
        return wanted >= Double(count) ? count : max(isCount ? 0 : 1, Int(wanted))
    }

    /// An ascending index cut to what there is; NaN counts as 0.
    static func index(_ index: Double, of count: Int) -> Int {
        guard index > 0 else { return 0 }
        return index >= Double(count - 1) ? count - 1 : Int(index)
    }
}
