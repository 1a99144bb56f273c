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
            "Where its output is kept, and candidates are written for it, one at a time.", valueName: "directory"),
        completion: .directory)
    var scratch: String?

    @Option(help: ArgumentHelp("How long it may take for one candidate, in seconds.", valueName: "seconds"))
    var evaluatorTimeout: Double = 24 * 3600

    /// The evaluator, if there is one; candidates go beside the output unless told.
    func evaluator(beside out: String) throws -> ExternalEvaluator? {
        guard let evaluator else {
            guard scratch == nil else { throw DPPAError(.usage, "--scratch is for --evaluator, which is not given") }
            return nil
        }
        guard evaluatorTimeout > 0, evaluatorTimeout < 1e9 else {
            throw DPPAError(.usage, "--evaluator-timeout \(evaluatorTimeout): expected a number of seconds")
        }
        let folder = scratch ?? FilePath(out).folder.string
        let external = ExternalEvaluator(command: evaluator, scratch: folder, timeout: .seconds(evaluatorTimeout))
        try external.prepareScratch()
        return external
    }
}
