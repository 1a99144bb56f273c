import DPPAKernels

/// What each instruction of a program does to a tile.
extension TileMachine {
    /// Runs one instruction on a tile.
    func execute(_ instruction: Program.Instruction, _ task: TensorTask, _ chunk: Chunk, _ tile: Range<Int>) {
        let count = tile.count
        let length = task.facts.rowLength
        let rowCount = task.program.needsRows ? count / length : 0
        switch instruction {
        case .load(let source, let r):
            let dtype = task.program.sources[source].dtype
            let bytes = raw[source] + (tile.lowerBound - chunk.evaluated.lowerBound) * dtype.byteSize
            DTypeConversion.decode(bytes, as: dtype, into: at(r), count: count)
        case .fill(let value, let r): ElementKernels.fill(Float(value), into: at(r), count: count)
        case .unary(let op, let x, let r): ElementKernels.unary(op, at(x), into: at(r), count: count)
        case .binary(let op, let a, let b, let r):
            ElementKernels.binary(op, operand(a), operand(b), into: at(r), count: count)
        case .select(let mask, let a, let b, let r):
            ElementKernels.select(at(mask), operand(a), operand(b), into: at(r), count: count)
        case .round(let dtype, let x, let r): DTypeConversion.round(at(x), to: dtype, into: at(r), count: count)
        case .uniform(let stream, let r): stream.uniform(firstIndex: tile.lowerBound, count: count, into: at(r))
        case .kept(let x, let threshold, let last, let r):
            ElementKernels.topMask(
                at(x), threshold: threshold, lastIndex: last, firstIndex: tile.lowerBound, into: at(r), count: count)
        case .keptInColumns(let x, let thresholdVector, let lastVector, let r):
            let (thresholds, last) = (task.program.vectors[thresholdVector], task.program.vectors[lastVector])
            let (values, mask, firstRow) = (at(x), at(r), tile.lowerBound / length)
            for row in 0..<rowCount {
                for column in 0..<length {
                    let (value, threshold) = (values[row * length + column], Float(thresholds[column]))
                    let isKept =
                        value.isFinite
                        && (value > threshold || (value == threshold && Double(firstRow + row) <= last[column]))
                    mask[row * length + column] = isKept ? 1 : 0
                }
            }
        case .expandRows(let row, let r):
            ElementKernels.expandRows(values(row, rowCount), rowLength: length, into: at(r), rowCount: rowCount)
        case .expandColumns(let vector, let r):
            task.program.vectors[vector].withUnsafeBufferPointer {
                guard let start = $0.baseAddress else { return }
                ElementKernels.expandColumns(
                    start, firstColumn: tile.lowerBound % length, rowLength: length, into: at(r), count: count)
            }
        case .rank(let x, let r): RowKernels.rank(at(x), rowLength: length, rowCount: rowCount, into: at(r))
        case .rowTop(let x, let share, let isCount, let r):
            let shares = values(share, rowCount)
            for row in 0..<rowCount { counts.pointer[row] = Order.wanted(shares[row], isCount, of: length) }
            RowKernels.topMask(at(x), counts: counts.pointer, rowLength: length, rowCount: rowCount, into: at(r))
        case .rowKth(let x, let index, let r):
            let indices = values(index, rowCount)
            for row in 0..<rowCount { counts.pointer[row] = Order.index(indices[row], of: length) }
            RowKernels.kth(at(x), indices: counts.pointer, rowLength: length, rowCount: rowCount, into: rowAt(r))
        case .rowReduce(let op, let x, let y, let r):
            RowKernels.reduce(
                op, at(x), y.map { UnsafePointer(at($0)) }, rowLength: length, rowCount: rowCount, into: rowAt(r))
        case .rowLoad(let vector, let r):
            let stored = task.program.vectors[vector]
            let first = tile.lowerBound / length
            for row in 0..<rowCount { rowAt(r)[row] = stored[first + row] }
        case .rowUnary(let op, let x, let r):
            for row in 0..<rowCount { rowAt(r)[row] = op(value(x, row)) }
        case .rowBinary(let op, let a, let b, let r):
            for row in 0..<rowCount { rowAt(r)[row] = op(value(a, row), value(b, row)) }
        case .rowSelect(let mask, let a, let b, let r):
            for row in 0..<rowCount { rowAt(r)[row] = value(mask, row) != 0 ? value(a, row) : value(b, row) }
        }
    }

    private func operand(_ element: Program.Element) -> Operand {
        switch element {
        case .register(let r): .vector(UnsafePointer(at(r)))
        case .scalar(let value): .scalar(Float(value))
        }
    }

    func value(_ row: Program.Row, _ index: Int) -> Double {
        switch row {
        case .register(let r): rowAt(r)[index]
        case .scalar(let value): value
        }
    }

    private func values(_ row: Program.Row, _ count: Int) -> UnsafePointer<Double> {
        switch row {
        case .register(let r): return UnsafePointer(rowAt(r))
        case .scalar(let value):
            for index in 0..<count { rowScalars.pointer[index] = value }
            return UnsafePointer(rowScalars.pointer)
        }
    }
}
