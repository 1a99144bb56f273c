/// The elementwise formulas on one vector.
///
/// Named functions rather than closures, because these are inlined into their loops wherever they are used.
enum Formula {
    @inline(__always)
    static func negate(_ x: Lanes) -> Lanes { Lanes(bits: x.bits ^ SIMD16(repeating: Int32.min)) }

    @inline(__always)
    static func abs(_ x: Lanes) -> Lanes { Lanes(bits: x.bits & SIMD16(repeating: Int32.max)) }

    @inline(__always)
    static func sign(_ x: Lanes) -> Lanes {
        let signs = Lanes(x .> Lanes()) - Lanes(x .< Lanes())
        return signs.replacing(with: x, where: x .!= x)
    }

    @inline(__always)
    static func sqrt(_ x: Lanes) -> Lanes { x.squareRoots }

    @inline(__always)
    static func floor(_ x: Lanes) -> Lanes { x.rounded(.down) }

    @inline(__always)
    static func not(_ x: Lanes) -> Lanes { Lanes(x .== Lanes()) }

    @inline(__always)
    package static func add(_ a: Lanes, _ b: Lanes) -> Lanes { a + b }

    @inline(__always)
    static func subtract(_ a: Lanes, _ b: Lanes) -> Lanes { a - b }

    @inline(__always)
    static func multiply(_ a: Lanes, _ b: Lanes) -> Lanes { a * b }

    @inline(__always)
    static func divide(_ a: Lanes, _ b: Lanes) -> Lanes { a / b }

    @inline(__always)
    static func maximum(_ a: Lanes, _ b: Lanes) -> Lanes { a.replacing(with: b, where: (b .> a) .| (b .!= b)) }

    @inline(__always)
    static func minimum(_ a: Lanes, _ b: Lanes) -> Lanes { a.replacing(with: b, where: (b .< a) .| (b .!= b)) }

    @inline(__always)
    static func greater(_ a: Lanes, _ b: Lanes) -> Lanes { Lanes(a .> b) }

    @inline(__always)
    static func greaterOrEqual(_ a: Lanes, _ b: Lanes) -> Lanes { Lanes(a .>= b) }

    @inline(__always)
    static func less(_ a: Lanes, _ b: Lanes) -> Lanes { Lanes(a .< b) }

    @inline(__always)
    static func lessOrEqual(_ a: Lanes, _ b: Lanes) -> Lanes { Lanes(a .<= b) }

    @inline(__always)
    static func equal(_ a: Lanes, _ b: Lanes) -> Lanes { Lanes(a .== b) }

    @inline(__always)
    static func notEqual(_ a: Lanes, _ b: Lanes) -> Lanes { Lanes(a .!= b) }

    @inline(__always)
    static func and(_ a: Lanes, _ b: Lanes) -> Lanes { Lanes(a.isTrue .& b.isTrue) }

    @inline(__always)
    static func or(_ a: Lanes, _ b: Lanes) -> Lanes { Lanes(a.isTrue .| b.isTrue) }

    /// `pow(x, 2)`.
    @inline(__always)
    static func square(_ x: Lanes, _: Lanes) -> Lanes { x * x }

    /// `pow(x, -1)`.
    @inline(__always)
    static func reciprocal(_ x: Lanes, _: Lanes) -> Lanes { Lanes(repeating: 1) / x }

    /// `pow(x, 0.5)`: unlike the square root it is +0 at -0 and inf at -inf.
    @inline(__always)
    static func squareRootPower(_ x: Lanes, _: Lanes) -> Lanes {
        let isInvalid = (x .< Lanes()) .& (x .!= Lanes(repeating: -.infinity))
        return abs(x).squareRoots.replacing(with: Lanes(repeating: .nan), where: isInvalid)
    }
}
