import ArgumentParser
import DPPA
import DPPAScript
import Foundation

/// `dppa-run measure`: a recipe's named values, without writing a model.
struct MeasureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "measure", abstract: "Compute the named values of a recipe and write nothing.")

    @OptionGroup var arguments: RecipeArguments

    @OptionGroup(title: "External scoring") var external: ExternalOptions

    @Flag(help: "Print nothing but the values, warnings and errors.")
    var quiet = false

    @OptionGroup var shown: ValueOptions

    @OptionGroup var reports: ReportOptions

    func run() throws {
        Interruption.listen()
        let progress = ProgressLine(isQuiet: quiet)
        let recipe = RecipeRun(arguments.recipe)
        do {
            let start = RunStart(command: RecipeArguments.command)
            let files = try reports.files()
            var request = try arguments.request(out: "unused")
            request.keepsScores = false
            request.outputs = files.outputs
            request.evaluator = try external.evaluator(beside: "unused")
            progress.setLimit(try arguments.timeLimit())
            let trace = try recipe.trace(
                request, observer: progress, isInterrupted: { Interruption.isRequested },
                print: { text in
                    progress.finish()
                    Console.output(text)
                })
            let outcome = try RecipeMeasurement(
                trace, recipe: arguments.recipe, dtype: request.dtype, start: start
            ).outcome
            progress.finish()
            try files.write(outcome)
            for line in shown.lines(outcome.named) { Console.output(line) }
            for table in outcome.tables { for line in ValueText.lines(table) { Console.output(line) } }
            for warning in outcome.warnings { Console.error(warning) }
        } catch {
            progress.finish()
            throw Console.fail(error, sources: recipe.sources)
        }
    }
}

/// `dppa-run try`: a rule on a few tensors.
struct TryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "try", abstract: "Try a recipe on a few tensors and show what it changes there.")

    @OptionGroup var arguments: RecipeArguments

    @Option(help: ArgumentHelp("Which tensors, such as '*.layers.3.*'.", valueName: "glob"))
    var tensors: String

    func run() throws {
        Interruption.listen()
        let progress = ProgressLine(isQuiet: true)
        let recipe = RecipeRun(arguments.recipe)
        do {
            var request = try arguments.request(out: "unused")
            request.keepsScores = false
            progress.setLimit(try arguments.timeLimit())
            let trace = try recipe.trace(
                request, observer: progress, isInterrupted: { Interruption.isRequested }, print: Console.output)
            let trial = try RecipeTrial(trace, glob: tensors)
            for line in ValueText.lines(trial.rows) { Console.output(line) }
            for line in ValueText.lines(trial.named) { Console.output(line) }
            for warning in trace.warnings { Console.error(warning) }
        } catch {
            throw Console.fail(error, sources: recipe.sources)
        }
    }
}
