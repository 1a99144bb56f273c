import DPPASupport

/// How often each value of one half of the order keys occurs: two such passes find an order statistic exactly.
///
/// A key of 0 (an element that takes no part, `KeyKind.largest`) is counted in bin 0, where no finite element falls.
/// Copies share their bins.
package struct Histogram16: Sendable {
    private let bins = Buffer<UInt64>(65536)

    /// Bins of zeros.
    package init() { bins.clear() }

    /// The 65536 counts.
    package var counts: UnsafePointer<UInt64> { UnsafePointer(bins.pointer) }

    /// Counts the upper 16 bits of the keys of elements; nothing behind `count` is read.
    package mutating func addHigh(_ x: UnsafePointer<Float>, count: Int, key kind: KeyKind) {
        switch kind {
        case .ascending: addHigh(x, count, .ascending)
        case .largest: addHigh(x, count, .largest)
        case .largestMagnitude: addHigh(x, count, .largestMagnitude)
        }
    }

    /// Counts the lower 16 bits of the keys whose upper 16 bits are `high`; nothing behind `count` is read.
    package mutating func addLow(_ x: UnsafePointer<Float>, count: Int, key kind: KeyKind, high: UInt16) {
        switch kind {
        case .ascending: addLow(x, count, .ascending, high)
        case .largest: addLow(x, count, .largest, high)
        case .largestMagnitude: addLow(x, count, .largestMagnitude, high)
        }
    }

    /// Adds the counts of another histogram.
    package mutating func merge(_ other: Histogram16) {
        for bin in 0..<65536 { bins.pointer[bin] &+= other.bins.pointer[bin] }
    }

    @inline(__always)
    private func addHigh(_ x: UnsafePointer<Float>, _ count: Int, _ kind: KeyKind) {
        let bins = bins.pointer
        for index in 0..<max(0, count) { bins[Int(OrderKey.key(x[index], kind) >> 16)] &+= 1 }
    }

    @inline(__always)
    private func addLow(_ x: UnsafePointer<Float>, _ count: Int, _ kind: KeyKind, _ high: UInt16) {
        let bins = bins.pointer
        let wanted = SIMD16<Int32>(repeating: Int32(bitPattern: (UInt32(high) << 16) ^ 1 << 31))
        let upper = SIMD16<Int32>(repeating: Int32(bitPattern: 0xffff_0000))
        var index = 0
        while index &+ 16 <= count {
            let keys = OrderKey.signed(x.lanes(index), kind)
            let bytes = SIMD16<Int32>((keys & upper) .== wanted).laneBytes
            if bytes.x | bytes.y != 0 {
                for lane in 0..<16 {
                    let key = UInt32(bitPattern: keys[lane]) ^ 1 << 31
                    if key >> 16 == UInt32(high) { bins[Int(key & 0xffff)] &+= 1 }
                }
            }
            index &+= 16
        }
        while index < count {
            let key = OrderKey.key(x[index], kind)
            if key >> 16 == UInt32(high) { bins[Int(key & 0xffff)] &+= 1 }
            index &+= 1
        }
    }
}
