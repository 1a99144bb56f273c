import DPPAExpression

/// What of a run has to be computed, where tensors of its outputs are there already: each node on the tensors on which
/// something that is asked for depends on it.
package struct Needs {
    /// Nil where everything is needed.
    private let uses: [NodeID: Set<TensorID>]?

    /// Of a run to which nothing is there yet.
    static let everything = Needs(uses: nil)

    private init(uses: [NodeID: Set<TensorID>]?) { self.uses = uses }

    /// Of requests, which are always wanted whole, and of the tensors that outputs have places for.
    init(_ graph: Graph, requests: [NodeID], outputs: [Engine.Output]) {
        guard outputs.contains(where: { $0.isPartial }) else {
            self = .everything
            return
        }
        var roots: [NodeID: Set<TensorID>] = [:]
        for id in requests { roots[id, default: []].formUnion(graph.tensors(of: id)) }
        for output in outputs { roots[output.node, default: []].formUnion(output.slots.keys) }
        uses = graph.uses(roots)
    }

    /// Whether a node is needed on a tensor.
    func contains(_ node: NodeID, on tensor: TensorID) -> Bool { uses?[node, default: []].contains(tensor) ?? true }

    /// Whether a node is needed wherever it has values.
    func isWhole(_ node: NodeID, _ graph: Graph) -> Bool {
        uses == nil || graph.tensors(of: node).allSatisfy { contains(node, on: $0) }
    }

    /// Those of some tensors on which a node is needed.
    func tensors(of node: NodeID, among all: [TensorID]) -> [TensorID] {
        uses == nil ? all : all.filter { contains(node, on: $0) }
    }

    /// The tensors that some work has to be done on.
    func tensors(of work: any PassWork, _ graph: Graph, _ outputs: [Engine.Output]) -> [TensorID] {
        let all = work.tensors(graph, outputs)
        return work is OutputWrite ? all : tensors(of: work.subject, among: all)
    }

    /// Whether some work has to be done on a tensor.
    func contains(_ work: any PassWork, on tensor: TensorID) -> Bool {
        work is OutputWrite || contains(work.subject, on: tensor)
    }
}

extension Graph {
    /// The nodes that the values of some nodes on some tensors are made of, each with the tensors on which it goes into them.
    func uses(_ roots: [NodeID: Set<TensorID>]) -> [NodeID: Set<TensorID>] {
        var uses = roots
        for id in reachable(from: Array(roots.keys)).sorted(by: >) {
            let scope = self[id].scope
            var used = uses[id, default: []]
            if self[id].operation.reduced != nil, !scope.isVector {
                let instances = Set(used.map { instance(of: $0, at: scope) })
                used = Set(tensors(of: id).filter { instances.contains(instance(of: $0, at: scope)) })
            }
            for operand in self[id].operation.operands {
                uses[operand, default: []].formUnion(used.compactMap { tensor($0, in: operand) ?? $0 })
            }
        }
        return uses
    }
}
