import ArgumentParser
import DPPA
import DPPAScript

/// `dppa-run check`: everything about a recipe that can be known without reading weights.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Trace a recipe, its options, models and shapes, without reading weights.",
        usage: "dppa-run check <recipe> [<options>]",
        discussion: """
            Takes milliseconds, and finds what a run would stumble over: options, models, shapes, and what Lua decides without \
            a word.

            Examples:
              dppa-run check ties --set density=0.3
              dppa-run check mine.lua --set base=path/to/base --json -
            """)

    @OptionGroup var arguments: RecipeArguments

    @OptionGroup var output: JSONOption

    func run() throws {
        try RecipeWork.perform(arguments) { work in
            let (json, plan, text) = try work.plan(output, arguments)
            let warnings = plan.warnings + plan.trace.traps
            if let json {
                try JSONFile.write(.object(text.summaryJSON.merging(["warnings": JSONValue(warnings)])), to: json)
            }
            for line in text.summary { Console.output(line) }
            for warning in warnings { Console.error(warning) }
        }
    }
}

/// `dppa-run plan`: what a run would read, compute and write.
struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show what a run of a recipe would read, compute and write.",
        usage: "dppa-run plan <recipe> [<options>]",
        discussion: """
            Every rule is printed back as maths, and every pass over the tensors with what it reads. No weight is read: a recipe \
            whose course depends on measured values is planned up to the line that needs one.

            Example:
              dppa-run plan dp --set rate=0.8
            """)

    @OptionGroup var arguments: RecipeArguments

    @Flag(help: "List every tensor of every rule.")
    var tensors = false

    @Option(help: ArgumentHelp("On how many processes, as mpirun or srun start them.", valueName: "count"))
    var ranks: Int = 1

    @OptionGroup var output: JSONOption

    func run() throws {
        try RecipeWork.perform(arguments) { work in
            guard (1...100_000).contains(ranks) else {
                throw DPPAError(.usage, "--ranks \(ranks): expected a number from 1 to 100000")
            }
            let (json, plan, text) = try work.plan(output, arguments, ranks: ranks)
            if let json {
                try JSONFile.write(.object(text.json.merging(["warnings": JSONValue(plan.warnings)])), to: json)
            }
            for line in text.summary { Console.output(line) }
            for part in [text.rules, text.stages] + (tensors ? text.tensors : []) {
                Console.output("")
                Console.table(part)
            }
            for warning in plan.warnings { Console.error(warning) }
        }
    }
}

extension RecipeWork {
    /// What a run would do, with its text, and the file that is to hold it.
    fileprivate mutating func plan(
        _ output: JSONOption, _ arguments: RecipeArguments, ranks: Int = 1
    ) throws -> (json: WrittenFile?, plan: RecipePlan, text: PlanText) {
        let json = try output.file()
        request.outputs = try output.outputs()
        let plan = try plan(ranks: ranks)
        return (json, plan, try PlanText(plan, request, time: arguments.time.limit()))
    }
}
