/// A straight line of vector operations that makes all values of one tensor's jobs, tile by tile.
///
/// Coarse values are immediate operands, so a program is made for one tensor and one pass. Registers hold a tile of float32
/// elements, row registers one float64 for each of the tile's rows.
struct Program: Sendable {
    /// An element operand: a register, or a number that is rounded to float32 here, once.
    enum Element: Sendable, Hashable {
        case register(Int)
        case scalar(Double)
    }

    /// A row operand.
    enum Row: Sendable, Hashable {
        case register(Int)
        case scalar(Double)
    }

    /// One operation.
    ///
    /// No case holds a reference, so that going through them counts none.
    enum Instruction: Sendable {
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

    var instructions: [Instruction] = []
    /// The node that each instruction makes, for messages.
    var nodes: [NodeID] = []
    /// What is read, each once.
    var sources: [any TensorSource] = []
    /// The models that the sources belong to, for messages.
    var models: [Int] = []
    /// Stored row and column values that instructions refer to by number.
    var vectors: [[Double]] = []
    var registerCount = 0
    var rowRegisterCount = 0
    /// Whether some instruction needs whole rows in a tile.
    var needsRows = false
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

    /// Whether input and output may be the same register.
    private var worksInPlace: Bool {
        switch self {
        case .rank, .rowTop, .keptInColumns: false
        default: true
        }
    }

    /// The same instruction with other element registers.
    func renamed(_ map: (Int) -> Int, into target: Int?) -> Self {
        func name(_ e: Program.Element) -> Program.Element {
            if case .register(let r) = e { .register(map(r)) } else { e }
        }
        let t = target ?? 0
        switch self {
        case .load(let source, _): return .load(source: source, into: t)
        case .fill(let value, _): return .fill(value, into: t)
        case .unary(let op, let x, _): return .unary(op, map(x), into: t)
        case .binary(let op, let a, let b, _): return .binary(op, name(a), name(b), into: t)
        case .select(let mask, let a, let b, _): return .select(map(mask), name(a), name(b), into: t)
        case .round(let dtype, let x, _): return .round(dtype, map(x), into: t)
        case .uniform(let stream, _): return .uniform(stream, into: t)
        case .kept(let x, let threshold, let last, _): return .kept(map(x), threshold: threshold, last: last, into: t)
        case .keptInColumns(let x, let thresholds, let last, _):
            return .keptInColumns(map(x), thresholds: thresholds, lastRows: last, into: t)
        case .expandRows(let row, _): return .expandRows(row, into: t)
        case .expandColumns(let vector, _): return .expandColumns(vector: vector, into: t)
        case .rank(let x, _): return .rank(map(x), into: t)
        case .rowTop(let x, let share, let isCount, _): return .rowTop(map(x), share: share, isCount: isCount, into: t)
        case .rowReduce(let op, let x, let y, let r): return .rowReduce(op, map(x), y.map(map), into: r)
        case .rowKth(let x, let index, let r): return .rowKth(map(x), index: index, into: r)
        case .rowLoad, .rowUnary, .rowBinary, .rowSelect: return self
        }
    }

    /// Registers that may take the result although an operand is in them.
    func isReusable(_ register: Int) -> Bool { worksInPlace && reads.contains(register) }
}

extension Program.Element {
    var register: Int? {
        if case .register(let r) = self { r } else { nil }
    }
}

extension Program {
    /// Gives values that do not live at the same time one register; `kept` are read by sinks at the end.
    ///
    /// Few registers are what keeps a tile's values in the nearest cache. Returns the new names of the kept values.
    mutating func allocateRegisters(keeping kept: [Int]) -> [Int: Int] {
        var lastUse: [Int: Int] = [:]
        for (index, instruction) in instructions.enumerated() {
            for register in instruction.reads { lastUse[register] = index }
            if let register = instruction.writes, lastUse[register] == nil { lastUse[register] = index }
        }
        for register in kept { lastUse[register] = Int.max }
        var names: [Int: Int] = [:]
        var free: [Int] = []
        var count = 0
        for (index, instruction) in instructions.enumerated() {
            let dying = Set(instruction.reads).filter { lastUse[$0] == index }
            let released = dying.compactMap { names[$0] }.sorted(by: >)
            if instruction.isReusable(dying.first ?? -1) { free.append(contentsOf: released) }
            var target: Int?
            if let register = instruction.writes {
                if let recycled = free.popLast() {
                    target = recycled
                } else {
                    target = count
                    count += 1
                }
                names[register] = target
            }
            instructions[index] = instruction.renamed({ names[$0] ?? 0 }, into: target)
            if !instruction.isReusable(dying.first ?? -1) { free.append(contentsOf: released) }
            if let register = instruction.writes, lastUse[register] == index, let target { free.append(target) }
        }
        registerCount = count
        var result: [Int: Int] = [:]
        for register in kept { result[register] = names[register] }
        return result
    }
}
