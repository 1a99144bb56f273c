import DPPAExpression
import DPPAKernels
import DPPASupport

/// Finds the order statistic of a `cut` or `kth` node: counts around the bracket of each search, and gathers inside.
///
/// The engine samples before the pass and stores the results after it, for a search may reach over many passes.
package struct OrderScan: OrderWork {
    package var node: NodeID
    package var x: NodeID
    /// How many are wanted, or which.
    package var amount: NodeID

    package var isDivisible: Bool { true }

    package func join(_ pass: inout TensorPass) throws {
        guard pass.facts.numel > 0, let (search, member) = pass.search(of: node) else { return }
        let isLocal = pass.graph[node].scope.staysInUnit
        // The order of sizes needs no sizes: the scan ignores signs.
        if case (.unary(.abs, let signed), .largest) = (pass.graph[x].operation, search.key),
            pass.graph[signed].scope == .element
        {
            pass.attach(OrderScanSink(search, member, .largestMagnitude, isLocal: isLocal), [try pass.elements(signed)])
        } else {
            pass.attach(OrderScanSink(search, member, search.key, isLocal: isLocal), [try pass.elements(x)])
        }
    }
}

/// A scan of one of a search's tensors.
private final class OrderScanSink: DivisibleSink, @unchecked Sendable {
    private let search: OrderSearch
    private let member: Int
    private let key: KeyKind
    /// Whether it is over with its unit; what others find is put together when the epoch is.
    private let isLocal: Bool
    var slots: [Slot] = []

    init(_ search: OrderSearch, _ member: Int, _ key: KeyKind, isLocal: Bool) {
        (self.search, self.member, self.key, self.isLocal) = (search, member, key, isLocal)
    }

    func open(_ chunk: OpenChunk) -> any TileCursor { Cursor(self, chunk) }
    func put(_ chunks: [Chunk], into message: inout Message) {
        if isLocal { search.put(into: &message, member: member) }
    }
    func add(_ message: inout Message) throws { if isLocal { try search.add(&message) } }

    private final class Cursor: TileCursor {
        let sink: OrderScanSink
        let worker: Int
        var counts: [OrderSearch.EqualCount] = []

        init(_ sink: OrderScanSink, _ chunk: OpenChunk) { (self.sink, worker) = (sink, chunk.worker) }

        func take(_ tile: Tile) throws {
            let part = tile.owned
            guard !part.isEmpty else { return }
            let x = try tile.elements(sink.slots[0], at: part.lowerBound)
            let (search, member) = (sink.search, sink.member)
            let before = search.countsEqual ? search.equal(worker, member) : nil
            search.scan(worker, member, x, part.lowerBound, part.count, sink.key)
            guard let before, let after = search.equal(worker, member) else { return }
            counts.append(
                OrderSearch.EqualCount(
                    member: member, range: part, low: after.low - before.low, high: after.high - before.high))
        }

        func end() { if !counts.isEmpty { sink.search.note(counts) } }
    }
}

/// Histograms of one half of the keys.
final class HistogramSink: TileSink, TileCursor, @unchecked Sendable {
    private let bank: HistogramBank
    var slots: [Slot] = []

    init(_ bank: HistogramBank) { self.bank = bank }

    var bytes: Int { 1 << 19 }
    func open(_ chunk: OpenChunk) -> any TileCursor { self }

    func take(_ tile: Tile) throws {
        let part = tile.owned
        guard !part.isEmpty else { return }
        bank.add(tile.machine.worker, try tile.elements(slots[0], at: part.lowerBound), part.count)
    }
}

/// How many values of each chunk equal a number.
final class EqualCountSink: TileSink, @unchecked Sendable {
    private let value: Float
    /// By chunk, when the pass is over.
    let counts: Buffer<Int>
    var slots: [Slot] = []

    init(_ value: Float, chunks: Int) {
        self.value = value
        counts = Buffer<Int>(chunks)
        counts.clear()
    }

    var bytes: Int { counts.count * 8 }
    func open(_ chunk: OpenChunk) -> any TileCursor { Cursor(self, chunk.number) }

    private final class Cursor: TileCursor {
        let sink: EqualCountSink
        let number: Int

        init(_ sink: EqualCountSink, _ number: Int) {
            self.sink = sink
            self.number = number
        }

        func take(_ tile: Tile) throws {
            let part = tile.owned
            guard !part.isEmpty else { return }
            sink.counts.pointer[number] += ElementKernels.countEqual(
                try tile.elements(sink.slots[0], at: part.lowerBound), count: part.count, value: sink.value)
        }
    }
}
