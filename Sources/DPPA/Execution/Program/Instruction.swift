import DPPAKernels

/// Where an instruction finds an operand, or leaves its result.
package enum Slot: Hashable, Sendable {
    /// No operand.
    case none
    /// A register with a float32 number for each element of a tile.
    case element(Int)
    /// The elements of one of the program's sources, in bfloat16, where they lie.
    case stored(Int)
    /// A register with a float64 number for each row of a tile.
    case row(Int)
    /// One number for all; where it meets elements it is rounded to float32, once.
    case number(Double)
}

/// One step of a program: what it does, up to three operands, and where the result goes.
///
/// It holds no reference, so that going through instructions counts none.
package struct Instruction: Sendable {
    /// What a step does with its operands `a`, `b` and `c`.
    ///
    /// Where the target is a row register it works on rows.
    package enum Code: Sendable {
        /// The elements of one of the program's sources.
        case load(source: Int)
        /// `a`, a number or one for each row, repeated for every element.
        case spread
        /// One of the program's vectors, which has a number for each column, repeated for every row.
        case spreadColumns(vector: Int)
        /// One of the program's vectors, which has a number for each row.
        case rows(vector: Int)
        /// An operation on `a`.
        case unary(UnaryOp)
        /// An operation on `a` and `b`.
        case binary(BinaryOp)
        /// `b` where `a` holds, else `c`.
        case select
        /// `a` rounded to a type and back.
        case round(DType)
        /// Random numbers.
        case uniform(RandomStream)
        /// Random numbers of one of the program's serial streams, in which the tensor begins at a place.
        case serialUniform(stream: Int, start: Int)
        /// The mask of the elements of `a` that a cut keeps.
        case kept(ElementCut)
        /// `b` where a cut keeps `a`, else `c`.
        case keep(ElementCut)
        /// `a`, and where `b` holds `c` added to it.
        case addSelected
        /// The mask of the elements of `a` that are kept with a threshold and a last row for each column, from the program's vectors.
        case keptInColumns(thresholds: Int, lastRows: Int)
        /// The elements of one of the program's masks, which an earlier pass has made.
        case keptMask(Int)
        /// The rank of each element of `a` in its row, or what one of the program's tables has there.
        case rank(table: Int?)
        /// The mask of the largest elements of each row of `a`; `b` is how many, as a share or a count.
        case top(isCount: Bool)
        /// A reduction over each row of `a`, or of `a` and `b`.
        case reduce(Reduction)
        /// The element with index `b` of each row of `a` in ascending order.
        case kth
    }

    package var code: Code
    package var a: Slot
    package var b: Slot
    package var c: Slot
    package var target: Slot

    /// A step; what is not given is no operand.
    package init(_ code: Code, _ a: Slot = .none, _ b: Slot = .none, _ c: Slot = .none, into target: Slot) {
        self.code = code
        self.a = a
        self.b = b
        self.c = c
        self.target = target
    }

    /// What is read.
    var operands: [Slot] { [a, b, c].filter { $0 != .none } }

    /// Whether it works on whole rows.
    var needsRows: Bool {
        switch code {
        case .keptInColumns, .rank, .top: true
        default: [a, b, c, target].contains(where: \.isRow)
        }
    }

    /// Whether input and output may be the same register.
    var worksInPlace: Bool {
        switch code {
        case .rank, .top, .keptInColumns: false
        default: true
        }
    }

    /// The same step with other registers.
    func renamed(_ name: (Slot) throws -> Slot) rethrows -> Instruction {
        try Instruction(code, name(a), name(b), name(c), into: name(target))
    }
}

extension Slot {
    /// The number of a register of elements.
    var element: Int? { if case .element(let register) = self { register } else { nil } }
    /// Whether it is a register of elements.
    var isElement: Bool { if case .element = self { true } else { false } }
    /// Whether it is a register of rows.
    var isRow: Bool { if case .row = self { true } else { false } }
    /// Whether it is a register.
    var isRegister: Bool { isElement || isRow }
}
