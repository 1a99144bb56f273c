/// The elementwise operations on single float64 numbers: the arithmetic of coarse values.
///
/// The same meaning as `ElementKernels` and the same cores. `exp`, `log`, `sin` and `cos` are within 1 ulp of float64,
/// `acos` and `power` within 2 (where the result is normal); everything else is rounded once. Same bits on every machine.
package enum ScalarMath {
    /// `op(x)`.
    package static func unary(_ op: UnaryOp, _ x: Double) -> Double {
        switch op {
        case .negate: -x
        case .abs: x.magnitude
        case .sign: x > 0 ? 1 : x < 0 ? -1 : x.isNaN ? x : 0
        case .sqrt: x < 0 ? .nan : x.squareRoot()
        case .exp: VectorMath.exp(Wide(repeating: x))[0]
        case .log: VectorMath.log(Wide(repeating: x))[0]
        case .sin: VectorMath.sin(Wide(repeating: x))[0]
        case .cos: VectorMath.cos(Wide(repeating: x))[0]
        case .acos: VectorMath.acos(Wide(repeating: x))[0]
        case .floor: x.rounded(.down)
        case .not: x == 0 ? 1 : 0
        }
    }

    /// `op(a, b)`.
    package static func binary(_ op: BinaryOp, _ a: Double, _ b: Double) -> Double {
        switch op {
        case .add: a + b
        case .subtract: a - b
        case .multiply: a * b
        case .divide: a / b
        case .power: VectorMath.power(Wide(repeating: a), Wide(repeating: b))[0]
        case .maximum: b > a || b.isNaN ? b : a
        case .minimum: b < a || b.isNaN ? b : a
        case .greater: a > b ? 1 : 0
        case .greaterOrEqual: a >= b ? 1 : 0
        case .less: a < b ? 1 : 0
        case .lessOrEqual: a <= b ? 1 : 0
        case .equal: a == b ? 1 : 0
        case .notEqual: a != b ? 1 : 0
        case .and: a != 0 && b != 0 ? 1 : 0
        case .or: a != 0 || b != 0 ? 1 : 0
        }
    }
}
