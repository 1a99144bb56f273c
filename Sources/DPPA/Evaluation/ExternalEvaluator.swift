import DPPASupport
import Foundation

/// Scores models with a command of the user's.
///
/// The command's standard output must hold a JSON object with the scores, as the whole of it or as its last line that is
/// one: `{"gsm8k": 0.41, "math": {"value": 0.2, "standard_error": 0.01, "count": 500}}`, or what lm-eval-harness writes.
public struct ExternalEvaluator: Sendable {
    private let command: String
    private let scratch: String
    private let timeout: Duration

    /// An evaluator that runs `command` with /bin/sh.
    ///
    /// `{model}` in it stands for the model directory, which is appended if it does not occur, and `{tasks}` for the names
    /// of the tasks, joined by commas; neither is ever read as shell text. Both are in the command's environment too, as
    /// `DPPA_MODEL` and `DPPA_TASKS`. Its output is kept in a file in the directory `scratch`, which must exist.
    public init(command: String, scratch: String, timeout: Duration) {
        self.command = command
        self.scratch = scratch
        self.timeout = timeout
    }

    /// What to say of a task that only an evaluator knows, when there is none.
    package static func missing(for task: String) -> DPPAError {
        DPPAError(
            .usage, "the task external:\(task) needs a program that scores it",
            notes: ["give one with --evaluator 'command {model}'"])
    }

    /// What distinguishes one evaluator from another in a journal: the command's text.
    public var fingerprint: String { command }

    /// Makes the directory `scratch`, tries whether a candidate could be written there, and removes what killed runs have
    /// left in it.
    ///
    /// Throws `cannotCreate` with the reason when none could.
    public func prepareScratch() throws {
        var status = stat()
        if stat(scratch, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFDIR else {
                throw DPPAError(.cannotCreate, "cannot write candidates to \(scratch)", cause: "it is no folder")
            }
        } else {
            try OutputPlace(scratch).create()
        }
        CandidateDirectory.removeLeftovers(in: scratch)
        try makeCandidateDirectory().remove()
    }

    /// Makes a new directory for one candidate.
    ///
    /// Throws `cannotCreate` when that fails.
    public func makeCandidateDirectory() throws -> CandidateDirectory { try CandidateDirectory(in: scratch) }

    /// Runs the command on a model directory and gives the score of each task.
    ///
    /// To be called on an ordinary thread, not on one of the shared pool of Swift's tasks, where the work itself is done.
    /// `checkInterruption` is called about ten times a second, on another thread; what it throws is thrown again when the
    /// command and its children have been ended. Throws `data` when the command fails or its output holds no number for a
    /// task, `limit` when it takes too long, and `cannotCreate` or `inputOutput` when its output cannot be kept.
    @available(*, noasync)
    public func score(
        directory: String, tasks: [String], checkInterruption: @escaping @Sendable () throws -> Void
    ) throws -> [Score] {
        let complaint = EvaluatorComplaint(command: command, log: logPath)
        try checkInterruption()
        let start = ContinuousClock.now
        let output = try CommandOutput(
            log: logPath,
            heading: ["evaluator: \(command)", "model: \(directory)", "tasks: \(tasks.joined(separator: ","))"])
        let ending: CommandEnding
        do {
            ending = try ShellCommand(
                text: ShellTemplate(command).text, variables: ShellTemplate.variables(model: directory, tasks: tasks)
            ).run(into: output) { [timeout] in
                try checkInterruption()
                try output.requireSound(complaint)
                guard ContinuousClock.now - start < timeout else { throw complaint.tookLonger(than: timeout) }
            }
        } catch let failure as CommandStartFailure {
            throw complaint.error("cannot be started", cause: failure.reason)
        }
        try output.requireSound(complaint)
        if let what = ending.complaint {
            throw complaint.error(what, notes: [complaint.quote(output.standardError)])
        }
        let scores = try EvaluatorScores(output.standardOutput, complaint)
        let seconds = (ContinuousClock.now - start) / .seconds(1) / Double(max(1, tasks.count))
        return try tasks.map { try scores.score($0, seconds: seconds) }
    }

    private var logPath: String { scratch + "/dppa-evaluator.log" }
}
