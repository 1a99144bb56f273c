import DPPASupport

/// One pass over elements that counts around a bracket of keys and gathers what lies strictly inside.
///
/// With `low` and `high` from a sample, the order statistic that lies between them is found among few gathered keys.
/// The counts go over all scanned elements, and add up to their number: `below + equalLow + inside + equalHigh + above`
/// for low < high; for low == high the equal ones are counted in both. A key of 0 stands for an element that takes no part
/// (`KeyKind.largest`: not finite); such elements count as any other, and `valid` tells how many are not of this kind.
/// Copies share their buffers.
package struct BracketScan: Sendable {
    /// The bracket.
    package let low, high: UInt32
    /// How many keys the buffers hold.
    package let capacity: Int
    /// The first flat index that gathered indices are counted from.
    package let base: Int
    /// Keys above the bracket.
    package private(set) var above = 0
    /// Keys equal to `high`.
    package private(set) var equalHigh = 0
    /// Keys strictly inside the bracket, gathered or not.
    package private(set) var inside = 0
    /// Keys equal to `low`.
    package private(set) var equalLow = 0
    /// Keys below the bracket.
    package private(set) var below = 0
    /// Keys other than 0.
    package private(set) var valid = 0
    /// How many keys the buffers hold now, in the order of scanning.
    package private(set) var gathered = 0
    /// Whether something inside the bracket was not gathered: the buffers were full, or an index does not fit.
    package private(set) var isOverflown = false
    private let keyBuffer: Buffer<UInt32>
    private let indexBuffer: Buffer<UInt32>

    /// A scan for low ≤ high that gathers at most `capacity` keys; flat indices must be in base..<base + 2^32.
    package init(low: UInt32, high: UInt32, capacity: Int, base: Int) {
        self.low = low
        self.high = high
        self.capacity = max(0, capacity)
        self.base = base
        keyBuffer = Buffer(self.capacity)
        indexBuffer = Buffer(self.capacity)
    }

    /// The gathered keys: `gathered` of them.
    package var keys: UnsafeMutablePointer<UInt32> { keyBuffer.pointer }
    /// The flat indices of the gathered keys, minus `base`.
    package var indices: UnsafeMutablePointer<UInt32> { indexBuffer.pointer }

    /// Takes in elements, of which the first has the flat index `firstIndex`; nothing behind `count` is read.
    package mutating func scan(_ x: UnsafePointer<Float>, firstIndex: Int, count: Int, key kind: KeyKind) {
        switch kind {
        case .ascending: scan(x, firstIndex, count, .ascending)
        case .largest: scan(x, firstIndex, count, .largest)
        }
    }

    @inline(__always)
    private mutating func scan(
        _ x: UnsafePointer<Float>, _ firstIndex: Int, _ count: Int, _ kind: KeyKind
    ) {
        let least = SIMD16<Int32>(repeating: Int32.min)
        let lows = SIMD16<Int32>(repeating: Int32(bitPattern: low ^ 1 << 31))
        let highs = SIMD16<Int32>(repeating: Int32(bitPattern: high ^ 1 << 31))
        var index = 0
        while index &+ 16 <= count {
            var (overHigh, atHigh, overLow, atLow) =
                (SIMD16<Int32>(), SIMD16<Int32>(), SIMD16<Int32>(), SIMD16<Int32>())
            var missing = SIMD16<Int32>()
            // Lanes count down by one each time; they are added up long before they could overflow.
            let start = index
            let end = min(count &- 15, index &+ 16 << 20)
            while index < end {
                let keys = OrderKey.signed(x.lanes(index), kind)
                let (isOverHigh, isAtHigh) = (SIMD16<Int32>(keys .> highs), SIMD16<Int32>(keys .== highs))
                let isOverLow = SIMD16<Int32>(keys .> lows)
                overHigh = overHigh &+ isOverHigh
                atHigh = atHigh &+ isAtHigh
                overLow = overLow &+ isOverLow
                atLow = atLow &+ SIMD16<Int32>(keys .== lows)
                if kind == .largest { missing = missing &+ SIMD16<Int32>(keys .== least) }
                let bytes = (isOverLow & ~(isOverHigh | isAtHigh)).laneBytes
                if bytes.x | bytes.y != 0 { gather(bytes, x, index, firstIndex) }
                index &+= 16
            }
            let (over, equal) = (total(overHigh), total(atHigh))
            let (overLowest, equalLowest) = (total(overLow), total(atLow))
            above &+= over
            equalHigh &+= equal
            equalLow &+= equalLowest
            inside &+= low < high ? overLowest &- over &- equal : 0
            below &+= (index &- start) &- overLowest &- equalLowest
            valid &+= (index &- start) &- total(missing)
        }
        while index < count {
            record(OrderKey.key(x[index], kind), firstIndex &+ index)
            index &+= 1
        }
    }

    /// Walks the lanes that are inside: bytes of 0xff, the first lane in the lowest.
    @inline(__always)
    private mutating func gather(
        _ bytes: SIMD2<UInt64>, _ x: UnsafePointer<Float>, _ index: Int, _ firstIndex: Int
    ) {
        for half in 0..<2 {
            var rest = bytes[half]
            while rest != 0 {
                let lane = index &+ half &* 8 &+ rest.trailingZeroBitCount &>> 3
                store(OrderKey.ascending(x[lane]), firstIndex &+ lane)
                rest &= ~(0xff << UInt64(truncatingIfNeeded: rest.trailingZeroBitCount))
            }
        }
    }

    @inline(__always)
    private mutating func store(_ key: UInt32, _ index: Int) {
        guard gathered < capacity, let offset = UInt32(exactly: index &- base) else {
            isOverflown = true
            return
        }
        keyBuffer.pointer[gathered] = key
        indexBuffer.pointer[gathered] = offset
        gathered &+= 1
    }

    private mutating func record(_ key: UInt32, _ index: Int) {
        if key > high { above &+= 1 }
        if key == high { equalHigh &+= 1 }
        if key == low { equalLow &+= 1 }
        if key < low { below &+= 1 }
        if key != 0 { valid &+= 1 }
        if key > low && key < high {
            inside &+= 1
            store(key, index)
        }
    }

    /// How often lanes of 0 and -1 were set.
    private func total(_ lanes: SIMD16<Int32>) -> Int {
        var sum = 0
        for lane in 0..<16 { sum &-= Int(lanes[lane]) }
        return sum
    }
}
