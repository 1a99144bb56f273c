/// Makes the program of one tensor for one pass: resolves which operands the tensor has, and folds coarse values in.
struct ProgramCompiler {
    /// What a node is on this tensor.
    enum Value: Hashable {
        /// A delta that the tensor does not have: it changes nothing.
        case missing
        case scalar(Double)
        case element(Int)
        case row(Program.Row)
        case column([Double])
    }

    let graph: Graph
    let coarse: CoarseEvaluator
    let tensor: TensorID
    private(set) var program = Program()
    private var values: [NodeID: Value] = [:]
    private var elements: [Value: Int] = [:]
    private var registers = 0
    private let facts: TensorFacts

    init(_ graph: Graph, _ coarse: CoarseEvaluator, _ tensor: TensorID) {
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
            if let known = immediate(id) {
                values[id] = known
                continue
            }
            let operands = operands(id)
            let open = operands.filter { values[$0] == nil }
            if open.isEmpty {
                values[id] = try emit(id)
                stack.removeLast()
            } else {
                // The last pushed is computed first: left before right keeps few values alive in sums.
                stack.append(contentsOf: open.reversed())
            }
        }
        return values[root] ?? .missing
    }

    /// The register that holds a node's elements; coarser values are spread out.
    mutating func register(_ id: NodeID) throws -> Int { try register(of: value(id), id) }

    /// The row register or number of a node that is per row or coarser.
    mutating func row(_ id: NodeID) throws -> Program.Row {
        switch try value(id) {
        case .row(let row): row
        case .scalar(let number): .scalar(number)
        case .missing, .element, .column: .scalar(0)
        }
    }

    /// Gives out final registers and returns the program; `registers` are renamed in place.
    mutating func finish(_ registers: inout [Int]) -> Program {
        let names = program.allocateRegisters(keeping: registers)
        registers = registers.map { names[$0] ?? 0 }
        return program
    }

    // MARK: - Resolving

    /// The value of a node that needs no operands on this tensor.
    private func immediate(_ id: NodeID) -> Value? {
        let node = graph[id]
        if let domain = node.domain, !graph.domain(domain).contains(tensor), node.scope != .model {
            if node.space == .delta { return .missing }
            if case .layer = node.scope { return .scalar(coarse.value(id, tensor)) }
            if case .group = node.scope { return .scalar(coarse.value(id, tensor)) }
        }
        if node.scope.isScalar { return .scalar(coarse.value(id, tensor)) }
        if node.scope == .column { return .column(coarse.store.vectors(id)?[tensor.index] ?? []) }
        return nil
    }

    private func operands(_ id: NodeID) -> [NodeID] {
        switch graph[id].operation {
        case .branch(let parts): part(parts).map { [$0] } ?? []
        case .kept(let x, _): graph[id].scope == .row ? [] : [x]
        case let operation: operation.operands
        }
    }

    private func part(_ parts: [NodeID]) -> NodeID? {
        parts.first { graph.domain(of: $0)?.contains(tensor) ?? true }
    }

    // MARK: - Emitting

    private mutating func emit(_ id: NodeID) throws -> Value {
        let node = graph[id]
        switch node.operation {
        case .source(let model):
            guard let source = graph.models[model].source(facts.name) else { return .missing }
            program.sources.append(source)
            program.models.append(model)
            let number = program.sources.count - 1
            return append(id) { .load(source: number, into: $0) }
        case .restrict(let x), .broadcast(let x), .reinterpret(let x): return values[x] ?? .missing
        case .branch(let parts): return part(parts).flatMap { values[$0] } ?? .missing
        case .uniform(let seed, let stream):
            let stream = RandomStream(seed: seed, stream: stream, tensor: facts.name)
            return append(id) { .uniform(stream, into: $0) }
        default:
            return node.scope == .row ? try emitRow(id, node) : try emitElement(id, node)
        }
    }

    private mutating func emitElement(_ id: NodeID, _ node: Node) throws -> Value {
        switch node.operation {
        case .unary(let op, let x):
            if operand(x) == .missing, node.space == .delta { return .missing }
            let register = try register(of: operand(x), id)
            return append(id) { .unary(op, register, into: $0) }
        case .roundTo(let dtype, let x):
            if operand(x) == .missing { return .missing }
            let register = try register(of: operand(x), id)
            return append(id) { .round(dtype, register, into: $0) }
        case .binary(let op, let a, let b):
            if let unchanged = withoutMissing(op, operand(a), operand(b), node.space) {
                guard op == .subtract, operand(a) == .missing, case .element(let register) = unchanged else {
                    return unchanged
                }
                return append(id) { .unary(.negate, register, into: $0) }
            }
            let (left, right) = (try element(operand(a), id), try element(operand(b), id))
            return append(id) { .binary(op, left, right, into: $0) }
        case .select(let mask, let a, let b):
            if node.space == .delta, isNothing(operand(a)), isNothing(operand(b)) { return .missing }
            if case .scalar(let truth) = operand(mask) { return operand(truth != 0 ? a : b) }
            let (left, right) = (try element(operand(a), id), try element(operand(b), id))
            let choice = try register(of: operand(mask), id)
            return append(id) { .select(choice, left, right, into: $0) }
        case .kept(let x, let cutID):
            let register = try register(of: operand(x), id)
            if graph[cutID].scope == .column {
                let cut = coarse.store.columnCut(cutID, tensor.index)
                let (thresholds, lastRows) = (vector(cut?.thresholds ?? []), vector(cut?.lastRows ?? []))
                program.needsRows = true
                return append(id) { .keptInColumns(register, thresholds: thresholds, lastRows: lastRows, into: $0) }
            }
            let instance = graph.instance(of: tensor, at: graph[cutID].scope)
            let cut = instance.flatMap { coarse.store.cut(cutID, $0) } ?? .nothing
            let (threshold, last) = (Float(cut.threshold), cut.lastIndex(in: facts.name))
            return append(id) { .kept(register, threshold: threshold, last: last, into: $0) }
        case .rowTop(let x, let share, let isCount):
            let (register, count) = (try register(of: operand(x), id), row(operand(share)))
            program.needsRows = true
            return append(id) { .rowTop(register, share: count, isCount: isCount, into: $0) }
        case .rank(let x):
            let register = try register(of: operand(x), id)
            program.needsRows = true
            return append(id) { .rank(register, into: $0) }
        default:
            throw DPPAError(.internalFault, "no elementwise program for \(graph.formula(id, depth: 2))")
        }
    }

    private mutating func emitRow(_ id: NodeID, _ node: Node) throws -> Value {
        program.needsRows = true
        switch node.operation {
        case .reduce(let op, let x, let y):
            let first = try register(of: operand(x), id)
            let second = try y.map { try register(of: operand($0), id) }
            let total = appendRow(id) { .rowReduce(op.accumulated, first, second, into: $0) }
            switch op {
            case .mean:
                let count = Double(max(1, facts.rowLength))
                return .row(appendRow(id) { .rowBinary(.divide, total, .scalar(count), into: $0) })
            case .norm: return .row(appendRow(id) { .rowUnary(.sqrt, total, into: $0) })
            default: return .row(total)
            }
        case .kth(let x, let index):
            let (register, position) = (try register(of: operand(x), id), row(operand(index)))
            return .row(appendRow(id) { .rowKth(register, index: position, into: $0) })
        case .kept:
            let stored = vector(coarse.store.vectors(id)?[tensor.index] ?? [])
            return .row(appendRow(id) { .rowLoad(vector: stored, into: $0) })
        case .unary(let op, let x):
            let operand = row(operand(x))
            return .row(appendRow(id) { .rowUnary(op, operand, into: $0) })
        case .binary(let op, let a, let b):
            let (left, right) = (row(operand(a)), row(operand(b)))
            return .row(appendRow(id) { .rowBinary(op, left, right, into: $0) })
        case .select(let mask, let a, let b):
            let (choice, left, right) = (row(operand(mask)), row(operand(a)), row(operand(b)))
            return .row(appendRow(id) { .rowSelect(choice, left, right, into: $0) })
        case .size(let scope):
            return .scalar(scope == .element ? Double(facts.rowLength) : 1)
        default:
            throw DPPAError(.internalFault, "no row program for \(graph.formula(id, depth: 2))")
        }
    }

    /// The result when a delta is missing on this tensor and the operation therefore changes nothing.
    private func withoutMissing(_ op: BinaryOp, _ a: Value, _ b: Value, _ space: Space) -> Value? {
        guard space != .value, a == .missing || b == .missing else { return nil }
        switch op {
        case .add, .subtract: return b == .missing ? a : b
        case .multiply, .divide: return .missing
        default: return nil
        }
    }

    private func operand(_ id: NodeID) -> Value { values[id] ?? .missing }

    private func isNothing(_ value: Value) -> Bool { value == .missing || value == .scalar(0) }

    private func row(_ value: Value) -> Program.Row {
        switch value {
        case .row(let row): row
        case .scalar(let number): .scalar(number)
        case .missing, .element, .column: .scalar(0)
        }
    }

    private mutating func element(_ value: Value, _ id: NodeID) throws -> Program.Element {
        switch value {
        case .missing: .scalar(0)
        case .scalar(let number): .scalar(number)
        case .element(let register): .register(register)
        case .row, .column: .register(try register(of: value, id))
        }
    }

    private mutating func register(of value: Value, _ id: NodeID) throws -> Int {
        if case .element(let register) = value { return register }
        if let known = elements[value] { return known }
        let result: Value
        switch value {
        case .missing: result = append(id) { .fill(0, into: $0) }
        case .scalar(let number): result = append(id) { .fill(number, into: $0) }
        case .row(let row):
            program.needsRows = true
            result = append(id) { .expandRows(row, into: $0) }
        case .column(let column):
            let stored = vector(column)
            result = append(id) { .expandColumns(vector: stored, into: $0) }
        case .element: result = value
        }
        guard case .element(let register) = result else { return 0 }
        elements[value] = register
        return register
    }

    /// The number of stored values that an instruction refers to.
    private mutating func vector(_ values: [Double]) -> Int {
        program.vectors.append(values)
        return program.vectors.count - 1
    }

    private mutating func append(_ id: NodeID, _ make: (Int) -> Program.Instruction) -> Value {
        let register = registers
        registers += 1
        program.instructions.append(make(register))
        program.nodes.append(id)
        return .element(register)
    }

    private mutating func appendRow(_ id: NodeID, _ make: (Int) -> Program.Instruction) -> Program.Row {
        let register = program.rowRegisterCount
        program.rowRegisterCount += 1
        program.instructions.append(make(register))
        program.nodes.append(id)
        return .register(register)
    }
}
