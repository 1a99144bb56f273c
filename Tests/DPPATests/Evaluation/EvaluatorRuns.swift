import DPPA
import Foundation
import Testing

/// A suite that runs external evaluators in a folder of its own.
protocol EvaluatorRuns: Sendable {
    var folder: TestFolder { get }
}

extension EvaluatorRuns {
    var log: String { folder.path + "/dppa-evaluator.log" }

    // Long enough for a machine on which other tests hold every thread of the shared pool for minutes.
    func evaluator(_ command: String, timeout: Duration = .seconds(900)) -> ExternalEvaluator {
        ExternalEvaluator(command: command, scratch: folder.path, timeout: timeout)
    }

    /// What becomes of a command, run on a thread that may wait.
    func outcome(
        _ command: String, _ tasks: [String] = ["a"], directory: String = "/model", timeout: Duration = .seconds(900),
        check: @escaping @Sendable () throws -> Void = {}
    ) async -> Result<[Score], any Error> {
        let evaluator = evaluator(command, timeout: timeout)
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let result = Result {
                    try evaluator.score(directory: directory, tasks: tasks, checkInterruption: check)
                }
                continuation.resume(returning: result)
            }
        }
    }

    func score(
        _ command: String, _ tasks: [String] = ["a"], directory: String = "/model"
    ) async throws -> [Score] {
        try await outcome(command, tasks, directory: directory).get()
    }

    func expectFailure(
        _ code: DPPAError.Code, _ words: [String], of command: String, _ tasks: [String] = ["a"],
        timeout: Duration = .seconds(900), sourceLocation: SourceLocation = #_sourceLocation
    ) async {
        let outcome = await outcome(command, tasks, timeout: timeout)
        expectError(code, words, sourceLocation: sourceLocation) { _ = try outcome.get() }
    }

    /// A command that prints a text and has no use for its model.
    func printing(_ text: String) throws -> String { "cat '\(try folder.write(text, "printed"))'; : {model}" }

    /// Whether the process whose number a command has written to a file still runs; on a busy machine a command may have
    /// been ended before it has written one.
    func isRunning(_ name: String) throws -> Bool {
        guard try folder.entries().contains(name), let number = try processNumber(name),
            let stat = try? String(contentsOfFile: "/proc/\(number)/stat", encoding: .utf8)
        else { return false }
        // One that nobody collects stays as a zombie.
        return !stat.contains(") Z ")
    }

    func processNumber(_ name: String) throws -> pid_t? {
        pid_t(try folder.text(name).trimmingCharacters(in: .whitespacesAndNewlines))
    }
}
