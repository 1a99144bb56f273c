import DPPAExpression
import DPPAKernels
import DPPASupport
import Synchronization

/// The exact search for one order statistic: the r-th largest of all values of a node on an instance's tensors.
///
/// A sample brackets it, one pass counts what lies above the bracket and gathers what lies inside. When the bracket
/// misses or holds too much, two passes over 16 + 16 bits of the keys find it without fail.
final class OrderSearch: @unchecked Sendable {
    /// The `cut` or `kth` node that wants it.
    let node: NodeID
    /// The node whose values are ordered.
    let operand: NodeID
    /// The instance of the node's scope.
    let instance: Int
    /// The tensors, in name order.
    let members: [TensorID]
    let names: [String]
    let key: KeyKind
    /// How many values there are.
    let total: Int
    /// Which one is wanted, counted from the largest, from 1.
    let rank: Int

    private(set) var low: UInt32 = 0
    private(set) var high: UInt32 = .max
    /// Whether many values equal an end of the bracket: they are counted, by tile, and not gathered.
    private(set) var countsEqual = false
    private let equalCounts = Mutex<[EqualCount]>([])

    /// How many values of a tile equal an end of the bracket.
    struct EqualCount {
        var member: Int
        /// The tile's elements.
        var range: Range<Int>
        var low, high: Int
    }
    /// One scan for each thread and member: threads touch different ones.
    private let scans: UnsafeMutableBufferPointer<BracketScan?>
    private let width: Int
    /// What other ranks have found in members.
    private var others: [(member: Int, scan: BracketScan)] = []
    private var capacity = 0

    init(
        node: NodeID, operand: NodeID, instance: Int, members: [TensorID], names: [String], key: KeyKind, total: Int,
        rank: Int, width: Int
    ) {
        self.node = node
        self.operand = operand
        self.instance = instance
        self.members = members
        self.names = names
        self.key = key
        self.total = total
        self.rank = rank
        self.width = width
        scans = .allocate(capacity: width * members.count)
        scans.initialize(repeating: nil)
    }

    deinit {
        scans.deinitialize()
        scans.deallocate()
    }

    /// How many values are worth a sample; fewer are all gathered.
    static let sampleAll = 1 << 16

    /// How many values a sample of a selection has.
    static func sampleSize(_ total: Int) -> Int {
        total <= sampleAll ? 0 : min(1 << 20, max(1 << 14, total / 64))
    }

    /// Sets the bracket from a sample of values; without one, everything is gathered.
    func bracket(_ sample: UnsafeMutableBufferPointer<Float>) {
        guard sample.count > 0 else {
            capacity = total
            return
        }
        guard let values = sample.baseAddress else { return }
        let keys = Buffer<UInt32>(sample.count)
        OrderKey.fill(keys.pointer, values, count: sample.count, key)
        let share = Double(rank) / Double(total)
        // Neighbouring weights are alike, so a sample of blocks is worth fewer independent values than it has.
        let margin = 6 * (Double(sample.count) * share * (1 - share)).squareRoot() + 16
        let position = Double(sample.count) * (1 - share)
        let (from, to) = (Int(position - margin), Int(position + margin))
        let copy = Buffer<UInt32>(sample.count)
        copy.pointer.update(from: keys.pointer, count: sample.count)
        let ends = Selection.select(copy.pointer, count: sample.count, ascendingIndices: from, to)
        var (atLow, atHigh) = (0, 0)
        for index in 0..<sample.count {
            atLow &+= keys.pointer[index] == ends.0 ? 1 : 0
            atHigh &+= keys.pointer[index] == ends.1 ? 1 : 0
        }
        // Values equal to an end are inside, unless so many are that counting them is better than gathering.
        let (countsLow, countsHigh) = (atLow > sample.count / 64, atHigh > sample.count / 64)
        countsEqual = countsLow || countsHigh
        low = from <= 0 ? 0 : countsLow || ends.0 == 0 ? ends.0 : ends.0 - 1
        high = to >= sample.count - 1 ? .max : countsHigh || ends.1 == .max ? ends.1 : ends.1 + 1
        var inside = 0
        for index in 0..<sample.count {
            inside &+= keys.pointer[index] > low && keys.pointer[index] < high ? 1 : 0
        }
        let expected = Int(Double(inside) / Double(sample.count) * Double(total))
        capacity = min(total, expected * 2 + 4096)
    }

    /// What one scan may gather: threads take their shares by chance, so each may get more than its part.
    private var scanCapacity: Int { width == 1 ? capacity : min(capacity, capacity / width * 2 + 4096) }

    /// Leaves the search to histograms: there is no memory to gather in.
    func gatherNothing() { capacity = 0 }

    /// What gathering may take, in bytes.
    var gatheredBytes: Int { scanCapacity * width * 8 }

    /// Makes the scans ready; called between passes.
    func prepare() {
        for worker in 0..<width {
            for member in members.indices {
                scans[worker * members.count + member] = BracketScan(
                    low: low, high: high, capacity: scanCapacity, base: 0, countsEqual: countsEqual)
            }
        }
    }

    /// Scans consecutive values of a member, or numbers that have them as magnitudes; threads differ in `worker`.
    func scan(
        _ worker: Int, _ member: Int, _ x: UnsafePointer<Float>, _ firstIndex: Int, _ count: Int, _ key: KeyKind
    ) {
        scans[worker * members.count + member]?.scan(x, firstIndex: firstIndex, count: count, key: key)
    }

