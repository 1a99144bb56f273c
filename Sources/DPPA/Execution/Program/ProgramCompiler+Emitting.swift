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
            return .slot(append(id, .load(source: program.sources.count - 1)))
        case .restrict(let x), .broadcast(let x), .reinterpret(let x): return try known(x)
        case .matrix:
            guard let value = matrices?[MatrixKey(node: id, tensor: tensor)] else {
                throw graph.fault("a matrix is used before it is computed", id, tensor)
            }
            program.sources.append(MatrixSource(value, shape: facts.shape))
            program.models.append(Program.noModel)
            return .slot(append(id, .load(source: program.sources.count - 1)))
        case .branch: return try known(graph.operands(of: id, on: tensor)[0])
        case .uniform(let seed, let stream):
            return .slot(append(id, .uniform(RandomStream(seed: seed, stream: stream, tensor: facts.name))))
        case .serialUniform(let seed, let starts):
            guard let start = graph.tables[starts][tensor], let stream = graph.serialStreams[seed] else {
                throw graph.fault("the serial stream has no place for the tensor", id, tensor)
            }
            program.streams.append(stream)
            return .slot(append(id, .serialUniform(stream: program.streams.count - 1, start: Int(start))))
        default: return node.scope == .row ? .slot(try emitRow(id, node)) : try emitElement(id, node)
        }
    }

    private mutating func emitElement(_ id: NodeID, _ node: Node) throws -> Value {
        switch node.operation {
        case .unary(let op, let x):
            let operand = try known(x)
            if case .nothing = op.facts.spaces.remainder(in: node.space, isFirstMissing: operand == .missing) {
                return .missing
            }
            return .slot(append(id, .unary(op), register(of: operand, id)))
        case .roundTo(let dtype, let x):
            let operand = try known(x)
            if operand == .missing { return .missing }
            return .slot(append(id, .round(dtype), register(of: operand, id)))
        case .binary(let op, let a, let b):
            let (first, second) = (try known(a), try known(b))
            switch op.facts.spaces.remainder(
                in: node.space, isFirstMissing: first == .missing, isSecondMissing: second == .missing)
            {
            case .nothing: return .missing
            case .first: return first
            case .second: return second
            case .negativeOfSecond:
                if case .slot(let slot) = second, slot.isElement { return .slot(append(id, .unary(.negate), slot)) }
            case .operation: break
            }
            return .slot(append(id, .binary(op), operand(first, id), operand(second, id)))
        case .select(let mask, let a, let b):
            let (choice, first, second) = (try known(mask), try known(a), try known(b))
            if node.space == .delta, isNothing(first), isNothing(second) { return .missing }
            if case .slot(.number(let truth)) = choice { return truth != 0 ? first : second }
            let (left, right) = (operand(first, id), operand(second, id))
            return .slot(append(id, .select, register(of: choice, id), left, right))
        case .kept(let x, let cut): return .slot(try emitKept(id, register(of: known(x), id), cut))
        case .rowTop(let x, let share, let isCount):
            let (elements, amount) = (try register(of: known(x), id), try row(of: known(share), share))
            return .slot(append(id, .top(isCount: isCount), elements, amount))
        case .rank(let x): return .slot(append(id, .rank(table: nil), register(of: try known(x), id)))
        default: throw graph.fault("there is no program for elements", id, tensor)
        }
    }

    private mutating func emitKept(_ id: NodeID, _ elements: Slot, _ cutID: NodeID) throws -> Slot {
        if graph[cutID].scope == .column {
            guard let cut = coarse.store.columnCut(cutID, tensor.index) else {
                throw graph.fault("the cuts are used before they are found", cutID, tensor)
            }
            let (thresholds, lastRows) = (vector(cut.thresholds), vector(cut.lastRows))
            return append(id, .keptInColumns(thresholds: thresholds, lastRows: lastRows), elements)
        }
        guard let instance = graph.instance(of: tensor, at: graph[cutID].scope),
            let cut = coarse.store.cut(cutID, instance)
        else { throw graph.fault("the cut is used before it is found", cutID, tensor) }
        let elementCut = ElementCut(threshold: Float(cut.threshold), lastIndex: cut.lastIndex(in: facts.name))
        return append(id, .kept(elementCut), elements)
    }

    private mutating func emitRow(_ id: NodeID, _ node: Node) throws -> Slot {
        switch node.operation {
        case .reduce(.max, let x, nil) where isRank(x) && facts.rowLength > 0:
            // The ranks of every row are 0, 1, 2 …
            return .number(Double(Float(facts.rowLength - 1)))
        case .reduce(let op, let x, let y):
            let first = try register(of: known(x), id)
            let second = try y.map { try register(of: known($0), id) } ?? .none
            return appendRow(id, .reduce(op), first, second)
        case .kth(let x, let index):
            return appendRow(id, .kth, try register(of: known(x), id), try row(of: known(index), index))
        case .kept: return appendRow(id, .rows(vector: vector(try stored(id))))
        case .unary(let op, let x):
            let operand = try row(of: known(x), x)
            if case .number(let x) = operand { return .number(op(x)) }
            return appendRow(id, .unary(op), operand)
        case .binary(let op, let a, let b):
            let operands = (try row(of: known(a), a), try row(of: known(b), b))
            if case (.number(let a), .number(let b)) = operands { return .number(op(a, b)) }
            return appendRow(id, .binary(op), operands.0, operands.1)
        case .select(let mask, let a, let b):
            let choice = try row(of: known(mask), mask)
            if case .number(let truth) = choice { return try truth != 0 ? row(of: known(a), a) : row(of: known(b), b) }
            return appendRow(id, .select, choice, try row(of: known(a), a), try row(of: known(b), b))
        case .size(let scope): return .number(scope == .element ? Double(facts.rowLength) : 1)
        default: throw graph.fault("there is no program for rows", id, tensor)
        }
    }

    private func isRank(_ id: NodeID) -> Bool { if case .rank = graph[id].operation { true } else { false } }

    /// The value of an operand, which always comes before what uses it.
    func known(_ id: NodeID) throws -> Value {
        guard let value = values[id] else { throw graph.fault("an operand has no value", id, tensor) }
        return value
    }

    private func isNothing(_ value: Value) -> Bool { value == .missing || value == .slot(.number(0)) }

    func row(of value: Value, _ id: NodeID) throws -> Slot {
        switch value {
        case .slot(let slot) where !slot.isElement: return slot
        case .missing: return .number(CoarseArithmetic.absentDelta)
        case .slot, .column: throw graph.fault("this has no value for each row", id, tensor)
        }
    }

    /// A number as it is, anything else as elements.
    private mutating func operand(_ value: Value, _ id: NodeID) -> Slot {
        switch value {
        case .missing: .number(CoarseArithmetic.absentDelta)
        case .slot(.number(let number)): .number(number)
        case .slot, .column: register(of: value, id)
        }
    }

    /// The register with a value's elements; what is coarser is spread out, once.
    mutating func register(of value: Value, _ id: NodeID) -> Slot {
        if let known = spread[value] { return known }
        let result: Slot
        switch value {
        case .slot(let slot) where slot.isElement: return slot
        case .slot(let slot): result = append(id, .spread, slot)
        case .missing: result = append(id, .spread, .number(CoarseArithmetic.absentDelta))
        case .column(let column): result = append(id, .spreadColumns(vector: vector(column)))
        }
        spread[value] = result
        return result
    }

    /// The number of stored values that an instruction refers to.
    mutating func vector(_ values: [Double]) -> Int {
        program.vectors.append(values)
        return program.vectors.count - 1
    }

    /// Adds an instruction that fills a register of its own, on behalf of a node; gives the register.
    mutating func append(
        _ id: NodeID, _ code: Instruction.Code, _ a: Slot = .none, _ b: Slot = .none, _ c: Slot = .none
    ) -> Slot {
        registers += 1
        return append(id, Instruction(code, a, b, c, into: .element(registers - 1)))
    }

    mutating func appendRow(
        _ id: NodeID, _ code: Instruction.Code, _ a: Slot = .none, _ b: Slot = .none, _ c: Slot = .none
    ) -> Slot {
        program.rowRegisterCount += 1
        return append(id, Instruction(code, a, b, c, into: .row(program.rowRegisterCount - 1)))
    }

    private mutating func append(_ id: NodeID, _ instruction: Instruction) -> Slot {
        program.instructions.append(instruction)
        program.nodes.append(id)
        program.needsRows = program.needsRows || instruction.needsRows
        return instruction.target
    }
}
