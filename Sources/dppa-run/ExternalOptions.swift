import ArgumentParser
import DPPA
import Foundation
import SystemPackage

/// The program that scores tasks which the built-in evaluator does not know.
struct ExternalOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A command that scores the model directory {model} on tasks named external:NAME and prints JSON.",
            discussion:
                "For example: 'lm_eval --model hf --model_args pretrained={model} --tasks {tasks} | my_filter'.",
            valueName: "command"))
    var evaluator: String?

    @Option(
        help: ArgumentHelp(
            "Where its output is kept, and candidates are written for it, one at a time; otherwise beside the output, or in "
                + "a temporary folder where there is none.", valueName: "directory"),
        completion: .directory)
    var scratch: String?

    @Option(help: ArgumentHelp("How long it may take for one candidate, in seconds.", valueName: "seconds"))
    var evaluatorTimeout: Double = 24 * 3600

    /// The evaluator, if there is one; what it needs goes to `--scratch`, or else beside the output.
    ///
    /// Throws when candidates would be written into the output, which is replaced as a whole.
    func evaluator(beside out: String) throws -> ExternalEvaluator? {
        if let scratch { try OutputPaths.requireOutside(folder: scratch, as: "--scratch", output: out) }
        return try evaluator(in: FilePath(out).folder.string)
    }

    /// The same for a command without an output: a folder of its own among the temporary ones stands for one.
    func evaluatorWithoutOutput() throws -> ExternalEvaluator? { try evaluator(in: Self.ownFolder) }

    /// Removes that folder, which is not there with `--scratch`; where the work has failed it is left with the command's output.
    func removeOwnFolder(isDone: Bool) {
        if isDone { try? FileManager.default.removeItem(atPath: Self.ownFolder) } else { rmdir(Self.ownFolder) }
    }

    private static let ownFolder =
        FilePath(NSTemporaryDirectory()).appending("dppa-run-\(UUID().uuidString.prefix(8).lowercased())").string

    private func evaluator(in folder: String) throws -> ExternalEvaluator? {
        guard let evaluator else {
            guard scratch == nil else { throw DPPAError(.usage, "--scratch is for --evaluator, which is not given") }
            return nil
        }
        guard evaluatorTimeout > 0, evaluatorTimeout < 1e9 else {
            throw DPPAError(.usage, "--evaluator-timeout \(evaluatorTimeout): expected a number of seconds")
        }
        let external = ExternalEvaluator(
            command: evaluator, scratch: scratch ?? folder, timeout: .seconds(evaluatorTimeout))
        try external.prepareScratch()
        return external
    }
}
