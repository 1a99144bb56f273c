import DPPAExpression
import DPPAKernels

/// Emitting the instructions of nodes whose operands are resolved.
extension ProgramCompiler {
    mutating func emit(_ id: NodeID) throws -> Value {
        let node = graph[id]
        switch node.operation {
        case .source(let model):
            guard let source = graph.models[model].source(facts.name) else {
                throw graph.fault("the model lacks the tensor", id, tensor)
            }
            program.sources.append(source)
            program.models.append(model)
            let number = program.sources.count - 1
            return .element(append(id) { .load(source: number, into: $0) })
        case .restrict(let x), .broadcast(let x), .reinterpret(let x): return try known(x)
        case .branch: return try known(graph.operands(of: id, on: tensor)[0])
        case .uniform(let seed, let stream):
            let stream = RandomStream(seed: seed, stream: stream, tensor: facts.name)
            return .element(append(id) { .uniform(stream, into: $0) })
        default:
            return node.scope == .row ? try emitRow(id, node) : try emitElement(id, node)
        }
    }

    private mutating func emitElement(_ id: NodeID, _ node: Node) throws -> Value {
        switch node.operation {
        case .unary(let op, let x):
            let operand = try known(x)
            if case .nothing = op.facts.spaces.remainder(in: node.space, isFirstMissing: operand == .missing) {
                return .missing
            }
            let register = register(of: operand, id)
            return .element(append(id) { .unary(op, register, into: $0) })
        case .roundTo(let dtype, let x):
            let operand = try known(x)
            if operand == .missing { return .missing }
            let register = register(of: operand, id)
            return .element(append(id) { .round(dtype, register, into: $0) })
        case .binary(let op, let a, let b):
            let (first, second) = (try known(a), try known(b))
            switch op.facts.spaces.remainder(
                in: node.space, isFirstMissing: first == .missing, isSecondMissing: second == .missing)
            {
            case .nothing: return .missing
            case .first: return first
            case .second: return second
            case .negativeOfSecond:
                if case .element(let register) = second {
                    return .element(append(id) { .unary(.negate, register, into: $0) })
                }
            case .operation: break
            }
            let (left, right) = (element(first, id), element(second, id))
            return .element(append(id) { .binary(op, left, right, into: $0) })
        case .select(let mask, let a, let b):
            let (choice, first, second) = (try known(mask), try known(a), try known(b))
            if node.space == .delta, isNothing(first), isNothing(second) { return .missing }
            if case .scalar(let truth) = choice { return truth != 0 ? first : second }
            let (left, right) = (element(first, id), element(second, id))
            let register = register(of: choice, id)
            return .element(append(id) { .select(register, left, right, into: $0) })
        case .kept(let x, let cut): return try emitKept(id, register(of: known(x), id), cut)
        case .rowTop(let x, let share, let isCount):
            let (register, count) = (try register(of: known(x), id), try row(of: known(share), share))
            program.needsRows = true
            return .element(append(id) { .rowTop(register, share: count, isCount: isCount, into: $0) })
        case .rank(let x):
            let register = try register(of: known(x), id)
            program.needsRows = true
            return .element(append(id) { .rank(register, into: $0) })
        default: throw graph.fault("there is no program for elements", id, tensor)
        }
    }

    private mutating func emitKept(_ id: NodeID, _ register: Int, _ cutID: NodeID) throws -> Value {
        if graph[cutID].scope == .column {
            guard let cut = coarse.store.columnCut(cutID, tensor.index) else {
                throw graph.fault("the cuts are used before they are found", cutID, tensor)
            }
            let (thresholds, lastRows) = (vector(cut.thresholds), vector(cut.lastRows))
            program.needsRows = true
            return .element(
                append(id) { .keptInColumns(register, thresholds: thresholds, lastRows: lastRows, into: $0) })
        }
        guard let instance = graph.instance(of: tensor, at: graph[cutID].scope),
            let cut = coarse.store.cut(cutID, instance)
        else { throw graph.fault("the cut is used before it is found", cutID, tensor) }
        let (threshold, last) = (Float(cut.threshold), cut.lastIndex(in: facts.name))
        return .element(append(id) { .kept(register, threshold: threshold, last: last, into: $0) })
    }

