import DPPACheckpoint

/// Expressions on tensors of other names.
extension Graph {
    /// The same expression of the same models with other names, so that it can stand beside another one of the first names: as in a
    /// mixture, where one layer has the MLPs of several experts.
    ///
    /// `name` gives other names for different ones. Random numbers go by the new names; every other number is the same, but for the
    /// choice among equals where tensors come in another order. `identity` tells the views of the models from others.
    package func renamed(_ root: NodeID, identity: String, _ name: @escaping (String) -> String) throws -> NodeID {
        var renaming = Renaming(self, identity: identity, name)
        for id in reachable(from: [root]).sorted() { try renaming.add(id) }
        return renaming.nodes[root] ?? root
    }

    /// Makes known which model an expression starts from, where that is made of those that it reads.
    package func start(_ node: NodeID, from model: Int) { starts[node] = model }

    /// One renaming, operands first.
    private struct Renaming {
        let graph: Graph
        let identity: String
        let name: (String) -> String
        /// What has become of nodes and tensors.
        var nodes: [NodeID: NodeID] = [:]
        private var tensors: [TensorID: TensorID] = [:]

        init(_ graph: Graph, identity: String, _ name: @escaping (String) -> String) {
            (self.graph, self.identity, self.name) = (graph, identity, name)
        }

        mutating func add(_ id: NodeID) throws {
            let node = graph[id]
            if case .source(let number) = node.operation {
                let model = graph.models[number]
                nodes[id] = try graph.source(model.renaming(identity: model.identity + " " + identity, name))
                // It is no model that anybody has opened.
                if case .source(let own)? = nodes[id].map({ graph[$0].operation }) { graph.markPart(own) }
                return
            }
            nodes[id] = try graph.make(
                operation(node.operation), scope(node.scope), node.space, isMask: node.isMask,
                domain: node.domain.map { domain($0) }, label: node.label)
        }

        private func of(_ node: NodeID) -> NodeID { nodes[node] ?? node }

        private mutating func tensor(_ tensor: TensorID) -> TensorID {
            if let known = tensors[tensor] { return known }
            let facts = graph.facts(tensor)
            var own = TensorNaming.facts([(name(facts.name), facts.shape)])[0]
            own.depth = facts.depth
            let id = graph.intern(own)
            tensors[tensor] = id
            return id
        }

        private mutating func domain(_ domain: DomainID) -> DomainID {
            graph.intern(graph.domain(domain).tensors.map { tensor($0) })
        }

        private mutating func table(_ number: Int) -> Int {
            var table: [TensorID: Double] = [:]
            for (key, value) in graph.tables[number] { table[tensor(key)] = value }
            return graph.number(of: table)
        }

        private mutating func scope(_ scope: Scope) throws -> Scope {
            guard case .group(let grouping) = scope else { return scope }
            var members: [TensorID: Int] = [:]
            for (key, value) in graph.groupings[grouping.index] { members[tensor(key)] = value }
            return try graph.grouping(members, names: graph.groupNames[grouping.index])
        }

        private mutating func operation(_ operation: Operation) throws -> Operation {
            switch operation {
            case .source, .constant, .uniform: operation
            case .table(let number): .table(table(number))
            case .size(let own): .size(of: try scope(own))
            case .unary(let op, let x): .unary(op, of(x))
            case .binary(let op, let a, let b): .binary(op, of(a), of(b))
            case .select(let mask, let a, let b): .select(of(mask), of(a), of(b))
            case .reduce(let op, let x, let y): .reduce(op, of(x), y.map(of))
            case .cut(let x, let share, let isCount): .cut(of(x), share: of(share), isCount: isCount)
            case .kept(let x, let cut): .kept(of(x), by: of(cut))
            case .rowTop(let x, let share, let isCount): .rowTop(of(x), share: of(share), isCount: isCount)
            case .kth(let x, let index): .kth(of(x), index: of(index))
            case .rank(let x): .rank(of(x))
            case .serialUniform(let seed, let starts): .serialUniform(seed: seed, starts: table(starts))
            case .roundTo(let type, let x): .roundTo(type, of(x))
            case .restrict(let x): .restrict(of(x))
            case .branch(let parts): .branch(parts.map(of))
            case .broadcast(let x): .broadcast(of(x))
            case .reinterpret(let x): .reinterpret(of(x))
            case .carried(let x): .carried(of(x))
            case .matrix(.block(let row, let column), let operands):
                .matrix(.block(firstRow: table(row), firstColumn: table(column)), operands.map(of))
            case .matrix(let what, let operands): .matrix(what, operands.map(of))
            }
        }
    }
}
