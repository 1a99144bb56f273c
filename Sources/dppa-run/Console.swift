import ArgumentParser
import DPPA
import DPPAScript
import Foundation
import Synchronization

/// Messages to the person at the keyboard.
enum Console {
    private struct State {
        /// Why a line could not be written to standard output, as an error number.
        var failure: Int32 = 0
        var isReserved = false
    }

    private static let state = Mutex(State())

    /// Gives standard output to a file that is written there; what `output` is given goes to standard error from then on.
    static func reserveOutput() { state.withLock { $0.isReserved = true } }

    /// Writes a line to standard output at once, so that it stands in order with what goes to standard error.
    ///
    /// Work is not stopped by a line that cannot be written; `end` tells of it.
    static func output(_ text: String) {
        state.withLock { state in
            if state.isReserved { return error(text) }
            if state.failure == 0 { state.failure = write(text + "\n", to: STDOUT_FILENO) }
        }
    }

    /// Writes a line to standard error.
    static func error(_ text: String) { progress(text + "\n") }

    /// Writes a text to standard error as it is.
    static func progress(_ text: String) { _ = write(text, to: STDERR_FILENO) }

    /// Tells of an error, and gives the exit code that belongs to it.
    static func fail(_ error: any Error, sources: [String: String] = [:]) -> ExitCode {
        guard let error = error as? DPPAError else {
            Console.error("error: \(error)")
            return ExitCode(DPPAError.Code.internalFault.rawValue)
        }
        Console.error(error.rendered(sources: sources))
        return ExitCode(error.code.rawValue)
    }

    /// The exit code of a program that would end with `code`, when lines that could not be written count too.
    ///
    /// A reader that has closed its pipe has seen what it wanted.
    static func end(_ code: Int32) -> Int32 {
        let failure = state.withLock { $0.failure }
        guard failure != 0, failure != EPIPE else { return code }
        let complaint = DPPAError(
            .inputOutput, "cannot write to standard output", cause: String(cString: strerror(failure)))
        return code == 0 ? fail(complaint).rawValue : code
    }

    /// Gives 0 or the number of the error.
    private static func write(_ text: String, to descriptor: Int32) -> Int32 {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                bytes = bytes.dropFirst(count)
            } else if errno == EAGAIN {
                var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&ready, 1, -1)
            } else if errno != EINTR {
                return errno
            }
        }
        return 0
    }
}
