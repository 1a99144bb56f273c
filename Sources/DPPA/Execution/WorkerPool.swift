import Foundation
import Synchronization

/// Threads that share out numbered pieces of work.
///
/// Which thread does which piece is left to chance; results must not depend on it.
package final class WorkerPool: Sendable {
    /// How many threads work, the caller's included.
    package let width: Int
    private let shared: Shared

    private final class Shared: @unchecked Sendable {
        let condition = NSCondition()
        var body: (@Sendable (Int, Int) throws -> Void)?
        var generation = 0
        var running = 0
        var isClosed = false
        var failure: (index: Int, error: any Error)?
        let next = Atomic<Int>(0)
        var count = 0

        /// Takes pieces until there are none left or one has failed.
        func work(_ worker: Int, _ body: @Sendable (Int, Int) throws -> Void) {
            while true {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < count else { return }
                do { try body(index, worker) } catch {
                    condition.withLock {
                        // The piece with the lowest number speaks, so that the message is the same on every run.
                        if failure.map({ index < $0.index }) ?? true { failure = (index, error) }
                    }
                    next.store(count, ordering: .relaxed)
                }
            }
        }
    }

    /// A pool of `width` threads, which live as long as it.
    package init(width: Int) {
        self.width = max(1, width)
        shared = Shared()
        for worker in 1..<max(2, self.width) where self.width > 1 {
            let shared = shared
            let thread = Thread {
                var seen = 0
                while true {
                    shared.condition.lock()
                    while shared.generation == seen && !shared.isClosed { shared.condition.wait() }
                    seen = shared.generation
                    let body = shared.isClosed ? nil : shared.body
                    shared.condition.unlock()
                    guard let body else { return }
                    shared.work(worker, body)
                    shared.condition.withLock {
                        shared.running -= 1
                        if shared.running == 0 { shared.condition.broadcast() }
                    }
                }
            }
            thread.stackSize = 1 << 20
            thread.start()
        }
    }

    deinit {
        shared.condition.withLock {
            shared.isClosed = true
            shared.condition.broadcast()
        }
    }

    /// Runs `body(index, worker)` for every index of 0..<count.
    ///
    /// Worker is below `width`. Rethrows the first failure.
    package func run(_ count: Int, _ body: @escaping @Sendable (Int, Int) throws -> Void) throws {
        guard count > 0 else { return }
        shared.condition.withLock {
            shared.body = body
            shared.count = count
            shared.failure = nil
            shared.next.store(0, ordering: .relaxed)
            shared.running = width - 1
            shared.generation += 1
            if width > 1 { shared.condition.broadcast() }
        }
        shared.work(0, body)
        let failure = shared.condition.withLock {
            while shared.running > 0 { shared.condition.wait() }
            shared.body = nil
            return shared.failure
        }
        if let failure { throw failure.error }
    }
}
