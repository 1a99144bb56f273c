import ArgumentParser
import DPPA
import DPPAScript
import Foundation

/// `dppa-run help`: a name of the language, or a recipe's own options.
struct HelpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "help", abstract: "Explain a name of the recipe language, or the options of a recipe.",
        discussion: """
            Examples:
              dppa-run help top
              dppa-run help dppa.search
              dppa-run help recipes/ties.lua
            """)

    @Argument(help: "A name, a recipe, or nothing for a list of all names.")
    var name: String?

    @Option(
        help: ArgumentHelp("A folder in which the recipe may look for models; may be repeated.", valueName: "directory")
    )
    var models: [String] = []

    func run() throws {
        guard let name else {
            Console.output("names: \(Reference.names.joined(separator: ", "))")
            Console.output("besides: \(Reference.topics.joined(separator: ", "))")
            Console.output("commands: dppa-run --help; a recipe's options: dppa-run help recipes/ties.lua")
            return
        }
        if let page = try Reference.help(name) { return Console.output(page) }
        let commands = DPPARun.configuration.subcommands
        if let command = commands.first(where: { $0.configuration.commandName == name }) {
            return Console.output(DPPARun.helpMessage(for: command))
        }
        let recipe = RecipeRun(name)
        do {
            guard name.hasSuffix(".lua") || FileManager.default.fileExists(atPath: name) else {
                throw DPPAError(
                    .usage, "there is no name and no recipe '\(name)'",
                    notes: [Suggestions.sentence(for: name, among: Reference.names)].filter { !$0.isEmpty })
            }
            var request = RecipeRun.Request(out: "unused")
            request.modelRoots = models
            request.environment = ProcessInfo.processInfo.environment
            let trace = try recipe.trace(request, isDry: true, isForgiving: true)
            for line in RecipeHelp(trace).lines { Console.output(line) }
        } catch {
            throw Console.fail(error, sources: recipe.sources)
        }
    }
}
