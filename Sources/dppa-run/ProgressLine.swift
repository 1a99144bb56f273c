import DPPA
import Foundation
import Synchronization

/// How far a run is: one line that changes on a terminal, plain lines now and then in a log.
final class ProgressLine: EngineObserver {
    private struct State {
        var stage = ""
        var planned = 0
        var moved = 0
        var start = ContinuousClock.now
        var shown = ContinuousClock.now
        var isLineOpen = false
        /// When the run must be done, and the limit in words.
        var limit: (deadline: ContinuousClock.Instant, words: String)?
    }

    private let state = Mutex(State())
    private let isTerminal: Bool
    private let isQuiet: Bool

    init(isQuiet: Bool) {
        self.isQuiet = isQuiet
        isTerminal = isatty(2) == 1
    }

    func plan(bytes: Int) {
        state.withLock {
            $0.planned = bytes
            $0.moved = 0
            $0.start = .now
        }
    }

    func begin(stage: String) { state.withLock { $0.stage = stage } }

    func advance(bytes: Int) {
        state.withLock { state in
            state.moved += bytes
            let wait: Duration = isTerminal ? .milliseconds(200) : .seconds(10)
            guard !isQuiet, ContinuousClock.now - state.shown > wait else { return }
            state.shown = .now
            show(ProgressLine.text(state.stage, state.moved, state.planned, seconds(since: state.start)), &state)
        }
    }

    /// Lets the run last so long from now on.
    func setLimit(_ limit: Duration) {
        state.withLock { $0.limit = (.now + limit, TimeSpan.words(limit)) }
    }

    func note(_ text: String) {
        guard !isQuiet else { return }
        finish()
        Console.error(text)
    }

    func checkInterruption() throws {
        if Interruption.isRequested {
            throw DPPAError(.interrupted, "stopped; nothing was written")
        }
        guard let limit = state.withLock({ $0.limit }), ContinuousClock.now > limit.deadline else { return }
        throw DPPAError(
            .limit, "the run has taken \(limit.words), which is its limit; nothing was written",
            notes: ["allow more with --limit-time, if you trust what it works on"])
    }

    /// Ends the changing line.
    func finish() {
        state.withLock { state in
            guard state.isLineOpen else { return }
            Console.progress("")
            state.isLineOpen = false
        }
    }

    /// The line for a moment of a run.
    static func text(_ stage: String, _ moved: Int, _ planned: Int, _ seconds: Double) -> String {
        let rate = seconds > 0 ? Double(moved) / seconds : 0
        var text = "\(stage)  \(ByteCount.words(moved))"
        if planned > 0 { text += " of \(ByteCount.words(max(planned, moved)))" }
        text += "  \(ByteCount.rate(moved, seconds: seconds))"
        if planned > moved, rate > 0 {
            let left = Int((Double(planned - moved) / rate).rounded(.up))
            text += left < 120 ? "  \(left) s left" : "  \(left / 60) min left"
        }
        return text
    }

    private func seconds(since start: ContinuousClock.Instant) -> Double {
        (ContinuousClock.now - start) / .seconds(1)
    }

    private func show(_ text: String, _ state: inout State) {
        state.isLineOpen = isTerminal
        isTerminal ? Console.progress(text) : Console.error(text)
    }
}
