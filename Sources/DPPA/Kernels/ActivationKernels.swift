/// What a forward pass does between matrix products, on rows of float32.
package enum ActivationKernels {
    /// `out = x / √(mean(x²) + ε) · (weight + from)` for one row; the sum of squares in float64.
    package static func normalize(
        _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, from zero: Float, epsilon: Float,
        into out: UnsafeMutablePointer<Float>, count: Int
    ) {
        var lanes = SIMD8<Double>()
        var index = 0
        while index &+ 8 <= count {
            let part = UnsafeRawPointer(x + index).loadUnaligned(as: SIMD8<Float>.self)
            let wide = SIMD8<Double>(part)
            lanes += wide * wide
            index &+= 8
        }
        var sum = lanes.sum()
        while index < count {
            sum += Double(x[index]) * Double(x[index])
            index &+= 1
        }
        let factor = 1 / (Float(sum / Double(count)) + epsilon).squareRoot()
        for index in 0..<count { out[index] = (weight[index] + zero) * (x[index] * factor) }
    }

    /// `out = (x − mean x) / √(var x + ε) · weight + bias` for one row; mean and variance in float64.
    package static func normalizeLayer(
        _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ bias: UnsafePointer<Float>, epsilon: Float,
        into out: UnsafeMutablePointer<Float>, count: Int
    ) {
        var (sum, squares) = (0.0, 0.0)
        for index in 0..<count { sum += Double(x[index]) }
        let mean = sum / Double(count)
        for index in 0..<count {
            let deviation = Double(x[index]) - mean
            squares += deviation * deviation
        }
        let factor = 1 / (squares / Double(count) + Double(epsilon)).squareRoot()
        for index in 0..<count {
            out[index] = Float((Double(x[index]) - mean) * factor) * weight[index] + bias[index]
        }
    }

    /// `out += x · factor`.
    package static func add(
        _ x: UnsafePointer<Float>, times factor: Float, to out: UnsafeMutablePointer<Float>, count: Int
    ) {
        for index in 0..<count { out[index] += x[index] * factor }
    }

    /// Turns the pairs (x_i, x_{i + half}) of one head by the angles of one position.
    package static func rotate(_ x: UnsafeMutablePointer<Float>, _ angles: UnsafePointer<Float>, half: Int) {
        for index in 0..<half {
            let (first, second) = (x[index], x[index &+ half])
            let (cosine, sine) = (angles[index], angles[index &+ half])
            x[index] = first * cosine - second * sine
            x[index &+ half] = second * cosine + first * sine
        }
    }

    /// `x / (1 + e^-x)`.
    @inline(__always)
    static func silu(_ x: Lanes) -> Lanes { x / (Lanes(repeating: 1) + exp(-x)) }

    /// `1 / (1 + e^-x)`.
    package static func sigmoid(_ x: Float) -> Float { 1 / (1 + exp(Lanes(repeating: -x))[0]) }

    /// `x / (1 + e^-2u)` with u = √(2/π) · (x + 0.044715 x³).
    @inline(__always)
    static func geluTanh(_ x: Lanes) -> Lanes {
        let u = (x + x * x * x * 0.044_715) * 0.797_884_56
        return x / (Lanes(repeating: 1) + exp(u * -2))
    }

    /// `x = c · tanh(x / c)`.
    package static func cap(_ x: UnsafeMutablePointer<Float>, at c: Float, count: Int) {
        map(x, count: count) { tanh($0 / c) * c }
    }

    /// tanh within 2 ulp: a polynomial of degree 11 up to 0.625, `1 − 2 / (e^2|x| + 1)` beyond; NaN stays.
    @inline(__always)
    static func tanh(_ x: Lanes) -> Lanes {
        let isNegative = x .< 0
        let size = x.replacing(with: -x, where: isNegative)
        let far = Lanes(repeating: 1) - Lanes(repeating: 2) / (exp(size * 2) + 1)
        let z = size * size
        var sum = z * -5.704_988_7e-3 + 2.063_908_9e-2
        sum = sum * z - 5.373_971_6e-2
        sum = sum * z + 1.333_144_2e-1
        sum = sum * z - 3.333_328_2e-1
        let result = far.replacing(with: sum * z * size + size, where: size .< 0.625)
        return result.replacing(with: -result, where: isNegative)
    }

    /// `x = e^(x − max x) / Σ`, with the sum in float64.
    ///
    /// A row of NaN stays NaN.
    package static func softmax(_ x: UnsafeMutablePointer<Float>, count: Int) {
        let total = exponentials(x, count: count, shift: largest(x, count: count), into: x)
        let factor = Float(1 / total)
        for index in 0..<count { x[index] *= factor }
    }

    /// The largest of a row; NaN if there is one.
    package static func largest(_ x: UnsafePointer<Float>, count: Int) -> Float {
        var lanes = Lanes(repeating: -.infinity)
        var isNaN = SIMDMask<SIMD16<Int32>>(repeating: false)
        var index = 0
        while index &+ 16 <= count {
            let part = x.lanes(index)
            isNaN .|= part .!= part
            lanes.replace(with: part, where: part .> lanes)
            index &+= 16
        }
        var result = -Float.infinity
        for lane in 0..<16 {
            if isNaN[lane] { return .nan }
            if lanes[lane] > result { result = lanes[lane] }
        }
        while index < count {
            if x[index].isNaN { return .nan }
            if x[index] > result { result = x[index] }
            index &+= 1
        }
        return result
    }

    /// `out = e^(x − shift)`, and the sum of all.
    @discardableResult
    package static func exponentials(
        _ x: UnsafePointer<Float>, count: Int, shift: Float, into out: UnsafeMutablePointer<Float>
    ) -> Double {
        var total = SIMD16<Float>()
        var (sum, blocks) = (0.0, 0)
        let down = Lanes(repeating: shift)
        var index = 0
        while index &+ 16 <= count {
            let part = exp(x.lanes(index) - down)
            out.store(part, index)
            total += part
            blocks &+= 1
            // Few enough additions in float32 that their error does not show.
            if blocks == 64 {
                sum += Double(total.sum())
                (total, blocks) = (Lanes(), 0)
            }
            index &+= 16
        }
        sum += Double(total.sum())
        while index < count {
            let value = exp(Lanes(repeating: x[index] - shift))[0]
            out[index] = value
            sum += Double(value)
            index &+= 1
        }
        return sum
    }

    /// e^x within 2 ulp: x = k·ln 2 + r, e^r by a polynomial of degree 7; 0 below −87, ∞ above 88.7, NaN stays.
    @inline(__always)
    static func exp(_ x: Lanes) -> Lanes {
        let low = x .< Lanes(repeating: -87)
        let clamped = x.replacing(with: -87, where: low).replacing(with: 89, where: x .> Lanes(repeating: 89))
        let shift: Float = 12_582_912
        let shifted = clamped * 1.442_695_04 + shift
        let k = shifted - shift
        let r = (clamped - k * 0.693_359_375) - k * -2.121_944_4e-4
        var sum = Lanes(repeating: 1.0 / 5040)
        sum = sum * r + 1.0 / 720
        sum = sum * r + 1.0 / 120
        sum = sum * r + 1.0 / 24
        sum = sum * r + 1.0 / 6
        sum = sum * r + 0.5
        sum = sum * r + 1
        sum = sum * r + 1
        // 2^k in two factors: k may be 128.
        let exponent = shifted.bits &- SIMD16(repeating: shift.bitPattern.signed)
        let half = exponent &>> 1
        let scale = Lanes(bits: (half &+ 127) &<< 23), rest = Lanes(bits: (exponent &- half &+ 127) &<< 23)
        return (sum * scale * rest).replacing(with: 0, where: low).replacing(with: x, where: x .!= x)
    }

    /// `x = f(x)`.
    @inline(__always)
    static func map(_ x: UnsafeMutablePointer<Float>, count: Int, _ f: (Lanes) -> Lanes) {
        map(x, x, count: count) { own, _ in f(own) }
    }

    /// `x = f(x, y)`, sixteen elements at a time; the last ones through a copy, so that nothing behind them is touched.
    @inline(__always)
    static func map(
        _ x: UnsafeMutablePointer<Float>, _ y: UnsafePointer<Float>, count: Int, _ f: (Lanes, Lanes) -> Lanes
    ) {
        var index = 0
        while index &+ 16 <= count {
            x.store(f(UnsafePointer(x).lanes(index), y.lanes(index)), index)
            index &+= 16
        }
        guard index < count else { return }
        var (own, other) = (Lanes(), Lanes())
        for lane in 0..<count &- index { (own[lane], other[lane]) = (x[index &+ lane], y[index &+ lane]) }
        let result = f(own, other)
        for lane in 0..<count &- index { x[index &+ lane] = result[lane] }
    }
}

extension UInt32 {
    @inline(__always)
    fileprivate var signed: Int32 { Int32(bitPattern: self) }
}
