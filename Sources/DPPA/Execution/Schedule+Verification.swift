import DPPAExpression

/// What must hold of a schedule; tests and the fuzzer's recipes run with this check, others without its cost.
extension Schedule {
    /// Throws an `internalFault` that names the node unless every coarse value is computed before it is used, and every
    /// reduction after the pass that accumulates it.
    ///
    /// It is worked out from the graph alone: what a pass or a coarse value uses is what can be reached through elements and
    /// rows, which are made tile by tile.
    package func verify(_ graph: Graph, outputs: [NodeID], store: CoarseStore = CoarseStore()) throws {
        var known: [NodeID: Stage] = [:]
        for (stage, nodes) in coarse.sorted(by: { $0.key < $1.key }) {
            for id in nodes {
                guard known[id] == nil else { throw graph.fault("is scheduled twice", id) }
                try verify(id, graph, at: stage) { known[$0] != nil || store.has($0) }
                known[id] = stage
            }
        }
        for (stage, list) in work {
            for item in list {
                for used in Self.used(by: item, graph) where !store.has(used) {
                    guard let made = known[used], made <= stage else {
                        throw graph.fault("is used in a pass before it is computed", used)
                    }
                }
            }
        }
        for output in outputs.indices
        where !work.values.joined().contains(where: { ($0 as? OutputWrite)?.number == output }) {
            throw graph.fault("is never written", outputs[output])
        }
    }

    /// A coarse node after its operands, and after the pass of its epoch, or the epoch, that accumulates it.
    private func verify(_ id: NodeID, _ graph: Graph, at stage: Stage, isKnown: (NodeID) -> Bool) throws {
        let node = graph[id]
        guard node.scope.staysInUnit || stage.pass == 0 else { throw graph.fault("is not known to every unit", id) }
        // Elements and rows are made in passes; all else is a number by now, such as the share of a cut.
        let given = node.operation.operands.filter { !graph[$0].isFine || graph[$0].isKeptRows(graph) }
        if let missing = given.first(where: { !isKnown($0) }) {
            throw graph.fault("is used before it is computed", missing)
        }
        guard let x = node.operation.reduced, node.scope != .row, graph[x].isFine else { return }
        let needed = node.work(id, graph)
        let isEarlier = work.contains { other, list in
            needed.allSatisfy { item in list.contains { $0.equals(item) } }
                && (node.scope.staysInUnit ? other < stage && other.epoch == stage.epoch : other.epoch < stage.epoch)
        }
        guard isEarlier else { throw graph.fault("is computed before a pass has accumulated it", id) }
    }

    /// The coarse nodes that the programs of a pass's work are given as numbers.
    private static func used(by item: any PassWork, _ graph: Graph) -> Set<NodeID> {
        var open = item.operands + item.givens
        var used: Set<NodeID> = []
        var seen: Set<NodeID> = []
        while let id = open.popLast() {
            guard seen.insert(id).inserted else { continue }
            if !graph[id].isFine || graph[id].isKeptRows(graph) {
                used.insert(id)
            } else {
                open += graph[id].operation.operands
            }
        }
        return used
    }
}