    private mutating func emitRow(_ id: NodeID, _ node: Node) throws -> Value {
        program.needsRows = true
        switch node.operation {
        case .reduce(let op, let x, let y):
            let first = try register(of: known(x), id)
            let second = try y.map { try register(of: known($0), id) }
            let total = appendRow(id) { .rowReduce(op.accumulated, first, second, into: $0) }
            switch op {
            case .mean:
                let count = Double(max(1, facts.rowLength))
                return .row(appendRow(id) { .rowBinary(.divide, total, .scalar(count), into: $0) })
            case .norm: return .row(appendRow(id) { .rowUnary(.sqrt, total, into: $0) })
            case .sum, .count, .max, .min, .dot: return .row(total)
            }
        case .kth(let x, let index):
            let (register, position) = (try register(of: known(x), id), try row(of: known(index), index))
            return .row(appendRow(id) { .rowKth(register, index: position, into: $0) })
        case .kept:
            let stored = vector(try stored(id))
            return .row(appendRow(id) { .rowLoad(vector: stored, into: $0) })
        case .unary(let op, let x):
            let operand = try row(of: known(x), x)
            return .row(appendRow(id) { .rowUnary(op, operand, into: $0) })
        case .binary(let op, let a, let b):
            let (left, right) = (try row(of: known(a), a), try row(of: known(b), b))
            return .row(appendRow(id) { .rowBinary(op, left, right, into: $0) })
        case .select(let mask, let a, let b):
            let choice = try row(of: known(mask), mask)
            let (left, right) = (try row(of: known(a), a), try row(of: known(b), b))
            return .row(appendRow(id) { .rowSelect(choice, left, right, into: $0) })
        case .size(let scope):
            return .scalar(scope == .element ? Double(facts.rowLength) : 1)
        default: throw graph.fault("there is no program for rows", id, tensor)
        }
    }

    /// The value of an operand, which always comes before what uses it.
    func known(_ id: NodeID) throws -> Value {
        guard let value = values[id] else { throw graph.fault("an operand has no value", id, tensor) }
        return value
    }

    private func isNothing(_ value: Value) -> Bool { value == .missing || value == .scalar(0) }

    func row(of value: Value, _ id: NodeID) throws -> Program.Row {
        switch value {
        case .row(let row): return row
        case .scalar(let number): return .scalar(number)
        case .missing: return .scalar(CoarseEvaluator.absentDelta)
        case .element, .column: throw graph.fault("this has no value for each row", id, tensor)
        }
    }

    private mutating func element(_ value: Value, _ id: NodeID) -> Program.Element {
        switch value {
        case .missing: .scalar(CoarseEvaluator.absentDelta)
        case .scalar(let number): .scalar(number)
        case .element, .row, .column: .register(register(of: value, id))
        }
    }

    /// The register with a value's elements; what is coarser is spread out, once.
    mutating func register(of value: Value, _ id: NodeID) -> Int {
        if let known = spread[value] { return known }
        let result: Int
        switch value {
        case .element(let register): return register
        case .missing: result = append(id) { .fill(CoarseEvaluator.absentDelta, into: $0) }
        case .scalar(let number): result = append(id) { .fill(number, into: $0) }
        case .row(let row):
            program.needsRows = true
            result = append(id) { .expandRows(row, into: $0) }
        case .column(let column):
            let stored = vector(column)
            result = append(id) { .expandColumns(vector: stored, into: $0) }
        }
        spread[value] = result
        return result
    }

    /// The number of stored values that an instruction refers to.
    private mutating func vector(_ values: [Double]) -> Int {
        program.vectors.append(values)
        return program.vectors.count - 1
    }

    /// Adds an instruction that fills a register of its own, on behalf of a node; gives the register.
    mutating func append(_ id: NodeID, _ make: (Int) -> Program.Instruction) -> Int {
        let register = registers
        registers += 1
        program.instructions.append(make(register))
        program.nodes.append(id)
        return register
    }

    private mutating func appendRow(_ id: NodeID, _ make: (Int) -> Program.Instruction) -> Program.Row {
        let register = program.rowRegisterCount
        program.rowRegisterCount += 1
        program.instructions.append(make(register))
        program.nodes.append(id)
        return .register(register)
    }
}
