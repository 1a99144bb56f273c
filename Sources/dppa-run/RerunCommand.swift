import ArgumentParser
import DPPA
import DPPAScript
import Foundation

/// `dppa-run rerun`: what a lock tells, made again and compared with it.
struct RerunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rerun",
        abstract: "Make a written model again from its lock, and say what differs.",
        usage: "dppa-run rerun <lock> --out <directory> [<options>]",
        discussion: """
            A lock is the recipe.lock.json that lies beside every model that dppa-run has written. It holds the recipe and its \
            options, and digests of every tensor that was read and of every file that was written, so it is enough alone. Where \
            an input is another one, nothing is written. Where the inputs are the same and the result is not, the result stays, \
            and the command ends with 65.

            Examples:
              dppa-run rerun merged --out again --models path/to/models
              dppa-run rerun paper.lock.json --out again --set base=path/to/base
            """)

    @Argument(help: "A lock, or a model or a bundle that has one.", completion: .file())
    var lock: String

    @Option(
        help: ArgumentHelp("The directory to write; an empty one may exist.", valueName: "directory"),
        completion: .directory)
    var out: String

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Where models of the recipe lie now; may be repeated.", valueName: "name=value"))
    var settings: [String] = []

    @Option(
        help: ArgumentHelp("A folder in which models are looked for; may be repeated.", valueName: "directory"),
        completion: .directory)
    var models: [String] = []

    @OptionGroup var resources: ResourceOptions

    @OptionGroup var time: TimeOptions

    @OptionGroup(title: "External scoring") var external: ExternalOptions

    @Flag(help: "Replace the output directory if it holds models and nothing else.")
    var force = false

    @Flag(help: "Print nothing but warnings and errors.")
    var quiet = false

    func run() throws {
        let file: String
        do { file = try InputPath.lock(lock) } catch { throw Console.fail(error) }
        try RecipeWork.perform(file, request, time: time, isQuiet: quiet) { work in
            let lock = try RecipeLock(reading: file)
            (work.request.lock, work.request.shardSize) = (lock, lock.shardSize)
            let outcome = try work.run()
            work.progress.finish()
            for warning in outcome.warnings { Console.error(warning) }
            try compare(outcome, with: lock)
            if !quiet { Console.error(outcome.summary) }
        }
    }

    private func request() throws -> RecipeRun.Request {
        var request = RecipeRun.Request(out: out)
        request.options = try RecipeSettings.options(settings)
        request.modelRoots = models
        request.engine = try resources.engineOptions()
        request.environment = ProcessInfo.processInfo.environment
        // What is made again is computed again.
        (request.force, request.isFresh) = (force, true)
        // Whoever wrote the model has seen to it.
        request.allowsLostChanges = true
        request.command = RecipeArguments.command
        request.evaluator = try external.evaluator(beside: out)
        // Scores are part of what is made again.
        request.journal = ScoreJournal(path: nil)
        return request
    }

    private func compare(_ outcome: RecipeOutcome, with lock: RecipeLock) throws {
        let place = [out, lock.output].compactMap(\.self).joined(separator: "/")
        guard outcome.record.outputs.contains(where: { $0.name == lock.output }) else {
            throw DPPAError(
                .data, "the recipe no longer makes the model of the lock" + (lock.output.map { ", '\($0)'" } ?? ""))
        }
        let made = try RecipeLock(reading: place + "/" + RecipeLock.fileName)
        let (settings, outputs) = (made.differingSettings(from: lock), made.differingOutputs(from: lock))
        guard let first = outputs.first else {
            // Options in which models have other names, and a newer program, may well give the same.
            for line in settings { Console.error("note: \(line)") }
            if !quiet {
                Console.output(
                    "the same: \(Phrase.counted(lock.files.count, "file")), and every tensor that was read")
            }
            return
        }
        throw DPPAError(
            .data, "the result differs from the lock: \(first)",
            notes: outputs.dropFirst() + settings.map { "other than for the lock: \($0)" }
                + ["the result is in \(place)"])
    }
}
