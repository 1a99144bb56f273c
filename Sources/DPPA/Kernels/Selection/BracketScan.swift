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
    /// Where many elements of most blocks were found; others will be like them.
    private var crowd: Crowd
    /// How many more blocks had few than had many.
    private var sparseBlocks = 8
    private enum Crowd { case none, atBracket, inside }
    private let keyBuffer: Buffer<UInt32>
    private let indexBuffer: Buffer<UInt32>

    /// A scan for low ≤ high that gathers at most `capacity` keys; flat indices must be in base..<base + 2^32.
    ///
    /// `countsEqual` says that many elements are known to equal an end of the bracket.
    package init(low: UInt32, high: UInt32, capacity: Int, base: Int, countsEqual: Bool = false) {
        crowd = countsEqual ? .atBracket : .none
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

    /// What another process has found in a scan of the same bracket.
    package init(_ message: inout Message) throws {
        self.init(
            low: try message.take(), high: try message.take(), capacity: try message.take(), base: try message.take())
        (above, equalHigh, inside) = (try message.take(), try message.take(), try message.take())
        (equalLow, below, valid) = (try message.take(), try message.take(), try message.take())
        isOverflown = try message.take()
        let (keys, indices): ([UInt32], [UInt32]) = (try message.takeList(), try message.takeList())
        gathered = min(keys.count, indices.count, capacity)
        keyBuffer.pointer.update(from: keys, count: gathered)
        indexBuffer.pointer.update(from: indices, count: gathered)
    }

    /// Tells another process what was found.
    package func put(into message: inout Message) {
        message.put(low)
        message.put(high)
        for number in [gathered, base, above, equalHigh, inside, equalLow, below, valid] { message.put(number) }
        message.put(isOverflown)
        message.put(UnsafePointer(keys), count: gathered)
        message.put(UnsafePointer(indices), count: gathered)
    }

    /// Takes in elements, of which the first has the flat index `firstIndex`; nothing behind `count` is read.
    package mutating func scan(_ x: UnsafePointer<Float>, firstIndex: Int, count: Int, key kind: KeyKind) {
        switch kind {
        case .ascending: scan(x, firstIndex, count, .ascending)
        case .largest: scan(x, firstIndex, count, .largest)
        case .largestMagnitude: scan(x, firstIndex, count, .largestMagnitude)
        }
    }

    @inline(__always)
    private mutating func scan(_ x: UnsafePointer<Float>, _ firstIndex: Int, _ count: Int, _ kind: KeyKind) {
        var index = 0
        while index &+ 16 <= count {
            let size = min(count &- index, Self.blockSize) & ~15
            let (x, first) = (x + index, firstIndex &+ index)
            if low == 0 { crowd = .inside }
            // Where one way finds too much in a block it is left for this one; where it does in most, for all that follow.
            let isTaken =
                switch crowd {
                case .none: scanSparse(x, first, size, kind, countingEqual: false)
                case .atBracket: scanSparse(x, first, size, kind, countingEqual: true)
                case .inside: false
                }
            if !isTaken { scanCounting(x, first, size, kind) }
            index &+= size
        }
        while index < count {
            record(OrderKey.key(x[index], kind), firstIndex &+ index)
            index &+= 1
        }
    }

    /// Elements that are taken in at a time.
    private static var blockSize: Int { 4096 }

    /// Takes in a block of whole vectors, of which few elements are in the bracket: what is above is counted, those few are
    /// looked at one by one, and everything else is below.
    ///
    /// What equals an end of the bracket is looked at as well, or counted like what is above where many do: differences of
    /// stored weights fall on few values. Takes in nothing and returns false where an element is not finite, or too many would
    /// have to be looked at.
    @inline(__always)
    private mutating func scanSparse(
        _ x: UnsafePointer<Float>, _ firstIndex: Int, _ count: Int, _ kind: KeyKind, countingEqual: Bool
    ) -> Bool {
        // Signed, as AVX2 compares.
        let lows = SIMD16<Int32>(repeating: Int32(bitPattern: low ^ 1 << 31))
        let belowLow = lows &- 1
        let highs = SIMD16<Int32>(repeating: Int32(bitPattern: high ^ 1 << 31))
        @inline(__always)
        func keys(_ lanes: Lanes) -> SIMD16<Int32> {
            kind == .largestMagnitude ? lanes.magnitudes.bits : OrderKey.signedOfFinite(lanes)
        }
        return withUnsafeTemporaryAllocation(of: UInt16.self, capacity: Self.blockSize / 16) { near in
            guard let near = near.baseAddress else { return false }
            var (over, atHigh, atLow, largest) =
                (SIMD16<Int32>(), SIMD16<Int32>(), SIMD16<Int32>(), SIMD16<Int32>())
            var (index, found) = (0, 0)
            @inline(__always)
            func nearBytes(_ keys: SIMD16<Int32>, _ isOver: SIMD16<Int32>) -> SIMD2<UInt64> {
                let isBelow = SIMD16<Int32>(countingEqual ? lows .>= keys : belowLow .>= keys)
                let isOut = countingEqual ? isOver | SIMD16<Int32>(keys .== highs) : isOver
                return (~(isBelow | isOut)).laneBytes
            }
            // Without a branch: where an element is near is written each time, and stays if there is one.
            while index < count {
                let lanes = x.lanes(index)
                let keys = keys(lanes)
                let size = lanes.magnitudes.bits
                largest = largest.replacing(with: size, where: size .> largest)
                let isOver = SIMD16<Int32>(keys .> highs)
                over = over &+ isOver
                if countingEqual {
                    atHigh = atHigh &+ SIMD16<Int32>(keys .== highs)
                    atLow = atLow &+ SIMD16<Int32>(keys .== lows)
                }
                let bytes = nearBytes(keys, isOver)
                near[found] = UInt16(truncatingIfNeeded: index)
                found &+= bytes.x | bytes.y != 0 ? 1 : 0
                index &+= 16
            }
            var most = largest[0]
            for lane in 1..<16 { most = max(most, largest[lane]) }
            guard most < Int32(bitPattern: Float.infinity.bitPattern) else { return false }
            guard found &* 32 <= count else {
                sparseBlocks &-= 2
                if sparseBlocks < 0 { (crowd, sparseBlocks) = (countingEqual ? .inside : .atBracket, 8) }
                return false
            }
            sparseBlocks = min(64, sparseBlocks &+ 1)
            var taken = 0
            for number in 0..<found {
                let start = Int(near[number])
                let keys = keys(x.lanes(start))
                forEachLane(nearBytes(keys, SIMD16<Int32>(keys .> highs))) { lane in
                    record(OrderKey.key(x[start &+ lane], kind), firstIndex &+ start &+ lane)
                    taken &+= 1
                }
            }
            let total = total(over)
            let (high, low) = (self.total(atHigh), self.total(atLow))
            above &+= total
            equalHigh &+= high
            equalLow &+= low
            below &+= count &- total &- taken &- (self.low < self.high ? high &+ low : high)
            valid &+= count &- taken
            return true
        }
    }

    /// Takes in a block of whole vectors of any elements.
    @inline(__always)
    private mutating func scanCounting(
        _ x: UnsafePointer<Float>, _ firstIndex: Int, _ count: Int, _ kind: KeyKind
    ) {
        let least = SIMD16<Int32>(repeating: Int32.min)
        let lows = SIMD16<Int32>(repeating: Int32(bitPattern: low ^ 1 << 31))
        let highs = SIMD16<Int32>(repeating: Int32(bitPattern: high ^ 1 << 31))
        var (overHigh, atHigh, overLow, atLow) =
            (SIMD16<Int32>(), SIMD16<Int32>(), SIMD16<Int32>(), SIMD16<Int32>())
        var missing = SIMD16<Int32>()
        var index = 0
        // Lanes count down by one each time.
        while index < count {
            let keys = OrderKey.signed(x.lanes(index), kind)
            let (isOverHigh, isAtHigh) = (SIMD16<Int32>(keys .> highs), SIMD16<Int32>(keys .== highs))
            let isOverLow = SIMD16<Int32>(keys .> lows)
            overHigh = overHigh &+ isOverHigh
            atHigh = atHigh &+ isAtHigh
            overLow = overLow &+ isOverLow
            atLow = atLow &+ SIMD16<Int32>(keys .== lows)
            if kind != .ascending { missing = missing &+ SIMD16<Int32>(keys .== least) }
            let bytes = (isOverLow & ~(isOverHigh | isAtHigh)).laneBytes
            if bytes.x | bytes.y != 0 {
                forEachLane(bytes) { store(OrderKey.key(x[index &+ $0], kind), firstIndex &+ index &+ $0) }
            }
            index &+= 16
        }
        let (over, equal) = (total(overHigh), total(atHigh))
        let (overLowest, equalLowest) = (total(overLow), total(atLow))
        above &+= over
        equalHigh &+= equal
        equalLow &+= equalLowest
        inside &+= low < high ? overLowest &- over &- equal : 0
        below &+= count &- overLowest &- equalLowest
        valid &+= count &- total(missing)
    }

    /// Walks the lanes that are set: bytes of 0xff, the first lane in the lowest.
    @inline(__always)
    private func forEachLane(_ bytes: SIMD2<UInt64>, _ body: (Int) -> Void) {
        for half in 0..<2 {
            var rest = bytes[half]
            while rest != 0 {
                let bit = rest.trailingZeroBitCount
                body(half &* 8 &+ bit &>> 3)
                rest &= ~(0xff << UInt64(truncatingIfNeeded: bit))
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
