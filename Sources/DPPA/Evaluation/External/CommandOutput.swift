import DPPASupport
import Foundation
import Synchronization

/// What a command prints, kept in memory and in a log file, up to a limit.
final class CommandOutput: Sendable {
    enum Stream { case output, error }

    private struct State {
        var output: [UInt8] = []
        var error: [UInt8] = []
        var isTooLong = false
        /// Why the log could not be written.
        var failure: String?
    }

    private static let limit = 16 << 20
    private let log: String
    private let descriptor: Int32
    private let state = Mutex(State())

    /// Opens the log file, adds a heading, and adds to it from then on.
    ///
    /// Throws `cannotCreate` when it cannot be opened.
    init(log: String, heading: [String]) throws {
        self.log = log
        descriptor = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw DPPAError(.cannotCreate, "cannot write \(log)", cause: String(cString: strerror(errno)))
        }
        let text = heading.map { "== " + $0.replacing("\n", with: "\n== ") + "\n" }.joined()
        state.withLock { write(Array(text.utf8)[...], &$0) }
    }

    deinit { close(descriptor) }

    /// What came on standard output.
    var standardOutput: [UInt8] { state.withLock { $0.output } }
    /// What came on standard error.
    var standardError: [UInt8] { state.withLock { $0.error } }

    /// Keeps bytes as far as the limit allows.
    func add(_ bytes: [UInt8], to stream: Stream) {
        state.withLock { state in
            let kept = bytes.prefix(Self.limit - state.output.count - state.error.count)
            if kept.count < bytes.count { state.isTooLong = true }
            switch stream {
            case .output: state.output += kept
            case .error: state.error += kept
            }
            write(kept, &state)
        }
    }

    /// Throws when not all that was printed could be kept.
    func requireSound(_ complaint: EvaluatorComplaint) throws {
        let (isTooLong, failure) = state.withLock { ($0.isTooLong, $0.failure) }
        if let failure { throw DPPAError(.inputOutput, "cannot write \(log)", cause: failure) }
        if isTooLong {
            throw complaint.error(
                "printed more than \(Self.limit >> 20) MiB",
                notes: ["its output is to be the scores; send what else it prints to a file"])
        }
    }

    private func write(_ bytes: ArraySlice<UInt8>, _ state: inout State) {
        var rest = bytes
        while !rest.isEmpty, state.failure == nil {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                state.failure = String(cString: strerror(errno))
            }
        }
    }
}
