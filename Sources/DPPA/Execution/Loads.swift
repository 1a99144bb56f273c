import DPPAExpression

/// Which models' tensors the programs of a node load.
///
/// It differs from tensor to tensor only by the selections that hold them, so few tensors are walked for.
struct Loads {
    private let graph: Graph
    private let root: NodeID
    private let domains: [DomainID]
    /// The names of each domain, where a name may have several shapes.
    private let names: [Set<String>]
    private var known: [[Bool]: [Int]] = [:]
    /// What was found last: tensors that follow one another are mostly in the same selections.
    private var last: (membership: [Bool], models: [Int])?

    init(_ graph: Graph, _ root: NodeID) {
        self.graph = graph
        self.root = root
        domains = Set(graph.reachable(from: [root]).compactMap { graph[$0].domain }).sorted { $0.index < $1.index }
        names = !graph.hasMatrices ? [] : domains.map { Set(graph.domain($0).tensors.map { graph.facts($0).name }) }
    }

    mutating func models(on tensor: TensorID) throws -> [Int] {
        func isMember(_ number: Int) -> Bool {
            names.isEmpty
                ? graph.domain(domains[number]).contains(tensor) : names[number].contains(graph.name(tensor))
        }
        if let last, domains.indices.allSatisfy({ last.membership[$0] == isMember($0) }) { return last.models }
        let membership = domains.indices.map(isMember)
        if let models = known[membership] {
            last = (membership, models)
            return models
        }
        var (open, seen, models): ([(id: NodeID, tensor: TensorID)], Set<NodeID>, Set<Int>) = ([(root, tensor)], [], [])
        while let (id, tensor) = open.popLast() {
            guard graph[id].isFine, !graph.isAbsent(id, on: tensor), seen.insert(id).inserted else { continue }
            switch graph[id].operation {
            case .source(let model): models.insert(model)
            case .matrix(_, let operands):
                open += operands.compactMap { operand in graph.tensor(tensor, in: operand).map { (operand, $0) } }
            default: open += try graph.operands(of: id, on: tensor).map { ($0, tensor) }
            }
        }
        known[membership] = models.sorted()
        return models.sorted()
    }
}
