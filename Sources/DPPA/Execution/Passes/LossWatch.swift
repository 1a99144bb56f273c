import DPPACheckpoint
import DPPAKernels
import DPPASupport
import Synchronization

/// Watches whether anything of what changes a tensor survives rounding to the type that it is written in.
///
/// It looks at elements until one has survived, which of most tensors is in the first tile; so it costs next to nothing, and
/// what it says is exact and does not depend on threads.
final class LossWatch: Sendable {
    private let survives = Atomic<Bool>(false)
    private let lost = Mutex<LostChange>(LostChange())

    /// Whether nothing has survived so far.
    var isOpen: Bool { !survives.load(ordering: .relaxed) }

    /// Takes in a tile: `found` as `DeltaCounts.rounding` gives it.
    func take(
        _ found: SIMD4<Int>, _ values: UnsafePointer<Float>, reference: UnsafeRawPointer, storedAs stored: DType,
        count: Int
    ) {
        guard isOpen, found[0] > 0 else { return }
        guard found[1] == 0 else { return survives.store(true, ordering: .relaxed) }
        let largest = DeltaCounts.largest(values, reference: reference, storedAs: stored, count: count)
        lost.withLock { $0.add(LostChange(changed: found[0], largest: largest.change, beside: largest.beside)) }
    }

    /// Tells another rank what it has seen.
    func put(into message: inout Message) {
        let lost = lost.withLock { $0 }
        message.put(!isOpen)
        message.put(lost.changed)
        message.put(lost.largest)
        message.put(lost.beside)
    }

    /// Takes in what that of another rank has seen.
    func add(_ message: inout Message) throws {
        if try message.take(Bool.self) { survives.store(true, ordering: .relaxed) }
        let other = LostChange(changed: try message.take(), largest: try message.take(), beside: try message.take())
        lost.withLock { $0.add(other) }
    }

    /// What was lost, when the pass is over; nil where something survived, or nothing was changed.
    var result: LostChange? {
        let lost = lost.withLock { $0 }
        return isOpen && lost.changed > 0 ? lost : nil
    }
}

/// A change of which rounding has left nothing.
public struct LostChange: Sendable, Equatable {
    /// How many elements were to change.
    public var changed = 0
    /// The largest |m − b|, and |b| there, the smallest where several are as large.
    public var largest: Float = 0, beside: Float = 0

    package init(changed: Int = 0, largest: Float = 0, beside: Float = 0) {
        (self.changed, self.largest, self.beside) = (changed, largest, beside)
    }

    mutating func add(_ other: LostChange) {
        changed += other.changed
        guard other.largest > largest || (other.largest == largest && other.beside < beside) else { return }
        (largest, beside) = (other.largest, other.beside)
    }
}
