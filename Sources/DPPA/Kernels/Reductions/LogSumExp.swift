/// ln Σe^x.
///
/// The state is a reference m and Σe^(x - m), where no element lies more than `reach` above m, so that nothing overflows; each
/// term is within 2 ulp of float64.
enum LogSumExp: Accumulator, Reducer {
    static let facts = ReductionFacts(
        "log_sum_exp",
        "The logarithm of Σ e^x over a scope, in float64 and without overflow; −inf where every value is, 0 of nothing."
    )
    static var accumulated: Accumulation { .logSumExp }
    static func finish(_ numbers: UnsafePointer<Double>, count: Double) -> Double {
        numbers[0] + VectorMath.log(Wide(repeating: numbers[1]))[0]
    }

    package struct State: BitwiseCopyable {
        var reference: SIMD16<Double>
        var sum: SIMD16<Double>
    }

    static var name: String { "logSumExp" }
    static var neutral: State { State(reference: SIMD16(repeating: -.infinity), sum: SIMD16()) }

    /// How far above the reference an element may lie: with 2^1024 / e^32 of them there is no overflow, and after a lane's first
    /// element the reference seldom changes.
    private static var reach: Double { 32 }

    @inline(__always)
    static func step(_ state: inout State, _ x: SIMD16<Double>, _: SIMD16<Double>) {
        let isBeyond = x .> state.reference + reach
        if any(isBeyond) { raise(&state, to: state.reference.replacing(with: x, where: isBeyond)) }
        var (low, high) = (
            distance(x.lowHalf, state.reference.lowHalf), distance(x.highHalf, state.reference.highHalf)
        )
        exponentiate(&low)
        exponentiate(&high)
        state.sum += SIMD16(lowHalf: low, highHalf: high)
    }

    @inline(__always)
    static func join(_ state: inout State, _ next: State) {
        var next = next
        raise(&state, to: next.reference)
        raise(&next, to: state.reference)
        state.sum += next.sum
    }

    /// Makes each lane's reference at least x.
    ///
    /// Not inlined, and in place, because vectors that a call takes by value are cut into pieces.
    @inline(never)
    private static func raise(_ state: inout State, to x: SIMD16<Double>) {
        let reference = state.reference.replacing(with: x, where: x .> state.reference)
        var (low, high) = (
            distance(state.reference.lowHalf, reference.lowHalf), distance(state.reference.highHalf, reference.highHalf)
        )
        exponentiate(&low)
        exponentiate(&high)
        state.sum *= SIMD16(lowHalf: low, highHalf: high)
        state.reference = reference
    }

    /// e^x in place, in a function of its own, so that the compiler does not cut the second one of two into pieces.
    @inline(never)
    private static func exponentiate(_ x: inout Wide) { x = VectorMath.exp(x) }

    /// x − y; equal ones are no distance apart, infinities among them, and a NaN is one from everything.
    @inline(__always)
    private static func distance(_ x: Wide, _ y: Wide) -> Wide { (x - y).setting(0, where: x .== y) }
}

extension Accumulation {
    /// A reference, and Σe^x as a multiple of its power.
    package static let logSumExp = Accumulation(LogSumExp.self)
}

extension Reduction {
    /// ln Σ eˣ.
    public static let logSumExp = Reduction(LogSumExp.self)
}
