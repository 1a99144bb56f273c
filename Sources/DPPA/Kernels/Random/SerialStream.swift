import Synchronization

/// The one stream of MT19937 under a seed, from any place: number p is the lower 24 bits of the p-th tempered word, times
/// 2^-24, in 0..<1, as PyTorch draws a float32 number on a processor.
///
/// What lies before a place is gone through once, at about a third of a nanosecond a number; on the way the generator is kept every
/// so many blocks, so that threads start near to where they read. At most 40 MiB are kept, however long the stream is.
package final class SerialStream: Sendable {
    fileprivate struct State {
        /// The generator at the blocks 0, spacing, 2 · spacing and so on.
        var kept: [MersenneTwister]
        var spacing: Int
        let mostKept: Int
        /// Where readers stopped, the oldest first; whoever goes on there begins without a step.
        var idle: [MersenneTwister] = []
    }
    private static let mostIdle = 64

    private let state: Mutex<State>

    /// The stream under a seed, of which the low 32 bits count; the generator is kept every `spacing` blocks, and where that would
    /// be more than `mostKept` times, every other of these.
    package init(seed: UInt64, spacing: Int = 1024, mostKept: Int = 16384) {
        var first = MersenneTwister(seed: seed)
        first.advance(to: 0)
        state = Mutex(State(kept: [first], spacing: spacing, mostKept: mostKept))
    }

    /// Writes the numbers `first..<first + count` of the stream, and nothing behind them; any `first` ≥ 0.
    package func uniform(first: Int, count: Int, into out: UnsafeMutablePointer<Float>) {
        guard count > 0 else { return }
        let length = MersenneTwister.length
        var (place, done) = (first, 0)
        var twister = state.withLock { $0.generator(near: first / length) }
        withUnsafeTemporaryAllocation(of: Float.self, capacity: length) { buffer in
            guard let whole = buffer.baseAddress else { return }
            while done < count {
                twister.advance(to: place / length)
                let skipped = place % length
                let piece = min(length - skipped, count - done)
                if piece == length {
                    twister.uniform(into: out + done)
                } else {
                    twister.uniform(into: whole)
                    (out + done).update(from: whole + skipped, count: piece)
                }
                place += piece
                done += piece
            }
        }
        let last = twister
        state.withLock {
            if $0.idle.count == Self.mostIdle { $0.idle.removeFirst() }
            $0.idle.append(last)
        }
    }
}

extension SerialStream.State {
    /// The generator at the last known block that is not behind a wanted one.
    fileprivate mutating func generator(near wanted: Int) -> MersenneTwister {
        while let last = kept.last, last.block + spacing <= wanted {
            var next = last
            next.advance(to: last.block + spacing)
            kept.append(next)
            if kept.count > mostKept { thin() }
        }
        let stored = kept[wanted / spacing]
        var best: Int?
        for (index, twister) in idle.enumerated() where twister.block <= wanted {
            if twister.block >= best.map({ idle[$0].block }) ?? stored.block { best = index }
        }
        return best.map { idle.remove(at: $0) } ?? stored
    }

    /// Keeps every other one.
    private mutating func thin() {
        kept = stride(from: 0, to: kept.count, by: 2).map { kept[$0] }
        spacing *= 2
    }
}
