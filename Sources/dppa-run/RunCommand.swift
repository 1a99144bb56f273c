import ArgumentParser
import DPPA
import DPPAScript
import Foundation

/// `dppa-run run`: a recipe, from its text to the finished model directory.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a recipe and write the model that it returns.",
        discussion: """
            Example:
              dppa-run run recipes/ties.lua --set base=models/base --set experts=models/a,models/b --out merged
            """)

    @OptionGroup var arguments: RecipeArguments

    @Option(help: ArgumentHelp("The directory to write; an empty one may exist.", valueName: "directory"))
    var out: String

    @Option(help: "The largest size of a written file, such as 5G.")
    var shardSize: String = "5G"

    @OptionGroup(title: "External scoring") var external: ExternalOptions

    @Flag(
        help: """
            Replace the output directory if it holds models and nothing else; a link is replaced, and not what it leads to.
            """)
    var force = false

    @Flag(help: "Print nothing but warnings and errors.")
    var quiet = false

    @OptionGroup var reports: ReportOptions

    func run() throws {
        Interruption.listen()
        let progress = ProgressLine(isQuiet: quiet)
        let recipeRun = RecipeRun(arguments.recipe)
        do {
            let files = try reports.files()
            var request = try arguments.request(out: out)
            request.shardSize = try ByteSize.parse(shardSize, "--shard-size", isDecimal: true)
            request.force = force
            request.outputs = files.outputs
            request.comparesDeltas = reports.isAskedFor
            request.command = RecipeArguments.command
            request.evaluator = try external.evaluator(beside: out)
            progress.setLimit(try arguments.timeLimit())
            let outcome = try recipeRun.run(
                request, observer: progress, isInterrupted: { Interruption.isRequested },
                print: { text in
                    progress.finish()
                    Console.output(text)
                })
            progress.finish()
            try files.write(outcome)
            for warning in outcome.warnings { Console.error(warning) }
            if !quiet { Console.error(outcome.summary) }
        } catch {
            progress.finish()
            throw Console.fail(error, sources: recipeRun.sources)
        }
    }
}
