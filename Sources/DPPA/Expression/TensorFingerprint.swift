import DPPACheckpoint
import DPPAKernels
import DPPASupport

/// Recognises what an expression is on one tensor: two that have one fingerprint there are computed to the same bytes.
///
/// It is made of the nodes that the tensor's value depends on and of nothing else: of a branch the part that has the tensor,
/// of numbers that reach over several tensors what they are made of on all of these, and of what models hold whatever the
/// caller knows of it. Where a model lies, and what else a recipe does, is not in it.
package final class TensorFingerprint {
    /// What is known of the elements of a model's tensor; nil where nothing is.
    package typealias Leaf = (_ model: Int, _ tensor: TensorID) throws -> UInt128?

    /// A node on a tensor.
    private struct Place: Hashable {
        var node: NodeID
        var tensor: TensorID
    }

    /// An instance of a node that several tensors go into.
    private struct Gathering: Hashable {
        var node: NodeID
        var instance: Int
    }

    private struct Selection: Hashable {
        var domain: DomainID
        var scope: Scope
    }

    /// What a walk comes to: a fingerprint, nil where something is not known, or what has to be gathered before.
    private enum Outcome {
        case known(UInt128?)
        case missing([Gathering])
    }

    /// Whether something that was walked over is computed of whole matrices, whose last bits depend on the processor.
    package private(set) var hasMatrices = false
    private let graph: Graph
    private let leaf: Leaf
    private var gathered: [Gathering: Outcome] = [:]
    private var operations: [NodeID: UInt128] = [:]
    private var instances: [Selection: [Int: [TensorID]]] = [:]

    /// Fingerprints of a graph's nodes, where `leaf` tells what models hold; it is asked once for each use.
    package init(_ graph: Graph, leaf: @escaping Leaf) {
        (self.graph, self.leaf) = (graph, leaf)
    }

    /// The fingerprint of a node on a tensor; nil when it depends on a leaf of which nothing is known.
    package func callAsFunction(_ root: NodeID, on tensor: TensorID) throws -> UInt128? {
        while true {
            switch try walk(root, tensor) {
            case .known(let hash): return hash
            case .missing(let first): try gather(first)
            }
        }
    }

    /// Makes fingerprints of what reaches over several tensors, of what it depends on first: a loop, as graphs may be deep.
    private func gather(_ first: [Gathering]) throws {
        var open = first
        while let next = open.last {
            guard gathered[next] == nil else {
                open.removeLast()
                continue
            }
            let outcome = try combine(next)
            if case .missing(let others) = outcome { open += others } else { gathered[next] = outcome }
        }
    }

    /// A reduction or an order over all tensors of an instance.
    private func combine(_ gathering: Gathering) throws -> Outcome {
        let node = graph[gathering.node]
        guard let domain = node.domain else { return .known(nil) }
        let members = members(domain, node.scope)[gathering.instance, default: []]
        var hash = Fingerprint(value: operation(gathering.node))
        var missing: [Gathering] = []
        for operand in node.operation.operands {
            hash.add(UInt64(members.count))
            for member in members {
                switch try walk(operand, graph.tensor(member, in: operand) ?? member) {
                case .known(nil): return .known(nil)
                case .known(let part?): hash.add(part)
                case .missing(let others): missing += others
                }
            }
        }
        return missing.isEmpty ? .known(hash.value) : .missing(missing)
    }

    private func walk(_ root: NodeID, _ tensor: TensorID) throws -> Outcome {
        var open = [Place(node: root, tensor: tensor)]
        var seen: Set<Place> = []
        var missing: [Gathering] = []
        while let place = open.popLast() {
            guard seen.insert(place).inserted else { continue }
            guard let gathering = gathering(place) else {
                open += operands(of: place).compactMap(\.self)
                continue
            }
            if gathered[gathering] == nil { missing.append(gathering) }
        }
        guard missing.isEmpty else { return .missing(missing) }
        var known: [Place: UInt128] = [:]
        // Operands come before what uses them.
        for place in seen.sorted(by: { $0.node < $1.node }) {
            if let gathering = gathering(place) {
                guard case .known(let hash?) = gathered[gathering] else { return .known(nil) }
                known[place] = hash
                continue
            }
            var hash = Fingerprint(value: operation(place.node))
            guard try add(place, to: &hash) else { return .known(nil) }
            for operand in operands(of: place) { hash.add(operand.flatMap { known[$0] } ?? 0) }
            known[place] = hash.value
        }
        return .known(known[Place(node: root, tensor: tensor)])
    }

    /// What a node has of a tensor besides operands; false where that is not known.
    private func add(_ place: Place, to hash: inout Fingerprint) throws -> Bool {
        let (node, facts) = (graph[place.node], graph.facts(place.tensor))
        hash.add(graph.isAbsent(place.node, on: place.tensor) ? 1 : UInt8(0))
        if node.scope != .model, !node.scope.isKeyed { hash.add(facts) }
        func add(_ table: Int) { hash.add(graph.tables[table][place.tensor]?.bitPattern ?? 0) }
        switch node.operation {
        case .source(let model):
            guard graph.selects(place.node, place.tensor) else { return true }
            guard let found = try leaf(model, place.tensor) else { return false }
            hash.add(found)
        case .table(let table): add(table)
        case .serialUniform(_, let starts): add(starts)
        case .matrix(let operation, let operands):
            hasMatrices = true
            hash.add(MatrixProduct.processor)
            // Where a block begins is told by the tensor that it is taken of.
            guard case .block(let row, let column) = operation,
                let whole = operands.first.flatMap({ graph.tensor(place.tensor, in: $0) })
            else { break }
            for table in [row, column] { hash.add(graph.tables[table][whole]?.bitPattern ?? 0) }
        case .size(let scope):
            hash.add(scope.name)
            guard let domain = node.domain, let instance = graph.instance(of: place.tensor, at: node.scope) else {
                return true
            }
            let members = node.scope == .model || node.scope.isKeyed ? members(domain, node.scope)[instance] : nil
            for tensor in members ?? [place.tensor] {
                hash.add(graph.facts(tensor))
                hash.add(UInt64(bitPattern: Int64(graph.instance(of: tensor, at: scope) ?? -1)))
            }
        default: break
        }
        return true
    }

    /// The operands on the tensor; nil for what a matrix lacks there.
    private func operands(of place: Place) -> [Place?] {
        let (node, tensor) = (graph[place.node], place.tensor)
        // An absent delta is nothing, whatever it would be made of; its numbers per layer may be there nevertheless.
        if graph.isAbsent(place.node, on: tensor), !node.scope.isKeyed { return [] }
        switch node.operation {
        case .branch(let parts):
            return parts.first { graph.selects($0, tensor) }.map { [Place(node: $0, tensor: tensor)] } ?? []
        case .matrix(_, let operands):
            return operands.map { operand in
                graph.tensor(tensor, in: operand).map { Place(node: operand, tensor: $0) }
            }
        case let operation:
            return operation.operands.map { Place(node: $0, tensor: graph.tensor(tensor, in: $0) ?? tensor) }
        }
    }

    /// The instance of a reduction or an order over several tensors; nil for everything else.
    private func gathering(_ place: Place) -> Gathering? {
        let node = graph[place.node]
        guard node.scope == .model || node.scope.isKeyed else { return nil }
        switch node.operation {
        case .reduce, .cut, .kth:
            return graph.instance(of: place.tensor, at: node.scope).map {
                Gathering(node: place.node, instance: $0)
            }
        default: return nil
        }
    }

    private func operation(_ id: NodeID) -> UInt128 {
        if let known = operations[id] { return known }
        let node = graph[id]
        var hash = Fingerprint()
        hash.add(node.space.rawValue)
        hash.add(node.isMask ? 1 : UInt8(0))
        hash.add(node.scope.name)
        node.operation.add(to: &hash)
        operations[id] = hash.value
        return hash.value
    }

    /// The tensors of a selection by the instances of a scope, in name order.
    private func members(_ domain: DomainID, _ scope: Scope) -> [Int: [TensorID]] {
        let selection = Selection(domain: domain, scope: scope)
        if let known = instances[selection] { return known }
        var found: [Int: [TensorID]] = [:]
        for tensor in graph.domain(domain).tensors {
            if let instance = graph.instance(of: tensor, at: scope) { found[instance, default: []].append(tensor) }
        }
        instances[selection] = found
        return found
    }
}

extension Fingerprint {
    /// A tensor's name and shape.
    package mutating func add(_ facts: TensorFacts) {
        add(facts.name)
        add(UInt64(facts.shape.count))
        for size in facts.shape { add(UInt64(size)) }
    }
}
