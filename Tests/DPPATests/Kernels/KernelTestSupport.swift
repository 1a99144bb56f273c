import DPPA

/// An aligned buffer with the padding that kernels may touch, and no more.
final class Tile {
    let start: UnsafeMutablePointer<Float>
    let count: Int

    init(_ count: Int, _ value: Float = 0) {
        self.count = count
        let size = max(16, (count + 15) / 16 * 16)
        let raw = UnsafeMutableRawPointer.allocate(byteCount: size * 4, alignment: 64)
        start = raw.bindMemory(to: Float.self, capacity: size)
        start.initialize(repeating: value, count: size)
    }

    convenience init(_ values: [Float]) {
        self.init(values.count)
        for (index, value) in values.enumerated() { start[index] = value }
    }

    deinit { UnsafeMutableRawPointer(start).deallocate() }

    func fill(_ value: Float) { start.update(repeating: value, count: count) }

    var values: [Float] { (0..<count).map { start[$0] } }
}

/// A small generator for test data.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// A number in -1..<1 with few distinct values, so that ties occur.
    mutating func coarse() -> Float { Float(Int(next() % 41) - 20) / 20 }
    /// A number in -1..<1.
    mutating func fine() -> Float { Float(Int64(bitPattern: next()) >> 39) * 0x1p-24 }
    /// A number in -1..<1 with all bits.
    mutating func double() -> Double { Double(Int64(bitPattern: next())) * 0x1p-63 }
    /// Any bits: also infinities, NaN, subnormal numbers.
    mutating func anyBits() -> Float { Float(bitPattern: UInt32(truncatingIfNeeded: next())) }
}

let specialFloats: [Float] = [
    0, -0.0, 1, -1, 0.5, -0.5, 2, -2, 3, -3, .infinity, -.infinity, .nan, .leastNonzeroMagnitude,
    -.leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 1.5, -2.5,
    0x1.fffffep-1, 0x1.000002p0, 1e10, -1e10,
]

/// Data with everything that is awkward: ties, NaN, infinities, both zeros.
func awkward(_ count: Int, seed: UInt64) -> [Float] {
    var random = SplitMix(seed)
    return (0..<count).map { _ in
        switch random.next() % 8 {
        case 0: specialFloats[Int(random.next() % UInt64(specialFloats.count))]
        case 1, 2, 3: random.coarse()
        default: random.fine()
        }
    }
}

/// Equal bits, or both NaN.
func same(_ a: Float, _ b: Float) -> Bool { a.bitPattern == b.bitPattern || (a.isNaN && b.isNaN) }
func same(_ a: Double, _ b: Double) -> Bool { a.bitPattern == b.bitPattern || (a.isNaN && b.isNaN) }
func same(_ a: [Float], _ b: [Float]) -> Bool { a.count == b.count && zip(a, b).allSatisfy { same($0, $1) } }
func same(_ a: [Double], _ b: [Double]) -> Bool { a.count == b.count && zip(a, b).allSatisfy { same($0, $1) } }

/// Calls with a pointer to a copy of the values that starts `shift` elements behind an aligned address.
func withPointer<R>(_ values: [Float], shift: Int = 0, _ body: (UnsafePointer<Float>) -> R) -> R {
    let tile = Tile([Float](repeating: .nan, count: shift) + values)
    return withExtendedLifetime(tile) { body(UnsafePointer(tile.start + shift)) }
}
