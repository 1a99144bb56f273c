import DPPACheckpoint
import DPPAExpression

/// Makes the program of one tensor for one pass: resolves which operands the tensor has, and folds coarse values in.
struct ProgramCompiler {
    /// What a node is on this tensor.
    enum Value: Hashable {
        /// A delta that the tensor does not have: it changes nothing.
        case missing
        /// Elements, rows or one number.
        case slot(Slot)
        /// A number for each column.
        case column([Double])
    }

    let graph: Graph
    let coarse: CoarseArithmetic
    let tensor: TensorID
    var program = Program()
    var values: [NodeID: Value] = [:]
    /// The registers of what has been spread out.
    var spread: [Value: Slot] = [:]
    var registers = 0
    let facts: TensorFacts
    /// The matrices that are in memory.
    var matrices: MatrixValues?
    /// What earlier passes over the unit have left.
    var kept: KeptValues?

    init(_ graph: Graph, _ coarse: CoarseArithmetic, _ tensor: TensorID) {
        self.graph = graph
        self.coarse = coarse
        self.tensor = tensor
        facts = graph.facts(tensor)
    }

    /// What a node is on this tensor; what it needs is appended to the program, operands first.
    mutating func value(_ root: NodeID) throws -> Value {
        var stack = [root]
        while let id = stack.last {
            if values[id] != nil {
                stack.removeLast()
                continue
            }
            if let known = try immediate(id) {
                values[id] = known
                continue
            }
            let open = try graph.operands(of: id, on: tensor).filter { values[$0] == nil }
            if open.isEmpty {
                values[id] = try emit(id)
                stack.removeLast()
            } else {
                // The last pushed is computed first: left before right keeps few values alive in sums.
                stack.append(contentsOf: open.reversed())
            }
        }
        return try known(root)
    }

    /// The register that holds a node's elements; coarser values are spread out.
    mutating func register(_ id: NodeID) throws -> Slot { try register(of: value(id), id) }

    /// The row register or number of a node that is per row or coarser.
    mutating func row(_ id: NodeID) throws -> Slot { try row(of: value(id), id) }

    /// Fuses steps, gives out final registers and returns the program, verified if wanted, with the new names of what is `kept`.
    mutating func finish(keeping kept: [Slot], isVerified: Bool) throws -> (program: Program, kept: [Slot]) {
        let kept = program.fuse(keeping: kept, rowLength: facts.rowLength)
        let original = program
        let names = try program.allocateRegisters(keeping: kept)
        if isVerified {
            try program.verifyRegisters(of: original, kept: kept, names: names)
            try program.verify(kept: names, on: facts)
        }
        return (program, names)
    }

    // MARK: - Resolving

    /// The value of a node that needs no operands on this tensor.
    private mutating func immediate(_ id: NodeID) throws -> Value? {
        let node = graph[id]
        if graph.isAbsent(id, on: tensor) { return .missing }
        switch kept?[id, tensor] {
        case .mask(let mask):
            program.masks.append(mask)
            return .slot(append(id, .keptMask(program.masks.count - 1)))
        case .rows(let values): return .slot(appendRow(id, .rows(vector: vector(values))))
        case nil: break
        }
        if node.scope.isScalar { return .slot(.number(try coarse.value(id, tensor))) }
        return node.scope == .column ? .column(try stored(id)) : nil
    }

    /// The values of a node by row or column.
    func stored(_ id: NodeID) throws -> [Double] {
        guard let vector = coarse.vector(id, tensor) else {
            throw graph.fault("values are used before they are computed", id, tensor)
        }
        return vector
    }
}

/// What a program computes on a tensor, and what it is given.
extension Graph {
    /// The operands of a node that a program computes before it on a tensor: of a branch the part that has the tensor, and
    /// none of a mask over rows, which is stored.
    func operands(of id: NodeID, on tensor: TensorID) throws -> [NodeID] {
        let node = self[id]
        switch node.operation {
        case .branch(let parts):
            guard let part = parts.first(where: { selects($0, tensor) }) else {
                throw fault("no part of a branch has the tensor", id, tensor)
            }
            return [part]
        case .kept(let x, _): return node.scope == .row ? [] : [x]
        // They are computed before the program runs.
        case .matrix: return []
        case let operation: return operation.operands
        }
    }
}
