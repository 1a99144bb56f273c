import DPPA
import Foundation

/// What an operation must give, written down independently: a naive formula of float32, or a function of the C library in
/// float64 that results are compared with within a bound.
enum UnaryOracle: Sendable {
    /// The very bits.
    case exact(@Sendable (Float) -> Float)
    /// Elements within 0.51 ulp of float32, coarse values within so many of float64.
    case within(ulps: Double, @Sendable (Double) -> Double)
}

/// The same of two operands.
enum BinaryOracle: Sendable {
    case exact(@Sendable (Float, Float) -> Float)
    case within(ulps: Double, @Sendable (Double, Double) -> Double)
}

/// One for each operation; the tests of kernels ask for it.
let unaryOracles: [UnaryOp: UnaryOracle] = [
    .negate: .exact { Float(bitPattern: $0.bitPattern ^ 0x8000_0000) },
    .abs: .exact { Float(bitPattern: $0.bitPattern & 0x7fff_ffff) },
    .sign: .exact { $0.isNaN ? .nan : $0 > 0 ? 1 : $0 < 0 ? -1 : 0 },
    .sqrt: .exact { $0.squareRoot() },
    .floor: .exact { $0.rounded(.down) },
    .not: .exact { $0 == 0 ? 1 : 0 },
    // The references are within 1 ulp themselves, that of tanh within 2.
    .exp: .within(ulps: 2, { Foundation.exp($0) }), .log: .within(ulps: 2, { Foundation.log($0) }),
    .sin: .within(ulps: 2, { Foundation.sin($0) }), .cos: .within(ulps: 2, { Foundation.cos($0) }),
    .acos: .within(ulps: 3, { Foundation.acos($0) }), .tanh: .within(ulps: 5, { Foundation.tanh($0) }),
]

let binaryOracles: [BinaryOp: BinaryOracle] = [
    .add: .exact { $0 + $1 }, .subtract: .exact { $0 - $1 }, .multiply: .exact { $0 * $1 },
    .divide: .exact { $0 / $1 },
    .maximum: .exact { $0.isNaN || $1.isNaN ? .nan : $1 > $0 ? $1 : $0 },
    .minimum: .exact { $0.isNaN || $1.isNaN ? .nan : $1 < $0 ? $1 : $0 },
    .greater: .exact { $0 > $1 ? 1 : 0 }, .greaterOrEqual: .exact { $0 >= $1 ? 1 : 0 },
    .less: .exact { $0 < $1 ? 1 : 0 }, .lessOrEqual: .exact { $0 <= $1 ? 1 : 0 },
    .equal: .exact { $0 == $1 ? 1 : 0 }, .notEqual: .exact { $0 != $1 ? 1 : 0 },
    .and: .exact { $0 != 0 && $1 != 0 ? 1 : 0 }, .or: .exact { $0 != 0 || $1 != 0 ? 1 : 0 },
    .power: .within(ulps: 3, { Foundation.pow($0, $1) }), .atan2: .within(ulps: 3, { Foundation.atan2($0, $1) }),
]

/// The operations whose oracle is a function of float64.
let mathematicalUnary = UnaryOp.allCases.filter { if case .within? = unaryOracles[$0] { true } else { false } }
let mathematicalBinary = BinaryOp.allCases.filter { if case .within? = binaryOracles[$0] { true } else { false } }

/// How far a float32 result is from the float64 reference, in ulps of float32; 0 if it is the nearest.
func error(_ got: Float, _ reference: Double) -> Double {
    let rounded = Float(reference)
    if got == rounded { return 0 }
    guard got.isFinite, reference.isFinite else { return got.isNaN && reference.isNaN ? 0 : .infinity }
    return abs(Double(got) - reference) / Double(max(rounded.ulp, .leastNonzeroMagnitude))
}

/// How far a float64 result is from the reference, in ulps.
func ulps(_ got: Double, _ reference: Double) -> Double {
    if got == reference || (got.isNaN && reference.isNaN) { return 0 }
    guard got.isFinite, reference.isFinite else { return .infinity }
    return abs(got - reference) / max(reference.ulp, .leastNonzeroMagnitude)
}
