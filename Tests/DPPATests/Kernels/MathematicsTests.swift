import DPPA
import Foundation
import Testing

@Suite("Mathematical functions")
struct MathematicsTests {
    private func reference(_ op: UnaryOp) -> (ulps: Double, f: (Double) -> Double) {
        if case .within(let ulps, let f)? = unaryOracles[op] { (ulps, f) } else { (0, { _ in .nan }) }
    }

    private func worst(_ op: UnaryOp, _ x: [Float]) -> Double {
        let (input, output) = (Tile(x), Tile(x.count))
        ElementKernels.unary(op, input.start, into: output.start, count: x.count)
        let reference = reference(op).f
        return zip(output.values, x).map { error($0, reference(Double($1))) }.max() ?? 0
    }

    @Test("Functions of elements are within 0.51 ulp", arguments: mathematicalUnary)
    func bound(op: UnaryOp) {
        var random = SplitMix(5)
        #expect(worst(op, (0..<200_000).map { _ in random.anyBits() }) <= 0.51)
        #expect(worst(op, (0..<200_000).map { _ in random.fine() }) <= 0.51)
        #expect(worst(op, (0..<100_000).map { _ in random.fine() * 110 }) <= 0.51)
        #expect(worst(op, (0..<100_000).map { _ in random.fine() * 1.1e6 }) <= 0.51)
        #expect(worst(op, (0..<100_000).map { 1 + Float($0 - 50_000) * 0x1p-23 }) <= 0.51)
        #expect(worst(op, (0..<100_000).map { -1 + Float($0 - 50_000) * 0x1p-24 }) <= 0.51)
        #expect(worst(op, (1..<100_000).map { Float(Double($0) * .pi / 2) }) <= 0.51)
        #expect(worst(op, (0..<100_000).map { Float(bitPattern: UInt32($0)) }) <= 0.51)
        #expect(worst(op, (0..<40_000).map { -104.5 + Float($0) * 0x1p-10 }) <= 0.51)
        #expect(worst(op, specialFloats) <= 0.51)
    }

    @Test("Functions keep the special values of IEEE 754")
    func specials() {
        func f(_ op: UnaryOp, _ x: Float) -> Float {
            let tile = Tile([x])
            ElementKernels.unary(op, tile.start, into: tile.start, count: 1)
            return tile.start[0]
        }
        for op in UnaryOp.allCases where !op.facts.givesMask {
            #expect(f(op, .nan).isNaN)
            #expect(op(.nan).isNaN)
        }
        #expect(f(.exp, .infinity) == .infinity && f(.exp, -.infinity) == 0 && f(.exp, -0.0) == 1)
        #expect(f(.exp, 89) == .infinity && f(.exp, -104) == 0)
        #expect(f(.log, 0) == -.infinity && f(.log, -0.0) == -.infinity && f(.log, -1).isNaN)
        #expect(f(.log, .infinity) == .infinity && f(.log, -.infinity).isNaN)
        #expect(f(.log, 1).bitPattern == 0)
        #expect(f(.sin, .infinity).isNaN && f(.cos, -.infinity).isNaN && f(.cos, 0) == 1)
        #expect(f(.sin, -0.0).bitPattern == Float(-0.0).bitPattern && f(.sin, 0).bitPattern == 0)
        #expect(f(.acos, 1).bitPattern == 0 && f(.acos, 1.000001).isNaN && f(.acos, -.infinity).isNaN)
        #expect(f(.tanh, .infinity) == 1 && f(.tanh, -40) == -1 && f(.tanh, -0.0).bitPattern == Float(-0.0).bitPattern)
        #expect(f(.acos, -1) == Float.pi.nextUp && f(.sqrt, -1).isNaN)
        #expect(f(.sqrt, -0.0).bitPattern == Float(-0.0).bitPattern)
    }

    @Test("Functions of coarse values are within a few ulp of float64", arguments: mathematicalUnary)
    func scalarBound(op: UnaryOp) {
        var random = SplitMix(6)
        var x: [Double] = [0, -0.0, 1, -1, 0.5, -0.5, .infinity, -.infinity, 0x1p-1074, 710, -746, -745, -708.5, -740]
        for _ in 0..<30_000 {
            let unit = Double(Int64(bitPattern: random.next())) * 0x1p-63
            x += [unit, unit * 30, unit * 700, unit * 1e6, 1 + unit * 1e-3, unit * 1e-9, unit.magnitude * 1e300]
            x.append(Double(bitPattern: random.next()))
        }
        let (bound, reference) = reference(op)
        // Results below the normal range are rounded twice.
        #expect((x.map { ulps(op($0), reference($0)) }.max() ?? 0) <= bound)
    }

    @Test("Coarse arithmetic has the meaning of element arithmetic")
    func scalarMeaning() {
        for a in specialFloats {
            for op in UnaryOp.allCases where !mathematicalUnary.contains(op) && op != .sqrt {
                let tile = Tile([a])
                ElementKernels.unary(op, tile.start, into: tile.start, count: 1)
                #expect(same(Float(op(Double(a))), tile.start[0]), "\(op) \(a)")
            }
            for b in specialFloats {
                for op in BinaryOp.allCases {
                    let tile = Tile([a])
                    ElementKernels.binary(op, .vector(tile.start), .scalar(b), into: tile.start, count: 1)
                    #expect(same(Float(op(Double(a), Double(b))), tile.start[0]), "\(a) \(op) \(b)")
                }
            }
        }
    }

