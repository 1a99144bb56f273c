/// What a forward pass does between matrix products, on rows of float32.
package enum ActivationKernels {
    /// `out = x / √(mean(x²) + ε) · weight` for one row; the sum of squares in float64.
    package static func normalize(
        _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, epsilon: Float,
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
        for index in 0..<count { out[index] = weight[index] * (x[index] * factor) }
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

    /// `gate = gate / (1 + e^-gate) · up`.
    package static func gate(_ gate: UnsafeMutablePointer<Float>, _ up: UnsafePointer<Float>, count: Int) {
        eachLanes(count) { index, load, store in
            let x = load(gate + index)
            store(x / (Lanes(repeating: 1) + exp(-x)) * load(UnsafeMutablePointer(mutating: up) + index), gate + index)
        }
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

    /// Runs a body over sixteen elements at a time, the last ones through a copy, so that nothing behind them is touched.
    @inline(__always)
    private static func eachLanes(
        _ count: Int,
        _ body: (Int, (UnsafeMutablePointer<Float>) -> Lanes, (Lanes, UnsafeMutablePointer<Float>) -> Void) -> Void
    ) {
        var index = 0
        while index &+ 16 <= count {
            body(index, { UnsafePointer($0).lanes(0) }, { $1.store($0, 0) })
            index &+= 16
        }
        guard index < count else { return }
        let rest = count &- index
        body(
            index,
            { pointer in
                var lanes = Lanes()
                for lane in 0..<rest { lanes[lane] = pointer[lane] }
                return lanes
            },
            { lanes, pointer in for lane in 0..<rest { pointer[lane] = lanes[lane] } })
    }
}

extension UInt32 {
    @inline(__always)
    fileprivate var signed: Int32 { Int32(bitPattern: self) }
}
