import ArgumentParser
import DPPA
import DPPAScript
import Foundation
import Synchronization

/// Messages to the person at the keyboard, and what commands show.
///
/// Every text goes through here, so that nothing of a stranger's recipe or checkpoint steers the terminal: control characters
/// are shown escaped. Colour is for terminals alone.
enum Console {
    private struct State {
        /// Why a line could not be written to standard output, as an error number.
        var failure: Int32 = 0
        var isReserved = false
        var isSilent = false
    }

    private static let state = Mutex(State())

    /// Has this process say nothing more: another one says it.
    static func silence() { state.withLock { $0.isSilent = true } }

    /// Gives standard output to a file that is written there, which tells what `output` would have shown.
    static func reserveOutput() { state.withLock { $0.isReserved = true } }

    /// Writes a line to standard output at once, so that it stands in order with what goes to standard error.
    ///
    /// Work is not stopped by a line that cannot be written; `end` tells of it.
    static func output(_ text: String) {
        state.withLock { state in
            if state.failure == 0, !state.isReserved, !state.isSilent {
                state.failure = write(text.printable + "\n", to: STDOUT_FILENO)
            }
        }
    }

    /// Writes what a recipe prints: to standard output, or to standard error where that is given away.
    static func printed(_ text: String) { state.withLock { $0.isReserved } ? error(text) : output(text) }

    /// Writes the heading of what follows to standard output.
    static func heading(_ text: String) {
        guard MessageStyle.isUsed(STDOUT_FILENO), !state.withLock({ $0.isReserved || $0.isSilent }) else {
            return output(text)
        }
        state.withLock { state in
            guard state.failure == 0 else { return }
            state.failure = write(MessageStyle.heading(text.printable) + "\n", to: STDOUT_FILENO)
        }
    }

    /// Writes lines to standard output, the first one as their heading.
    static func table(_ lines: [String]) {
        if let first = lines.first { heading(first) }
        for line in lines.dropFirst() { output(line) }
    }

    /// Writes a message to standard error; errors, warnings and notes are told apart by colour.
    static func error(_ text: String) {
        let text = text.printable
        if state.withLock({ $0.isSilent }) { return }
        _ = write((MessageStyle.isUsed(STDERR_FILENO) ? MessageStyle.message(text) : text) + "\n", to: STDERR_FILENO)
    }

    /// Replaces the line of progress on a terminal; nothing leaves it empty.
    static func progress(_ text: String) { _ = write("\r\u{1B}[K" + text.printable, to: STDERR_FILENO) }

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
