import DPPACheckpoint
import DPPAExpression
import DPPAKernels

/// A straight line of vector operations that makes all values of one tensor's jobs, tile by tile.
///
/// Coarse values are immediate operands, so a program is made for one tensor and one pass. Registers hold a tile of float32
/// elements, row registers one float64 for each of the tile's rows.
package struct Program: Sendable {
    /// An element operand: a register, or a number that is rounded to float32 here, once.
    package enum Element: Sendable, Hashable {
        case register(Int)
        case scalar(Double)
    }

    /// A row operand.
    package enum Row: Sendable, Hashable {
        case register(Int)
        case scalar(Double)
    }

    /// One operation.
    ///
    /// No case holds a reference, so that going through them counts none.
    package enum Instruction: Sendable {
        case load(source: Int, into: Int)
        case fill(Double, into: Int)
        case unary(UnaryOp, Int, into: Int)
        case binary(BinaryOp, Element, Element, into: Int)
        case select(Int, Element, Element, into: Int)
        case round(DType, Int, into: Int)
        case uniform(RandomStream, into: Int)
        case kept(Int, threshold: Float, last: Int, into: Int)
        case keptInColumns(Int, thresholds: Int, lastRows: Int, into: Int)
        case expandRows(Row, into: Int)
        case expandColumns(vector: Int, into: Int)
        case rank(Int, into: Int)
        case rowTop(Int, share: Row, isCount: Bool, into: Int)
        case rowReduce(ReductionOp, Int, Int?, into: Int)
        case rowKth(Int, index: Row, into: Int)
        case rowLoad(vector: Int, into: Int)
        case rowUnary(UnaryOp, Row, into: Int)
        case rowBinary(BinaryOp, Row, Row, into: Int)
        case rowSelect(Row, Row, Row, into: Int)
    }

    package var instructions: [Instruction] = []
    /// The node that each instruction makes, for messages.
    package var nodes: [NodeID] = []
    /// What is read, each once.
    package var sources: [any TensorSource] = []
    /// The models that the sources belong to, for messages.
    package var models: [Int] = []
    /// Stored row and column values that instructions refer to by number.
    package var vectors: [[Double]] = []
    package var registerCount = 0
    package var rowRegisterCount = 0
    /// Whether some instruction needs whole rows in a tile.
    package var needsRows = false

    /// An empty program.
    package init() {}
}

extension Program.Instruction {
    /// The element registers that are read.
    var reads: [Int] {
        switch self {
        case .load, .fill, .uniform, .expandRows, .expandColumns, .rowLoad, .rowUnary, .rowBinary, .rowSelect: []
        case .unary(_, let x, _), .round(_, let x, _), .kept(let x, _, _, _), .keptInColumns(let x, _, _, _),
            .rank(let x, _), .rowTop(let x, _, _, _), .rowKth(let x, _, _):
            [x]
        case .rowReduce(_, let x, let y, _): y.map { [x, $0] } ?? [x]
        case .binary(_, let a, let b, _): [a, b].compactMap(\.register)
        case .select(let mask, let a, let b, _): [mask] + [a, b].compactMap(\.register)
        }
    }

    /// The element register that is written, if it is one.
    var writes: Int? {
        switch self {
        case .load(_, let r), .fill(_, let r), .unary(_, _, let r), .binary(_, _, _, let r), .select(_, _, _, let r),
            .round(_, _, let r), .uniform(_, let r), .kept(_, _, _, let r), .keptInColumns(_, _, _, let r),
            .expandRows(_, let r), .expandColumns(_, let r), .rank(_, let r), .rowTop(_, _, _, let r):
            r
        case .rowReduce, .rowKth, .rowLoad, .rowUnary, .rowBinary, .rowSelect: nil
        }
    }

    /// The row registers that are read.
    var rowReads: [Int] {
        switch self {
        case .load, .fill, .unary, .binary, .select, .round, .uniform, .kept, .keptInColumns, .expandColumns, .rank,
            .rowReduce, .rowLoad:
            []
        case .expandRows(let row, _), .rowTop(_, let row, _, _), .rowKth(_, let row, _), .rowUnary(_, let row, _):
            [row].compactMap(\.register)
        case .rowBinary(_, let a, let b, _): [a, b].compactMap(\.register)
        case .rowSelect(let mask, let a, let b, _): [mask, a, b].compactMap(\.register)
        }
    }

    /// The row register that is written, if it is one.
    var writesRow: Int? {
        switch self {
        case .rowReduce(_, _, _, let r), .rowKth(_, _, let r), .rowLoad(_, let r), .rowUnary(_, _, let r),
            .rowBinary(_, _, _, let r), .rowSelect(_, _, _, let r):
            r
        case .load, .fill, .unary, .binary, .select, .round, .uniform, .kept, .keptInColumns, .expandRows,
            .expandColumns, .rank, .rowTop:
            nil
        }
    }

    /// Whether input and output may be the same register.
    var worksInPlace: Bool {
        switch self {
        case .rank, .rowTop, .keptInColumns: false
        default: true
        }
    }

    /// The same instruction with other element registers.
    func renamed(_ map: (Int) throws -> Int) rethrows -> Self {
        func name(_ e: Program.Element) throws -> Program.Element {
            if case .register(let r) = e { .register(try map(r)) } else { e }
        }
        switch self {
        case .load(let source, let r): return try .load(source: source, into: map(r))
        case .fill(let value, let r): return try .fill(value, into: map(r))
        case .unary(let op, let x, let r): return try .unary(op, map(x), into: map(r))
        case .binary(let op, let a, let b, let r): return try .binary(op, name(a), name(b), into: map(r))
        case .select(let mask, let a, let b, let r): return try .select(map(mask), name(a), name(b), into: map(r))
        case .round(let dtype, let x, let r): return try .round(dtype, map(x), into: map(r))
        case .uniform(let stream, let r): return try .uniform(stream, into: map(r))
        case .kept(let x, let threshold, let last, let r):
            return try .kept(map(x), threshold: threshold, last: last, into: map(r))
        case .keptInColumns(let x, let thresholds, let last, let r):
            return try .keptInColumns(map(x), thresholds: thresholds, lastRows: last, into: map(r))
        case .expandRows(let row, let r): return try .expandRows(row, into: map(r))
        case .expandColumns(let vector, let r): return try .expandColumns(vector: vector, into: map(r))
        case .rank(let x, let r): return try .rank(map(x), into: map(r))
        case .rowTop(let x, let share, let isCount, let r):
            return try .rowTop(map(x), share: share, isCount: isCount, into: map(r))
        case .rowReduce(let op, let x, let y, let row): return try .rowReduce(op, map(x), y.map(map), into: row)
        case .rowKth(let x, let index, let row): return try .rowKth(map(x), index: index, into: row)
        case .rowLoad, .rowUnary, .rowBinary, .rowSelect: return self
        }
    }
}

extension Program.Element {
    var register: Int? {
        if case .register(let r) = self { r } else { nil }
    }
}

extension Program.Row {
    var register: Int? {
        if case .register(let r) = self { r } else { nil }
    }
}
