import DPPAKernels
import DPPASupport
import Testing

/// Products with weights as floats and as tiles against naive loops in float64.
@Suite struct WeightMatrixTests {
    /// Rows, outputs and inputs around the sides of tiles and the pieces that are worked through.
    static let shapes = [(1, 1, 1), (5, 17, 9), (16, 16, 32), (33, 40, 67), (31, 530, 200), (70, 100, 576)]

    private func random(_ count: Int, _ seed: UInt64) -> Buffer<Float> {
        var random = SplitMix(seed)
        let buffer = Buffer<Float>(count)
        for index in 0..<count { buffer.pointer[index] = Float(Int64(bitPattern: random.next())) * 0x1p-63 }
        return buffer
    }

    private func rounded(_ buffer: Buffer<Float>) -> Buffer<Float> {
        for index in 0..<buffer.count {
            buffer.pointer[index] = Float(bitPattern: buffer.pointer[index].bitPattern & 0xffff_0000)
        }
        return buffer
    }

    private func tiles(_ weights: Buffer<Float>, _ place: WeightMatrix.Place) -> WeightTiles? {
        WeightMatrix.tiles(of: weights, place) { count, piece in
            for number in (0..<count).reversed() { piece(number) }
        }
    }

    /// The largest |y − exact| beside Σ |x w| over all of the product, of some of the outputs.
    private func error(_ map: WeightMatrix, _ w: (Int, Int) -> Float, _ shape: (m: Int, n: Int, k: Int), adding: Bool)
        -> Double
    {
        let (m, n, k) = shape
        let (x, first, stride) = (random(m * k, 1), n > 16 ? 16 : 0, n + 3)
        let y = Buffer<Float>(m * stride)
        y.fill(adding ? 0.75 : .nan)
        map.times(x.pointer, rows: m, outputs: first..<n, adding: adding, into: y.pointer, stride: stride)
        var worst = 0.0
        for row in 0..<m {
            for output in first..<n {
                var (sum, size) = (adding ? 0.75 : 0, 1e-30)
                for input in 0..<k {
                    let product = Double(x.pointer[row * k + input]) * Double(w(output, input))
                    sum += product
                    size += abs(product)
                }
                worst = max(
                    worst, abs(Double(y.pointer[row * stride + output - first]) - sum) / (size + (adding ? 0.75 : 0)))
            }
            // What is beside the product stays.
            let beside = y.pointer[row * stride + n - first]
            if adding ? beside != 0.75 : !beside.isNaN { worst = .infinity }
        }
        return worst
    }

    @Test(arguments: shapes, [false, true])
    func productsAreThoseOfFloat32(_ shape: (Int, Int, Int), isTransposed: Bool) {
        let (m, n, k) = shape
        let stored = n + 7
        let weights = rounded(random(stored * k, 2))
        let place = WeightMatrix.Place(outputs: 4..<4 + n, inputs: k, stored: stored, isTransposed: isTransposed)
        func weight(_ output: Int, _ input: Int) -> Float {
            weights.pointer[isTransposed ? input * stored + output + 4 : (output + 4) * k + input]
        }
        let packed = tiles(weights, place)
        #expect((packed != nil) == WeightTiles.areAvailable)
        for adding in [false, true] {
            for tiles in [nil, packed] {
                let map = WeightMatrix(weights, place, tiles: tiles)
                #expect(error(map, weight, (m, n, k), adding: adding) < 1e-6)
            }
        }
    }

    @Test func aWeightThatIsNoBFloat16HasNoTiles() {
        let weights = rounded(random(40 * 70, 3))
        weights.pointer[39 * 70 + 69] = 0.1
        #expect(tiles(weights, WeightMatrix.Place(outputs: 0..<40, inputs: 70, stored: 40)) == nil)
        #expect(
            (tiles(weights, WeightMatrix.Place(outputs: 0..<39, inputs: 70, stored: 40)) != nil)
                == WeightTiles.areAvailable)
    }

    /// A row's numbers do not depend on what goes through the product with it.
    @Test func rowsAreComputedAlike() {
        let (m, n, k) = (45, 48, 300)
        let (x, weights) = (random(m * k, 4), rounded(random(n * k, 5)))
        let place = WeightMatrix.Place(outputs: 0..<n, inputs: k, stored: n)
        guard let tiles = tiles(weights, place) else { return }
        let map = WeightMatrix(weights, place, tiles: tiles)
        let (together, alone) = (Buffer<Float>(m * n), Buffer<Float>(n))
        map.times(x.pointer, rows: m, outputs: 0..<n, into: together.pointer, stride: n)
        for row in 0..<m {
            map.times(x.pointer + row * k, rows: 1, outputs: 0..<n, into: alone.pointer, stride: n)
            #expect((0..<n).allSatisfy { alone.pointer[$0] == together.pointer[row * n + $0] })
        }
    }
}
