/// ln Σe^x.
///
/// The state is the largest element m and Σe^(x - m), which never overflows; each term within 2 ulp of float64.
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
        var largest: SIMD16<Double>
        var sum: SIMD16<Double>
    }

    static var name: String { "logSumExp" }
    static var neutral: State { State(largest: SIMD16(repeating: -.infinity), sum: SIMD16()) }

    @inline(__always)
    static func step(_ state: inout State, _ x: SIMD16<Double>, _: SIMD16<Double>) {
        join(&state, State(largest: x, sum: SIMD16(repeating: 1)))
    }

    @inline(__always)
    static func join(_ state: inout State, _ next: State) {
        // Equal ones are no distance apart, infinities among them; a NaN is one from everything.
        let distance = (state.largest - next.largest).replacing(with: 0, where: state.largest .== next.largest)
        var factor =
            SIMD16<Double>() - distance.replacing(with: SIMD16<Double>() - distance, where: distance .< SIMD16())
        exponentiate(&factor)
        let isLarger = next.largest .> state.largest
        state.sum = (state.sum + next.sum * factor).replacing(with: state.sum * factor + next.sum, where: isLarger)
        state.largest.replace(with: next.largest, where: isLarger)
    }

    /// e^x, in place, because vectors that a call takes by value are cut into pieces.
    @inline(never)
    private static func exponentiate(_ x: inout SIMD16<Double>) {
        x = SIMD16(lowHalf: VectorMath.exp(x.lowHalf), highHalf: VectorMath.exp(x.highHalf))
    }
}

extension Accumulation {
    /// The largest element, and Σe^x as a multiple of its power.
    package static let logSumExp = Accumulation(LogSumExp.self)
}

extension Reduction {
    /// ln Σ eˣ.
    public static let logSumExp = Reduction(LogSumExp.self)
}
