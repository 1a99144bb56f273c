import DPPACheckpoint
import DPPASupport

/// Recognises an expression that was seen before, in this run or an earlier one.
///
/// Two nodes have equal fingerprints when they compute the same from the same files: operations, scopes, selections, random
/// streams and tables by their content; models by the stamp of their files, unless it is said by what.
package final class GraphFingerprint {
    private let graph: Graph
    private let identity: (OpenModel) -> UInt128
    private var knownModels: [Int: UInt128] = [:]
    private var known: [NodeID: UInt128] = [:]
    private var knownDomains: [DomainID: UInt128] = [:]

    /// Fingerprints of a graph's nodes; `identity` tells models apart.
    package init(_ graph: Graph, identity: @escaping (OpenModel) -> UInt128 = \.stamp) {
        (self.graph, self.identity) = (graph, identity)
    }

    /// The fingerprint of a node.
    package func callAsFunction(_ root: NodeID) -> UInt128 {
        var result = Fingerprint().value
        // Operands come before what uses them, and the root last.
        for id in graph.reachable(from: [root]).sorted() {
            result = known[id] ?? fingerprint(id)
            known[id] = result
        }
        return result
    }

    private func fingerprint(_ id: NodeID) -> UInt128 {
        let node = graph[id]
        var hash = Fingerprint()
        hash.add(node.space.rawValue)
        hash.add(node.isMask ? 1 : UInt8(0))
        add(node.scope, to: &hash)
        hash.add(node.domain == nil ? 0 : UInt8(1))
        if let domain = node.domain { hash.add(fingerprint(domain)) }
        add(node.operation, to: &hash)
        for operand in node.operation.operands { hash.add(known[operand] ?? fingerprint(operand)) }
        return hash.value
    }

    /// What an operation is, its operands aside.
    private func add(_ operation: Operation, to hash: inout Fingerprint) {
        operation.add(to: &hash)
        switch operation {
        case .source(let model):
            let identity = knownModels[model] ?? identity(graph.models[model])
            knownModels[model] = identity
            hash.add(identity)
        case .table(let table): add(graph.tables[table].mapValues(\.bitPattern), to: &hash)
        case .size(let scope): add(scope, to: &hash)
        case .serialUniform(_, let starts): add(graph.tables[starts].mapValues(\.bitPattern), to: &hash)
        case .matrix(.block(let row, let column), _):
            for table in [row, column] { add(graph.tables[table].mapValues(\.bitPattern), to: &hash) }
        default: break
        }
    }

    private func add(_ scope: Scope, to hash: inout Fingerprint) {
        hash.add(scope.name)
        guard case .group(let grouping) = scope else { return }
        add(graph.groupings[grouping.index].mapValues { UInt64($0) }, to: &hash)
    }

    /// A number for each tensor, in the order of their names.
    private func add(_ numbers: [TensorID: UInt64], to hash: inout Fingerprint) {
        hash.add(UInt64(numbers.count))
        for (name, number) in numbers.map({ (graph.facts($0.key).name, $0.value) }).sorted(by: {
            Graph.precedes($0.0, $1.0)
        }) {
            hash.add(name)
            hash.add(number)
        }
    }

    private func fingerprint(_ domain: DomainID) -> UInt128 {
        if let known = knownDomains[domain] { return known }
        var hash = Fingerprint()
        for tensor in graph.domain(domain).tensors { hash.add(graph.facts(tensor)) }
        knownDomains[domain] = hash.value
        return hash.value
    }
}

extension Operation {
    /// What an operation is without its operands, and without what a graph keeps for it: models, tables and groups.
    func add(to hash: inout Fingerprint) {
        switch self {
        case .source: hash.add("source")
        case .constant(let bits):
            hash.add("constant")
            hash.add(bits)
        case .table: hash.add("table")
        case .size: hash.add("size")
        case .unary(let op, _): hash.add("unary \(op)")
        case .binary(let op, _, _): hash.add("binary \(op)")
        case .select: hash.add("select")
        case .reduce(let op, _, let other): hash.add("reduce \(op) \(other != nil)")
        case .cut(_, _, let isCount): hash.add("cut \(isCount)")
        case .kept: hash.add("kept")
        case .rowTop(_, _, let isCount): hash.add("row top \(isCount)")
        case .kth: hash.add("kth")
        case .rank: hash.add("rank")
        case .uniform(let seed, let stream):
            hash.add("uniform")
            hash.add(seed)
            hash.add(stream)
        case .serialUniform(let seed, _):
            hash.add("serial uniform")
            hash.add(seed)
        case .roundTo(let dtype, _): hash.add("round \(dtype.rawValue)")
        case .restrict: hash.add("restrict")
        case .branch(let parts): hash.add("branch \(parts.count)")
        case .broadcast: hash.add("broadcast")
        case .reinterpret: hash.add("reinterpret")
        case .carried: hash.add("carried")
        case .matrix(.block, _): hash.add("block")
        case .matrix(let operation, let operands): hash.add("matrix \(operation) \(operands.count)")
        }
    }
}
