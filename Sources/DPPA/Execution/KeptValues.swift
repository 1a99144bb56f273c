import DPPAExpression
import DPPAKernels
import DPPASupport
import Synchronization

/// A mask of a tensor that one pass makes and later ones read: a bit for each element.
final class KeptMask: Sendable {
    private let bits: Buffer<UInt8>
    /// Held while bytes are written in which the elements of two threads meet.
    private let shared = Mutex(())

    init(elements: Int) {
        bits = Buffer(MaskBits.byteCount(elements))
        bits.clear()
    }

    /// Takes elements from one on, each once.
    func take(_ x: UnsafePointer<Float>, count: Int, from first: Int) {
        let (bits, whole) = (UnsafeMutableRawPointer(bits.pointer), MaskBits.whole(first..<first + count))
        MaskBits.pack(x + (whole.lowerBound - first), into: bits, at: whole)
        guard whole.count < count else { return }
        shared.withLock { _ in
            MaskBits.set(x, into: bits, at: first..<whole.lowerBound)
            MaskBits.set(x + (whole.upperBound - first), into: bits, at: whole.upperBound..<first + count)
        }
    }

    /// Elements from one on, as 0 and 1.
    func expand(from first: Int, into out: UnsafeMutablePointer<Float>, count: Int) {
        MaskBits.expand(UnsafeRawPointer(bits.pointer), from: first, into: out, count: count)
    }
}

/// What a unit keeps between its passes, so that nothing is drawn, ranked or summed over rows twice: masks, and numbers of rows.
///
/// They take an eighth of the memory limit at most; what does not fit is made again, which gives the same bits.
final class KeptValues {
    enum Value {
        case mask(KeptMask)
        case rows([Double])
    }

    private struct Key: Hashable {
        var node: NodeID
        var tensor: TensorID
    }

    private let limit: Int
    private var known: [Key: Value] = [:]
    /// What they take, in bytes.
    private(set) var bytes = 0
    /// The nodes that passes after the present one read.
    var wanted: Set<NodeID> = []

    init(memory: Int) { limit = memory / 8 }

    /// Forgets what there is: another unit begins.
    func beginUnit() { (known, bytes) = ([:], 0) }

    /// What an earlier pass has made of a node.
    subscript(node: NodeID, tensor: TensorID) -> Value? {
        get { known[Key(node: node, tensor: tensor)] }
        set { known[Key(node: node, tensor: tensor)] = newValue }
    }

    /// Whether there is room for so many bytes more, which are then taken.
    func takes(_ size: Int) -> Bool {
        guard bytes + size <= limit else { return false }
        bytes += size
        return true
    }
}

extension TensorPass {
    /// Keeps what is computed and a later pass reads.
    mutating func keep(_ kept: KeptValues) {
        let tensor = tensor
        for node in kept.wanted.sorted() where kept[node, tensor] == nil {
            guard case .slot(let slot) = compiler.values[node] else { continue }
            if slot.isElement, kept.takes(MaskBits.byteCount(facts.numel)) {
                let mask = KeptMask(elements: facts.numel)
                attach(MaskSink(mask), [slot])
                afterwards { $0.kept[node, tensor] = .mask(mask) }
            } else if slot.isRow, kept.takes(facts.rowCount * 8) {
                let values = Buffer<Double>(facts.rowCount)
                attach(RowValueSink(values, rowLength: facts.rowLength), [slot])
                afterwards { $0.kept[node, tensor] = .rows(values.array()) }
            }
        }
    }
}

/// Takes the elements of a mask.
private final class MaskSink: TileSink, TileCursor, @unchecked Sendable {
    private let mask: KeptMask
    var slots: [Slot] = []

    init(_ mask: KeptMask) { self.mask = mask }

    func open(_ chunk: OpenChunk) -> any TileCursor { self }

    func take(_ tile: Tile) throws {
        let part = tile.owned
        guard !part.isEmpty else { return }
        mask.take(try tile.elements(slots[0], at: part.lowerBound), count: part.count, from: part.lowerBound)
    }
}

extension Schedule {
    /// For each pass of an epoch what later passes read of its costly values: those that took a draw, an order, or a
    /// reduction of rows.
    func keptValues(_ epoch: Int, _ graph: Graph) -> [Set<NodeID>] {
        var later: Set<NodeID> = []
        var kept: [Set<NodeID>] = []
        for pass in (0..<passCount(epoch)).reversed() {
            kept.append(later)
            later.formUnion(graph.costlyValues(under: work(at: Stage(epoch: epoch, pass: pass)).flatMap(\.operands)))
        }
        return kept.reversed()
    }
}

extension Graph {
    /// The outermost masks and numbers of rows that programs of some nodes make of a draw, an order or a reduction of rows.
    fileprivate func costlyValues(under roots: [NodeID]) -> Set<NodeID> {
        var costly: Set<NodeID> = []
        // Operands come before what is made of them.
        for id in reachable(from: roots).sorted() where self[id].isFine && !self[id].isKeptRows(self) {
            let operation = self[id].operation
            switch operation {
            case .uniform, .serialUniform, .rank, .rowTop: costly.insert(id)
            case .matrix: continue
            default:
                if operation.reduced != nil || operation.operands.contains(where: costly.contains) { costly.insert(id) }
            }
        }
        var (open, seen, found): ([NodeID], Set<NodeID>, Set<NodeID>) = (roots, [], [])
        while let id = open.popLast() {
            guard costly.contains(id), seen.insert(id).inserted else { continue }
            if self[id].isMask || self[id].scope == .row {
                found.insert(id)
            } else {
                open += self[id].operation.operands
            }
        }
        return found
    }
}