    @Test("Functions of two operands are within their bounds", arguments: mathematicalBinary)
    func boundOfTwo(op: BinaryOp) throws {
        guard case .within(let bound, let reference)? = binaryOracles[op] else { return }
        var random = SplitMix(9)
        var (x, y): ([Float], [Float]) = ([], [])
        for a in specialFloats { for b in specialFloats { (x, y) = (x + [a], y + [b]) } }
        for _ in 0..<100_000 {
            let near = random.fine()
            x += [random.anyBits(), random.fine(), random.fine() * 1e-20, near]
            y += [random.anyBits(), random.fine(), random.fine() * 1e20, near * (1 + random.fine() * 1e-3)]
        }
        let (a, b, output, scalar) = (Tile(x), Tile(y), Tile(x.count), Tile(x.count))
        ElementKernels.binary(op, .vector(a.start), .vector(b.start), into: output.start, count: x.count)
        let worst = x.indices.map { error(output.start[$0], reference(Double(x[$0]), Double(y[$0]))) }.max() ?? 0
        #expect(worst <= 0.51)
        for value in [0, -0.0, 0.3, -7, Float.infinity, .nan] {
            b.fill(value)
            ElementKernels.binary(op, .vector(a.start), .vector(b.start), into: output.start, count: x.count)
            ElementKernels.binary(op, .vector(a.start), .scalar(value), into: scalar.start, count: x.count)
            #expect(same(output.values, scalar.values), "\(op) \(value)")
        }
        // Signs of zeros and quadrants are exact; results below the normal range are rounded twice.
        let special = specialFloats.map(Double.init) + [0x1p1023, -0x1p1023, 0x1p-1074, 1e300, -1e300, 1e-300]
        var pairs = special.flatMap { a in special.map { (a, $0) } }
        for _ in 0..<100_000 {
            let (unit, other) = (random.double(), random.double())
            pairs += [
                (unit, other), (unit * 1e-9, other), (unit, unit * (1 + other * 1e-6)), (unit * 1e307, other * 1e308),
            ]
        }
        for (a, b) in pairs {
            let (got, expected) = (op(a, b), reference(a, b))
            guard expected.isNormal || !expected.isFinite || expected == 0 else { continue }
            #expect(
                ulps(got, expected) <= bound && (got.sign == expected.sign || expected.isNaN),
                "\(op)(\(a), \(b)): \(got)")
        }
    }

    @Test("Powers of elements are within 0.51 ulp and the same for scalar and vector exponents")
    func power() {
        var random = SplitMix(7)
        var (x, y): ([Float], [Float]) = ([], [])
        for a in specialFloats { for b in specialFloats { (x, y) = (x + [a], y + [b]) } }
        for _ in 0..<100_000 {
            x += [random.anyBits(), random.fine() * 10, random.fine().magnitude, 1 + random.fine() * 1e-4]
            y += [random.anyBits(), Float(Int(random.next() % 41) - 20), random.fine() * 8, random.fine() * 1e6]
        }
        let (a, b, output) = (Tile(x), Tile(y), Tile(x.count))
        ElementKernels.binary(.power, .vector(a.start), .vector(b.start), into: output.start, count: x.count)
        var worst = 0.0
        for index in x.indices {
            worst = max(worst, error(output.start[index], Foundation.pow(Double(x[index]), Double(y[index]))))
        }
        #expect(worst <= 0.51)
        let scalar = Tile(x.count)
        for exponent in [2, -1, 0.5, 1, 3, 0, -0.5, Float.infinity, .nan] {
            ElementKernels.fill(exponent, into: b.start, count: x.count)
            ElementKernels.binary(.power, .vector(a.start), .vector(b.start), into: output.start, count: x.count)
            ElementKernels.binary(.power, .vector(a.start), .scalar(exponent), into: scalar.start, count: x.count)
            #expect(same(output.values, scalar.values), "x ^ \(exponent)")
            #expect(x.indices.allSatisfy { error(scalar.start[$0], pow(Double(x[$0]), Double(exponent))) <= 0.51 })
        }
        ElementKernels.binary(.power, .scalar(2), .scalar(10), into: output.start, count: 1)
        #expect(output.start[0] == 1024)
    }

    @Test("Powers of coarse values are within a few ulp of float64, with the special values of IEEE 754")
    func scalarPower() {
        var random = SplitMix(8)
        var worst = 0.0
        for _ in 0..<100_000 {
            let x = Double(bitPattern: random.next() & 0x7fff_ffff_ffff_ffff)
            let y = Double(Int64(bitPattern: random.next())) * 0x1p-63
            for (a, b) in [(x, y), (x, y * 10), (1 + y * 1e-3, y * 1e5), (y.magnitude, y * 30), (y * 9, 7)] {
                let expected = pow(a, b)
                if expected.isNormal || expected == 0 || !expected.isFinite {
                    worst = max(worst, ulps(BinaryOp.power(a, b), expected))
                }
            }
        }
        #expect(worst <= 3)
        let special = specialFloats.map(Double.init) + [0x1p53, 0x1p53 + 2, -0x1p52 - 1, 1e300, -1e300, 1e-300]
        for a in special {
            for b in special {
                let (got, expected) = (BinaryOp.power(a, b), pow(a, b))
                #expect(
                    ulps(got, expected) <= 3 && got.sign == expected.sign || got.isNaN && expected.isNaN, "\(a) ^ \(b)")
            }
        }
    }
}
