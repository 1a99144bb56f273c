/// A storage type whose elements the accumulators widen to float64.
protocol Accumulable: SIMDScalar, Hashable, Codable {
    /// Sixteen elements in float64.
    static func widen(_ lanes: SIMD16<Self>) -> SIMD16<Double>
}

extension Float: Accumulable {
    @inline(__always)
    static func widen(_ lanes: SIMD16<Float>) -> SIMD16<Double> {
        SIMD16<Double>(lowHalf: Wide(widening: lanes.lowHalf), highHalf: Wide(widening: lanes.highHalf))
    }
}

extension Double: Accumulable {
    @inline(__always)
    static func widen(_ lanes: SIMD16<Double>) -> SIMD16<Double> { lanes }
}

/// The arithmetic shared by all reductions: sixteen float64 lanes, what starts them, what they take in, how two results join.
extension ReductionOp {
    /// The value that changes nothing: what lanes start with and missing elements hold.
    var neutral: Double {
        switch self {
        case .maximum: -.infinity
        case .minimum: .infinity
        case .sum, .dot, .sumOfSquares, .count: 0
        }
    }

    /// Calls a loop with the step of the operation, (lanes, x, y) → lanes, so that the choice is made once per loop.
    @inline(__always)
    func withStep(_ loop: ((SIMD16<Double>, SIMD16<Double>, SIMD16<Double>) -> SIMD16<Double>) -> Void) {
        switch self {
        case .sum: loop { lanes, x, _ in lanes + x }
        case .dot: loop { lanes, x, y in lanes + x * y }
        case .sumOfSquares: loop { lanes, x, _ in lanes + x * x }
        case .count:
            loop { lanes, x, _ in
                let (zeros, ones) = (SIMD16<Double>(repeating: 0), SIMD16<Double>(repeating: 1))
                return lanes + ones.replacing(with: zeros, where: x .== zeros)
            }
        case .maximum: loop { lanes, x, _ in lanes.replacing(with: x, where: (x .> lanes) .| (x .!= x)) }
        case .minimum: loop { lanes, x, _ in lanes.replacing(with: x, where: (x .< lanes) .| (x .!= x)) }
        }
    }

    /// Joins the results of two neighbouring pieces.
    @inline(__always)
    func join(_ a: Double, _ b: Double) -> Double {
        switch self {
        case .sum, .dot, .sumOfSquares, .count: a + b
        case .maximum: b > a || b.isNaN ? b : a
        case .minimum: b < a || b.isNaN ? b : a
        }
    }

    /// Joins the lanes in a fixed order: i with i + 8, then i + 4, i + 2, i + 1.
    func fold(_ lanes: SIMD16<Double>) -> Double {
        var lanes = lanes
        return withUnsafeMutableBytes(of: &lanes) { bytes in
            let values = bytes.bindMemory(to: Double.self)
            var width = 8
            while width > 0 {
                for lane in 0..<width { values[lane] = join(values[lane], values[lane + width]) }
                width /= 2
            }
            return values[0]
        }
    }

    /// Takes elements into the lanes; the first one belongs to lane `phase`, the next to the lane behind it.
    func accumulate<Element: Accumulable>(
        _ x: UnsafePointer<Element>, _ y: UnsafePointer<Element>?, count: Int, phase: Int,
        into lanes: inout SIMD16<Double>, neutral: Element
    ) {
        let y = y ?? x
        var sums = lanes
        withStep { step in
            var index = 0
            if phase != 0 {
                let piece = min(16 - phase, count)
                sums = step(
                    sums, Element.widen(part(x, piece, phase, neutral)), Element.widen(part(y, piece, phase, neutral)))
                index = piece
            }
            while index &+ 16 <= count {
                let a = UnsafeRawPointer(x + index).loadUnaligned(as: SIMD16<Element>.self)
                let b = UnsafeRawPointer(y + index).loadUnaligned(as: SIMD16<Element>.self)
                sums = step(sums, Element.widen(a), Element.widen(b))
                index &+= 16
            }
            if index < count {
                sums = step(
                    sums, Element.widen(part(x + index, count - index, 0, neutral)),
                    Element.widen(part(y + index, count - index, 0, neutral)))
            }
        }
        lanes = sums
    }

    /// A vector with some elements from a lane on, the others neutral.
    @inline(__always)
    private func part<Element: Accumulable>(
        _ x: UnsafePointer<Element>, _ count: Int, _ phase: Int, _ neutral: Element
    ) -> SIMD16<Element> {
        var lanes = SIMD16<Element>(repeating: neutral)
        for index in 0..<count { lanes[phase + index] = x[index] }
        return lanes
    }
}
