import ArgumentParser
import DPPA
import DPPAScript
import Foundation

/// `dppa-run check`: everything about a recipe that can be known without reading weights.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Trace a recipe, its options, models and shapes, without reading weights.")

    @OptionGroup var arguments: RecipeArguments

    func run() throws {
        let recipe = RecipeRun(arguments.recipe)
        do {
            let request = try arguments.request(out: "unused")
            let plan = try RecipePlan(recipe.trace(request, isDry: true), dtype: request.dtype)
            for line in try PlanText(plan, request, time: arguments.timeLimit()).summary { Console.output(line) }
            for warning in plan.warnings + plan.trace.traps { Console.error(warning) }
        } catch {
            throw Console.fail(error, sources: recipe.sources)
        }
    }
}

/// `dppa-run plan`: what a run would read, compute and write.
struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show what a run of a recipe would read, compute and write.")

    @OptionGroup var arguments: RecipeArguments

    @Flag(help: "List every tensor of every rule.")
    var tensors = false

    @OptionGroup var output: JSONOption

    func run() throws {
        let recipe = RecipeRun(arguments.recipe)
        do {
            let json = try output.file()
            var request = try arguments.request(out: "unused")
            request.outputs = try output.outputs()
            let plan = try RecipePlan(recipe.trace(request, isDry: true), dtype: request.dtype)
            let text = try PlanText(plan, request, time: arguments.timeLimit())
            if let json { try JSONFile.write(text.json, to: json) }
            for line in text.summary + text.rules + text.stages + (tensors ? text.tensors : []) { Console.output(line) }
            for warning in plan.warnings { Console.error(warning) }
        } catch {
            throw Console.fail(error, sources: recipe.sources)
        }
    }
}
