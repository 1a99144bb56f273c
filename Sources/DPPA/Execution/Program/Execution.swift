import DPPAKernels
import DPPASupport

/// What each instruction does to a tile.
extension TileMachine {
    /// Runs one instruction on a tile; one whose operands or result are of the wrong kind is an `internalFault`.
    func execute(_ instruction: Instruction, _ tile: Tile) throws {
        switch instruction.target {
        case .element(let register): try makeElements(instruction, tile, at(register))
        case .row(let register): try makeRows(instruction, tile, rowAt(register))
        case .number, .stored, .none: throw instruction.fault
        }
    }

    private func makeElements(_ step: Instruction, _ tile: Tile, _ out: UnsafeMutablePointer<Float>) throws {
        let (count, length) = (tile.range.count, tile.task.rowLength)
        switch step.code {
        case .load(let number):
            DTypeConversion.decode(
                tile.raw(number, at: tile.range.lowerBound), as: source(number).dtype, into: out, count: count)
        case .spread:
            if case .number(let value) = step.a {
                ElementKernels.fill(Float(value), into: out, count: count)
            } else {
                let rows = try values(step.a, tile.rowCount, step)
                ElementKernels.expandRows(rows, rowLength: length, into: out, rowCount: tile.rowCount)
            }
        case .spreadColumns(let vector):
            let first = tile.range.lowerBound % length
            tile.withVector(vector) {
                ElementKernels.expandColumns($0, firstColumn: first, rowLength: length, into: out, count: count)
            }
        case .unary(let op): ElementKernels.unary(op, try elements(step.a, step), into: out, count: count)
        case .binary(let op):
            try ElementKernels.binary(
                op, operand(step.a, step, tile), operand(step.b, step, tile), into: out, count: count)
        case .select:
            ElementKernels.select(
                try elements(step.a, step), try operand(step.b, step), try operand(step.c, step), into: out,
                count: count)
        case .round(let dtype): DTypeConversion.round(try elements(step.a, step), to: dtype, into: out, count: count)
        case .uniform(let stream): stream.uniform(firstIndex: tile.range.lowerBound, count: count, into: out)
        case .serialUniform(let stream, let start):
            tile.task.program.streams[stream].uniform(first: start + tile.range.lowerBound, count: count, into: out)
        case .kept(let cut):
            ElementKernels.kept(
                try elements(step.a, step), cut, firstIndex: tile.range.lowerBound, into: out, count: count)
        case .keep(let cut):
            ElementKernels.keep(
                try elements(step.a, step), cut, firstIndex: tile.range.lowerBound, try operand(step.b, step),
                try operand(step.c, step), into: out, count: count)
        case .addSelected:
            ElementKernels.addSelected(
                try elements(step.a, step), try elements(step.b, step), try elements(step.c, step), into: out,
                count: count)
        case .keptInColumns(let thresholds, let lastRows):
            let x = try elements(step.a, step)
            tile.withVector(thresholds) { thresholds in
                tile.withVector(lastRows) { lastRows in
                    ElementKernels.kept(
                        x, thresholds: thresholds, lastRows: lastRows, firstRow: tile.firstRow,
                        rowLength: length, into: out, rowCount: tile.rowCount)
                }
            }
        case .keptMask(let mask):
            tile.task.program.masks[mask].expand(from: tile.range.lowerBound, into: out, count: count)
        case .rank(let table):
            let x = try elements(step.a, step)
            tile.withTable(table) {
                RowKernels.rank(x, rowLength: length, rowCount: tile.rowCount, values: $0, into: out)
            }
        case .top(let isCount):
            let shares = try values(step.b, tile.rowCount, step)
            for row in 0..<tile.rowCount { counts.pointer[row] = Order.wanted(shares[row], isCount, of: length) }
            RowKernels.topMask(
                try elements(step.a, step), counts: counts.pointer, rowLength: length, rowCount: tile.rowCount,
                into: out)
        case .rows, .reduce, .kth: throw step.fault
        }
    }

    private func makeRows(_ step: Instruction, _ tile: Tile, _ out: UnsafeMutablePointer<Double>) throws {
        let (count, length) = (tile.rowCount, tile.task.rowLength)
        switch step.code {
        case .rows(let vector): tile.withVector(vector) { out.update(from: $0 + tile.firstRow, count: count) }
        case .reduce(let op):
            RowKernels.reduce(
                op, try elements(step.a, step), step.b == .none ? nil : try elements(step.b, step), rowLength: length,
                rowCount: count,
                into: out)
        case .kth:
            let indices = try values(step.b, count, step)
            for row in 0..<count { counts.pointer[row] = Order.index(indices[row], of: length) }
            RowKernels.kth(
                try elements(step.a, step), indices: counts.pointer, rowLength: length, rowCount: count, into: out)
        case .unary(let op): for row in 0..<count { out[row] = op(try value(step.a, row, step)) }
        case .binary(let op):
            for row in 0..<count {
                out[row] = op(try value(step.a, row, step), try value(step.b, row, step))
            }
        case .select:
            for row in 0..<count {
                out[row] =
                    try value(step.a, row, step) != 0 ? try value(step.b, row, step) : try value(step.c, row, step)
            }
        case .load, .spread, .spreadColumns, .round, .uniform, .serialUniform, .kept, .keep, .keptMask,
            .addSelected, .keptInColumns, .rank, .top:
            throw step.fault
        }
    }

    /// The elements of a register.
    private func elements(_ slot: Slot, _ step: Instruction) throws -> UnsafeMutablePointer<Float> {
        guard case .element(let register) = slot else { throw step.fault }
        return at(register)
    }

    /// Elements, or a number for all of them.
    private func operand(_ slot: Slot, _ step: Instruction) throws -> Operand {
        if case .number(let value) = slot { return .scalar(Float(value)) }
        return .vector(UnsafePointer(try elements(slot, step)))
    }

    /// The same, or elements where they are stored.
    private func operand(_ slot: Slot, _ step: Instruction, _ tile: Tile) throws -> Operand {
        if case .stored(let source) = slot { return .bf16(tile.raw(source, at: tile.range.lowerBound)) }
        return try operand(slot, step)
    }

    /// The number of a row.
    private func value(_ slot: Slot, _ row: Int, _ step: Instruction) throws -> Double {
        guard let value = value(slot, row) else { throw step.fault }
        return value
    }

    /// A number for each row.
    private func values(_ slot: Slot, _ count: Int, _ step: Instruction) throws -> UnsafePointer<Double> {
        if case .row(let register) = slot { return UnsafePointer(rowAt(register)) }
        let number = try value(slot, 0, step)
        for index in 0..<count { rowScalars.pointer[index] = number }
        return UnsafePointer(rowScalars.pointer)
    }
}

extension Instruction {
    /// The error for operands that the compiler must not have given.
    fileprivate var fault: DPPAError {
        DPPAError(.internalFault, "an instruction has an operand or a result of the wrong kind: \(self)")
    }
}