    /// How many values a thread has found so far in a member that equal the ends of the bracket.
    func equal(_ worker: Int, _ member: Int) -> (low: Int, high: Int)? {
        scans[worker * members.count + member].map { ($0.equalLow, $0.equalHigh) }
    }

    /// Keeps how many values of tiles equal the ends of the bracket; called from all threads.
    func note(_ counts: [EqualCount]) { equalCounts.withLock { $0 += counts } }

    /// The tile with the n-th value, from 1, that equals an end of the bracket, and which of its equal values that is.
    func tile(ofEqual key: UInt32, _ n: Int) -> (tile: EqualCount, n: Int)? {
        var left = n
        let counts = equalCounts.withLock { $0 }
        for tile in counts.sorted(by: { ($0.member, $0.range.lowerBound) < ($1.member, $1.range.lowerBound) }) {
            let count = key == low ? tile.low : tile.high
            if left <= count { return (tile, left) }
            left -= count
        }
        return nil
    }

    /// What the pass has found.
    enum Outcome {
        /// No value can be chosen.
        case nothing
        /// The threshold; `wanted` of the `equal` values that equal it are kept, up to `place` if that is known.
        case found(key: UInt32, wanted: Int, equal: Int, place: (member: Int, index: Int)?)
        /// The bracket did not hold it.
        case missed
    }

    /// The result of the pass, once `conclude` has been called.
    private(set) var outcome = Outcome.missed

    /// Works out the result of the pass.
    func conclude() {
        let all = scans.compactMap { $0 } + others.map(\.scan)
        let rank = min(rank, all.reduce(0) { $0 + $1.valid })
        guard rank > 0 else {
            outcome = .nothing
            return
        }
        let above = all.reduce(0) { $0 + $1.above }
        let atHigh = all.reduce(0) { $0 + $1.equalHigh }
        let inside = all.reduce(0) { $0 + $1.gathered }
        let atLow = all.reduce(0) { $0 + $1.equalLow }
        if rank <= above || all.contains(where: \.isOverflown) {
            outcome = .missed
        } else if rank <= above + atHigh {
            outcome = .found(key: high, wanted: rank - above, equal: atHigh, place: nil)
        } else if rank <= above + atHigh + inside {
            outcome = amongGathered(all, rank - above - atHigh, of: inside)
        } else if rank <= above + atHigh + inside + atLow {
            outcome = .found(key: low, wanted: rank - above - atHigh - inside, equal: atLow, place: nil)
        } else {
            outcome = .missed
        }
    }

    private func amongGathered(_ all: [BracketScan], _ rank: Int, of count: Int) -> Outcome {
        let keys = Buffer<UInt32>(count)
        var filled = 0
        for scan in all {
            (keys.pointer + filled).update(from: scan.keys, count: scan.gathered)
            filled += scan.gathered
        }
        let found = Selection.select(keys.pointer, count: count, ascendingIndex: count - rank)
        var (greater, equal) = (0, 0)
        for scan in all {
            let keys = scan.keys
            for index in 0..<scan.gathered {
                greater += keys[index] > found ? 1 : 0
                equal += keys[index] == found ? 1 : 0
            }
        }
        let wanted = rank - greater
        return .found(key: found, wanted: wanted, equal: equal, place: wanted < equal ? place(of: found, wanted) : nil)
    }

    /// The place of the n-th of the gathered values with a key, from 1.
    private func place(of found: UInt32, _ n: Int) -> (member: Int, index: Int)? {
        var left = n
        for member in members.indices {
            let scans =
                (0..<width).compactMap { self.scans[$0 * members.count + member] }
                + others.compactMap { $0.member == member ? $0.scan : nil }
            let places = Buffer<UInt32>(scans.reduce(0) { $0 + $1.gathered })
            var count = 0
            for scan in scans {
                let (keys, indices) = (scan.keys, scan.indices)
                for index in 0..<scan.gathered {
                    places.pointer[count] = indices[index]
                    count += keys[index] == found ? 1 : 0
                }
            }
            if left <= count {
                return (member, Int(Selection.select(places.pointer, count: count, ascendingIndex: left - 1)))
            }
            left -= count
        }
        return nil
    }

    /// Lets go of what was gathered.
    func release() {
        for index in scans.indices { scans[index] = nil }
        others = []
    }

    /// Tells other ranks what the pass has found here, in one of the members or in all.
    func put(into message: inout Message, member: Int? = nil) {
        let found = scans.indices.compactMap { index in
            scans[index].flatMap { $0.valid + $0.below > 0 ? (member: index % max(1, members.count), scan: $0) : nil }
        }.filter { member == nil || $0.member == member }
        message.put(found.count)
        for (member, scan) in found {
            message.put(member)
            scan.put(into: &message)
        }
        let counts = equalCounts.withLock { $0 }.filter { member == nil || $0.member == member }
        message.put(counts.count)
        for count in counts {
            message.put([count.member, count.range.lowerBound, count.range.upperBound, count.low, count.high])
        }
    }

    /// Takes in what another rank has found.
    func add(_ message: inout Message) throws {
        for _ in 0..<(try message.take(Int.self)) {
            let member: Int = try message.take()
            others.append((member, try BracketScan(&message)))
        }
        var counts: [EqualCount] = []
        for _ in 0..<(try message.take(Int.self)) {
            let numbers: [Int] = try message.takeList()
            guard numbers.count == 5, numbers[1] <= numbers[2] else {
                throw DPPAError(.internalFault, "another rank tells of no tile")
            }
            counts.append(
                EqualCount(member: numbers[0], range: numbers[1]..<numbers[2], low: numbers[3], high: numbers[4]))
        }
        note(counts)
    }
}
