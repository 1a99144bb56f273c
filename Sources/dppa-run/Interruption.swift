import DPPA
import Foundation
import Synchronization

/// Control-C: the first one asks the run to stop in good order, the second one ends the program when it has removed what is
/// half written, the third one at once.
enum Interruption {
    private static let count = Atomic(0)
    private static let wakeUp = Atomic<Int32>(-1)

    static var isRequested: Bool { count.load(ordering: .relaxed) > 0 }

    static func listen() {
        // Too large a file is then an error of the call that writes it, with a message, and not the end.
        signal(SIGXFSZ, SIG_IGN)
        // A handler may do next to nothing; a thread does the rest.
        let pipe = Pipe()
        wakeUp.store(pipe.fileHandleForWriting.fileDescriptor, ordering: .relaxed)
        count.store(0, ordering: .relaxed)
        Thread.detachNewThread { watch(pipe) }
        // A program that is started from a worker thread of another one inherits that thread's blocked signals.
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            sigaddset(&signals, number)
            let before = signal(number, handle)
            // What is started under nohup is to outlive its terminal.
            if number == SIGHUP, unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) {
                signal(number, SIG_IGN)
            }
        }
        sigprocmask(SIG_UNBLOCK, &signals, nil)
    }

    private static let handle: @convention(c) (Int32) -> Void = { number in
        if Interruption.count.add(1, ordering: .relaxed).newValue == 2 { signal(number, SIG_DFL) }
        var byte: UInt8 = 0
        _ = write(Interruption.wakeUp.load(ordering: .relaxed), &byte, 1)
    }

    private static func watch(_ pipe: Pipe) {
        var byte: UInt8 = 0
        for number in 1...2 {
            while read(pipe.fileHandleForReading.fileDescriptor, &byte, 1) < 1 {}
            guard number == 2 else {
                if isatty(STDERR_FILENO) == 1 { Console.error("stopping; once more to stop at once") }
                continue
            }
            Cleanup.run()
            Console.error(
                "stopped at once; what was half written has been removed, unless the same command can go on from it")
            _exit(DPPAError.Code.interrupted.rawValue)
        }
    }
}
