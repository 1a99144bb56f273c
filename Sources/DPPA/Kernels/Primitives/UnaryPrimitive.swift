/// The meaning of an elementwise operation on one operand.
protocol UnaryPrimitive: Primitive {
    /// `out[i] = f(x[i])`, as `ElementKernels` says.
    static func apply(
        _ x: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>, count: Int)
    /// `f(x)` of what is coarser than an element.
    static func scalar(_ x: Double) -> Double
}

/// An operation in float32: every result is rounded once.
protocol UnaryOnLanes: UnaryPrimitive {
    /// `f(x)`; inlined into its loop.
    static func lanes(_ x: Lanes) -> Lanes
}

/// A mathematical function: computed in float64, and for elements rounded once, within 0.51 ulp for every argument.
protocol UnaryOnWide: UnaryPrimitive {
    /// `f(x)`; inlined into its loop.
    static func wide(_ x: Wide) -> Wide
}

// Each primitive has a loop of its own, with its formula inlined; not inlined into the protocol's table of functions, where
// the compiler would leave calls of the C library in it.
extension UnaryOnLanes {
    static func apply(_ x: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>, count: Int) {
        loop(x, into: out, count: count)
    }

    @inline(never)
    static func loop(_ x: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>, count: Int) {
        var index = 0
        while index < count {
            out.store(lanes(x.lanes(index)), index)
            index &+= 16
        }
    }
}

extension UnaryOnWide {
    static func apply(_ x: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>, count: Int) {
        loop(x, into: out, count: count)
    }

    @inline(never)
    static func loop(_ x: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>, count: Int) {
        var index = 0
        while index < count {
            out.store(wide(x.wide(index)), index)
            index &+= 8
        }
    }

    static func scalar(_ x: Double) -> Double { wide(Wide(repeating: x))[0] }
}

/// An elementwise operation on one operand, as nodes and programs hold it; copies count no references.
///
/// The constants are beside each operation's meaning.
public struct UnaryOp: Hashable, Sendable, CustomStringConvertible {
    let meaning: any UnaryPrimitive.Type

    init(_ meaning: any UnaryPrimitive.Type) { self.meaning = meaning }

    /// What the operation is called and what it does to types.
    package var facts: PrimitiveFacts { meaning.facts }

    /// `op(x)` of a float64 number: the arithmetic of coarse values.
    ///
    /// The meaning is that of elements, the core the same: mathematical functions are within 2 ulp of float64, everything else
    /// is rounded once; the same bits on every machine.
    package func callAsFunction(_ x: Double) -> Double { meaning.scalar(x) }

    /// The name.
    public var description: String { facts.name }

    /// Whether both are the same operation.
    public static func == (a: UnaryOp, b: UnaryOp) -> Bool { a.meaning == b.meaning }

    /// Hashes what makes operations equal.
    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(meaning)) }
}
