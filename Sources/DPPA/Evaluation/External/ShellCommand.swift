import DPPASupport
import Foundation
internal import Subprocess
import Synchronization

/// A command line for /bin/sh that runs in a session of its own, with nothing on its standard input.
struct ShellCommand: Sendable {
    /// The command line.
    let text: String
    /// What is in its environment besides this program's.
    let variables: [String: String]

    /// Runs the command, keeps what it prints, and waits until it has ended.
    ///
    /// `check` is called about ten times a second; when it throws, the command and its children are ended, and the error is
    /// thrown again. Throws `CommandStartFailure` when there is no shell to run. Not to be called on a thread of the shared
    /// pool: the work is done there, and would wait for the thread that waits for it.
    @available(*, noasync)
    func run(into output: CommandOutput, check: @escaping @Sendable () throws -> Void) throws -> CommandEnding {
        let outcome = Mutex<Result<CommandEnding, any Error>?>(nil)
        let done = DispatchSemaphore(value: 0)
        Task {
            let result: Result<CommandEnding, any Error>
            do { result = .success(try await ending(output, check)) } catch { result = .failure(error) }
            outcome.withLock { $0 = result }
            done.signal()
        }
        done.wait()
        guard let result = outcome.withLock({ $0 }) else { throw CommandStartFailure(reason: "it has no outcome") }
        return try result.get()
    }

    private func ending(_ output: CommandOutput, _ check: @Sendable () throws -> Void) async throws -> CommandEnding {
        do {
            let result = try await Subprocess.run(
                configuration, input: .none, output: .sequence, error: .sequence
            ) { execution in
                async let printed: Void = keep(execution.standardOutput, .output, output)
                async let complained: Void = keep(execution.standardError, .error, output)
                let stop = try await watch(ProcessGroup(leader: execution.processIdentifier.value), check)
                _ = try await (printed, complained)
                return stop
            }
            if let stop = result.closureResult { throw stop }
            switch result.terminationStatus {
            case .exited(let status): return .exited(status)
            case .signaled(let signal): return .signaled(signal)
            }
        } catch let error as SubprocessError {
            throw CommandStartFailure(reason: error.description)
        }
    }

    private var configuration: Configuration {
        var options = PlatformOptions()
        // Away from the terminal: its interrupt comes to this program alone, which then ends the command in good order.
        options.createSession = true
        options.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(5))]
        var environment = Environment.inherit
        for (name, value) in variables {
            guard let key = Environment.Key(rawValue: name) else { continue }
            environment = environment.updating([key: value])
        }
        return Configuration(
            executable: .path("/bin/sh"), arguments: ["-c", text], environment: environment, platformOptions: options)
    }

    /// Waits for the child's end; gives what `check` has thrown, when the group has been ended for it.
    private func watch(_ group: ProcessGroup, _ check: @Sendable () throws -> Void) async throws -> (any Error)? {
        let leader = group.leader
        let cleanup = Cleanup.add { kill(-leader, SIGKILL) }
        defer { withExtendedLifetime(cleanup) {} }
        var pause = Duration.milliseconds(1)
        while !group.leaderHasEnded {
            do { try check() } catch {
                await group.terminate()
                return error
            }
            try await Task.sleep(for: pause)
            // A command that is done at once is not waited for, and one that runs for hours costs nothing.
            pause = min(pause * 2, .milliseconds(100))
        }
        return nil
    }

    private func keep(
        _ bytes: SubprocessOutputSequence, _ stream: CommandOutput.Stream, _ output: CommandOutput
    ) async throws {
        for try await buffer in bytes { output.add(buffer.withUnsafeBytes { Array($0) }, to: stream) }
    }
}

/// How a command has ended.
enum CommandEnding: Sendable {
    case exited(Int32)
    case signaled(Int32)

    /// What is wrong with it, to follow the command's name; nil when nothing is.
    var complaint: String? {
        switch self {
        case .exited(0): nil
        case .exited(126): "ended with exit status 126: a command cannot be executed"
        case .exited(127): "ended with exit status 127: a command was not found"
        // A shell says so of a child's signal; there are 64.
        case .exited(let status) where (129...192).contains(status):
            "ended with exit status \(status): 128 + signal \(Self.name(status - 128))"
        case .exited(let status): "ended with exit status \(status)"
        case .signaled(let signal): "was ended by signal \(Self.name(signal))"
        }
    }

    private static func name(_ signal: Int32) -> String {
        strsignal(signal).map { "\(signal) (\(String(cString: $0)))" } ?? "\(signal)"
    }
}

/// A command that could not be run at all.
struct CommandStartFailure: Error {
    let reason: String
}
