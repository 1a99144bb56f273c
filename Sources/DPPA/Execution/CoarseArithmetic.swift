import DPPAExpression
import DPPAKernels

/// Computes everything coarser than an element out of what passes have accumulated, in float64.
///
/// A reduction over several tensors reduces each tensor first and then the tensors in name order, by the same leaf and
/// tree scheme as elements (`Accumulation`), so that the result depends on nothing but the numbers.
package struct CoarseArithmetic {
    /// What a delta is on a tensor that it does not have.
    static let absentDelta = 0.0
    /// Any reduction, and any order statistic, of nothing.
    static let ofNothing = 0.0

    let graph: Graph
    let store: CoarseStore

    /// Computes a node for the instances that the given tensors belong to.
    func evaluate(_ id: NodeID, on tensors: [TensorID]) throws {
        let node = graph[id]
        guard let domain = graph.domain(of: id) else { return store.set(id, 0, try elementwise(id, node, nil, 0)) }
        store.touch(id)
        var done: Set<Int> = []
        for tensor in tensors where domain.contains(tensor) {
            guard let instance = graph.instance(of: tensor, at: node.scope) else {
                throw graph.fault("a tensor is in no instance of the scope", id, tensor)
            }
            if done.insert(instance).inserted { try compute(id, node, instance, tensor) }
        }
    }

    /// Computes a node for the instance that a tensor of its selection belongs to.
    private func compute(_ id: NodeID, _ node: Node, _ instance: Int, _ tensor: TensorID) throws {
        let members = members(id, node.scope, tensor)
        switch node.operation {
        case .reduce(let op, let x, let y):
            if node.scope == .column {
                guard let sums = store.columnSums(ColumnSums(op: op.accumulated, x: x, y: y), tensor.index) else {
                    throw graph.fault("no pass has reduced the columns", id, tensor)
                }
                store.set(id, tensor.index, op.finishColumns(sums, count: graph.facts(tensor).rowCount))
            } else {
                store.set(id, instance, try reduce(id, op, x, y, members))
            }
        case .cut(let x, let share, let isCount) where !graph[x].scope.isElement:
            store.set(id, instance, try cut(x, value(share, tensor), isCount, members))
        case .kth(let x, let index) where !graph[x].scope.isElement:
            store.set(id, instance, try kth(x, value(index, tensor), members))
        case .cut, .kth:
            return  // the selection of the pass has left its result
        default:
            if node.scope.isVector {
                let facts = graph.facts(tensor)
                let count = node.scope == .row ? facts.rowCount : facts.rowLength
                store.set(id, tensor.index, try (0..<count).map { try elementwise(id, node, tensor, $0) })
            } else {
                store.set(id, instance, try elementwise(id, node, tensor, 0))
            }
        }
    }

    /// An operand's value on a tensor, at an index of its rows or columns.
    ///
    /// Throws an `internalFault` when it has not been computed.
    func value(_ id: NodeID, _ tensor: TensorID?, _ index: Int = 0) throws -> Double {
        let node = graph[id]
        if case .constant(let bits) = node.operation { return Double(bitPattern: bits) }
        if node.scope == .model {
            if let known = store.scalar(id, 0) { return known }
            guard store.has(id), let domain = graph.domain(of: id), domain.tensors.isEmpty else {
                throw graph.fault("a value is used before it is computed", id, tensor)
            }
            return Self.ofNothing
        }
        guard let tensor else { throw graph.fault("one number for all tensors depends on a single one", id) }
        if node.scope.isVector {
            if let vector = vector(id, tensor) {
                guard vector.indices.contains(index) else { throw graph.fault("no row or column \(index)", id, tensor) }
                return vector[index]
            }
        } else if let instance = graph.instance(of: tensor, at: node.scope), let known = store.scalar(id, instance) {
            return known
        }
        guard node.space == .delta, !graph.selects(id, tensor) else {
            throw graph.fault("a value is used before it is computed", id, tensor)
        }
        return Self.absentDelta
    }

    /// The stored values of a node by row or column; rows may be stored as such or kept from a pass.
    func vector(_ id: NodeID, _ tensor: TensorID) -> [Double]? {
        store.vector(id, tensor.index) ?? store.rowValues(RowValues(x: id), tensor.index)
    }

    /// One value of an elementwise node from the values of its operands.
    private func elementwise(_ id: NodeID, _ node: Node, _ tensor: TensorID?, _ index: Int) throws -> Double {
        switch node.operation {
        case .constant(let bits): return Double(bitPattern: bits)
        case .table(let table):
            guard let tensor, let number = graph.tables[table][tensor] else {
                throw graph.fault("a table has no number", id, tensor)
            }
            return number
        case .size(let scope):
            guard let tensor else { throw graph.fault("a size has no tensors", id) }
            return Double(sampleCount(scope, members(id, node.scope, tensor)))
        case .unary(let op, let x): return op(try value(x, tensor, index))
        case .binary(let op, let a, let b):
            return op(try value(a, tensor, index), try value(b, tensor, index))
        case .select(let mask, let a, let b):
            return try value(mask, tensor, index) != 0 ? value(a, tensor, index) : value(b, tensor, index)
        case .restrict(let x), .broadcast(let x), .reinterpret(let x): return try value(x, tensor, index)
        case .carried(let x): return try value(x, tensor.flatMap { graph.tensor($0, in: x) }, index)
        case .branch(let parts):
            guard let tensor, let part = parts.first(where: { graph.selects($0, tensor) }) else {
                throw graph.fault("no branch", id, tensor)
            }
            return try value(part, tensor, index)
        case .kept(let x, let cutID):
            guard let tensor, let instance = graph.instance(of: tensor, at: graph[cutID].scope),
                let cut = store.cut(cutID, instance)
            else { throw graph.fault("a cut is used before it is found", cutID, tensor) }
            let (number, name) = (try value(x, tensor, index), graph.facts(try representative(of: tensor, x)).name)
            let isKept =
                number.isFinite
                && (number > cut.threshold || (number == cut.threshold && index <= cut.lastIndex(in: name)))
            return isKept ? 1 : 0
        case .roundTo(let dtype, let x): return DTypeConversion.rounded(try value(x, tensor, index), to: dtype)
        case .source, .reduce, .cut, .rowTop, .kth, .rank, .uniform, .serialUniform, .matrix:
            throw graph.fault("no coarse value can be computed of this", id, tensor)
        }
    }

    /// The tensors of a node's selection in the same instance of a scope as one of them.
    private func members(_ id: NodeID, _ scope: Scope, _ tensor: TensorID) -> [TensorID] {
        if scope == .tensor || scope.isVector { return [tensor] }
        let instance = graph.instance(of: tensor, at: scope)
        return graph.tensors(of: id).filter { graph.instance(of: $0, at: scope) == instance }
    }

    /// The first tensor of a node's selection in the instance that a tensor belongs to: it stands for the instance.
    func representative(of tensor: TensorID, _ id: NodeID) throws -> TensorID {
        let scope = graph[id].scope
        guard scope == .layer || !scope.staysInUnit else { return tensor }
        let instance = graph.instance(of: tensor, at: scope)
        guard instance != nil,
            let first = graph.tensors(of: id).first(where: { graph.instance(of: $0, at: scope) == instance })
        else { throw graph.fault("no tensor stands for the instance", id, tensor) }
        return first
    }

    /// How many samples of a scope some tensors hold.
    package func sampleCount(_ scope: Scope, _ members: [TensorID]) -> Int {
        switch scope {
        case .element: members.reduce(0) { $0 + graph.facts($1).numel }
        case .row: members.reduce(0) { $0 + graph.facts($1).rowCount }
        case .column: members.reduce(0) { $0 + graph.facts($1).rowLength }
        default: Set(members.compactMap { graph.instance(of: $0, at: scope) }).count
        }
    }

    private func reduce(
        _ id: NodeID, _ op: Reduction, _ x: NodeID, _ y: NodeID?, _ members: [TensorID]
    ) throws -> Double {
        let (scope, accumulated) = (graph[x].scope, op.accumulated)
        /// What some samples come to.
        func numbers(_ samples: [(tensor: TensorID, index: Int)]) throws -> [Double] {
            accumulated.reduce(
                try samples.map { try value(x, $0.tensor, $0.index) },
                try y.map { y in try samples.map { try value(y, $0.tensor, $0.index) } })
        }
        let states: [Double]
        switch scope {
        case .element:
            let work = LeafSums(op: accumulated, x: x, y: y)
            states = try members.filter { graph.facts($0).numel > 0 }.flatMap { tensor in
                guard let sums = store.sums(work, tensor.index) else {
                    throw graph.fault("no pass has reduced a tensor", id, tensor)
                }
                return sums
            }
        case .row, .column:
            states = try members.flatMap { tensor -> [Double] in
                let facts = graph.facts(tensor)
                let count = scope == .row ? facts.rowCount : facts.rowLength
                return count > 0 ? try numbers((0..<count).map { (tensor, $0) }) : []
            }
        default:
            states = try numbers(members.filter { try representative(of: $0, x) == $0 }.map { ($0, 0) })
        }
        return op.finish(accumulated.join(states), count: sampleCount(scope, members))
    }
}
