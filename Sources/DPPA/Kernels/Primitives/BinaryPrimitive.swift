/// The meaning of an elementwise operation on two operands.
protocol BinaryPrimitive: Primitive {
    /// `out[i] = f(a[i], b[i])`, as `ElementKernels` says.
    static func apply(_ a: Operand, _ b: Operand, into out: UnsafeMutablePointer<Float>, count: Int)
    /// `f(a, b)` of what is coarser than an element.
    static func scalar(_ a: Double, _ b: Double) -> Double
    /// Whether elements of an operand may lie in the type that they are stored in.
    static var readsStored: Bool { get }
}

extension BinaryPrimitive {
    static var readsStored: Bool { false }
}

/// An operation in float32: every result is rounded once.
protocol BinaryOnLanes: BinaryPrimitive {
    /// `f(a, b)`; inlined into its loop.
    static func lanes(_ a: Lanes, _ b: Lanes) -> Lanes
}

/// A mathematical function: computed in float64, and for elements rounded once, within 0.51 ulp for all arguments.
protocol BinaryOnWide: BinaryPrimitive {
    /// `f(a, b)`; inlined into its loop.
    static func wide(_ a: Wide, _ b: Wide) -> Wide
}

extension BinaryOnLanes {
    static var readsStored: Bool { true }

    static func apply(_ a: Operand, _ b: Operand, into out: UnsafeMutablePointer<Float>, count: Int) {
        Operand.withElements(a, b) { x, xStep, y, yStep in
            switch (a.stored, b.stored) {
            case (nil, nil): loop(x, xStep, RegisterReader.self, y, yStep, RegisterReader.self, into: out, count: count)
            case (let x?, nil): loop(x, 16, BF16Reader.self, y, yStep, RegisterReader.self, into: out, count: count)
            case (nil, let y?): loop(x, xStep, RegisterReader.self, y, 16, BF16Reader.self, into: out, count: count)
            case (let x?, let y?): loop(x, 16, BF16Reader.self, y, 16, BF16Reader.self, into: out, count: count)
            }
        }
    }

    /// The loop for one way of reading each operand; steps are in elements.
    @inline(never)
    private static func loop<A: LaneReader, B: LaneReader>(
        _ a: UnsafeRawPointer, _ aStep: Int, _: A.Type, _ b: UnsafeRawPointer, _ bStep: Int, _: B.Type,
        into out: UnsafeMutablePointer<Float>, count: Int
    ) {
        var (index, x, y) = (0, a, b)
        while index &+ 16 <= count {
            out.store(lanes(A.lanes(x), B.lanes(y)), index)
            index &+= 16
            x += aStep &* A.size
            y += bStep &* B.size
        }
        if index < count {
            out.store(lanes(A.lanes(x, first: count &- index), B.lanes(y, first: count &- index)), index)
        }
    }
}

extension BinaryOnWide {
    static func apply(_ a: Operand, _ b: Operand, into out: UnsafeMutablePointer<Float>, count: Int) {
        loop(a, b, into: out, count: count)
    }

    @inline(never)
    static func loop(_ a: Operand, _ b: Operand, into out: UnsafeMutablePointer<Float>, count: Int) {
        Operand.withElements(a, b) { x, xStep, y, yStep in
            var (index, xIndex, yIndex) = (0, 0, 0)
            while index < count {
                out.store(wide(x.wide(xIndex), y.wide(yIndex)), index)
                index &+= 8
                xIndex &+= xStep / 2
                yIndex &+= yStep / 2
            }
        }
    }

    static func scalar(_ a: Double, _ b: Double) -> Double { wide(Wide(repeating: a), Wide(repeating: b))[0] }
}

/// An elementwise operation on two operands, as nodes and programs hold it; copies count no references.
///
/// The constants are beside each operation's meaning.
public struct BinaryOp: Hashable, Sendable, CustomStringConvertible {
    let meaning: any BinaryPrimitive.Type

    init(_ meaning: any BinaryPrimitive.Type) { self.meaning = meaning }

    /// What the operation is called and what it does to types.
    package var facts: PrimitiveFacts { meaning.facts }

    /// `a op b` of float64 numbers: the arithmetic of coarse values, as in `UnaryOp`.
    package func callAsFunction(_ a: Double, _ b: Double) -> Double { meaning.scalar(a, b) }

    /// Whether its kernel takes elements where they are stored.
    package var readsStored: Bool { meaning.readsStored }

    /// The name.
    public var description: String { facts.name }

    /// Whether both are the same operation.
    public static func == (a: BinaryOp, b: BinaryOp) -> Bool { a.meaning == b.meaning }

    /// Hashes what makes operations equal.
    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(meaning)) }
}
