import DPPAKernels
import Synchronization

/// Counts the infinities and NaNs of the inputs of a pass, by model and tensor.
final class NonFiniteCounters: Sendable {
    private let seen = Mutex<[ResidentKey: Int]>([:])

    /// Counts among raw elements of a floating-point type.
    func count(_ bytes: UnsafeRawPointer, _ dtype: DType, _ count: Int, _ key: ResidentKey) {
        let found = NonFinite.count(bytes, dtype, count)
        guard found > 0 else { return }
        seen.withLock { $0[key, default: 0] += found }
    }

    /// Gives what was counted since the last time.
    func take() -> [ResidentKey: Int] {
        seen.withLock { counts in
            let taken = counts
            counts = [:]
            return taken
        }
    }
}
