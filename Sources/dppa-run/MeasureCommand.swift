import ArgumentParser
import DPPA
import DPPAScript

/// `dppa-run measure`: a recipe's named values, without writing a model.
struct MeasureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "measure", abstract: "Compute the named values of a recipe and write no model.",
        discussion: """
            A recipe names a value with mean(x, "layer"):named "what it is".

            Examples:
              dppa-run measure dp --set rate=0.8
              dppa-run measure dp --report densities.html
            """)

    @OptionGroup var arguments: RecipeArguments

    @OptionGroup(title: "External scoring") var external: ExternalOptions

    @Flag(help: "Print nothing but the values, warnings and errors.")
    var quiet = false

    @OptionGroup var shown: ValueOptions

    @OptionGroup var reports: ReportOptions

    func run() throws {
        try RecipeWork.perform(arguments, isQuiet: quiet || !RunRanks.joined.isFirst) { work in
            let start = RunStart(command: RecipeArguments.command)
            let files = try reports.files()
            work.request.outputs = files.outputs
            defer { external.removeOwnFolder(isDone: false) }
            work.request.evaluator = try external.evaluatorWithoutOutput()
            let outcome = try RecipeMeasurement(
                work.trace(), recipe: work.path, dtype: work.request.dtype, start: start
            ).outcome
            try work.request.engine.ranks.end()
            guard work.request.engine.ranks.isFirst else { return }
            work.progress.finish()
            external.removeOwnFolder(isDone: true)
            try files.write(outcome)
            for line in shown.lines(outcome.named) { Console.output(line) }
            for table in outcome.tables { for line in ValueText.lines(table) { Console.output(line) } }
            for warning in outcome.warnings { Console.error(warning) }
        }
    }
}

/// `dppa-run try`: a rule on a few tensors.
struct TryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "try", abstract: "Try a recipe on a few tensors and show what it changes there.",
        usage: "dppa-run try <recipe> --tensors <glob> [<options>]",
        discussion: """
            Columns: the share of elements that differ from the recipe's first model, the norms before and after, the norm of \
            the difference, and its largest element.

            Example:
              dppa-run try ties --tensors '*.layers.3.*'
            """)

    @OptionGroup var arguments: RecipeArguments

    @Option(help: ArgumentHelp("Which tensors, such as '*.layers.3.*'.", valueName: "glob"))
    var tensors: String

    @OptionGroup var output: JSONOption

    func run() throws {
        try RecipeWork.perform(arguments) { work in
            let json = try output.file()
            let trace = try work.trace()
            let trial = try RecipeTrial(trace, glob: tensors)
            if let json { try JSONFile.write(trial.json(warnings: trace.warnings), to: json) }
            Console.table(ValueText.lines(trial.rows))
            for line in ValueText.lines(trial.named) { Console.output(line) }
            for warning in trace.warnings { Console.error(warning) }
        }
    }
}

extension RecipeTrial {
    /// The trial as JSON; norms and differences in float64.
    fileprivate func json(warnings: [String]) -> JSONValue {
        let tensors = rows.map { row -> JSONValue in
            [
                "model": .string(row.model), "name": .string(row.tensor), "count": .integer(row.count),
                "changed": .double(row.changed), "norm_before": .double(row.before), "norm_after": .double(row.after),
                "norm_of_difference": .double(row.difference), "largest": .double(row.largest),
            ]
        }
        let named = named.map { entry -> JSONValue in
            let values = entry.values.map { ["name": .string($0.name), "value": .double($0.value)] as JSONValue }
            return ["name": .string(entry.name), "values": .array(values)]
        }
        return ["tensors": .array(tensors), "named": .array(named), "warnings": JSONValue(warnings)]
    }
}
