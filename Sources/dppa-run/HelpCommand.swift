import ArgumentParser
import DPPA
import DPPAScript
import Foundation

/// `dppa-run help`: a name of the language, a command, or a recipe's own options.
struct HelpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "help", abstract: "Explain a name of the recipe language, a command, or the options of a recipe.",
        discussion: """
            Examples:
              dppa-run help                    all names, commands and recipes
              dppa-run help top                a function of the language
              dppa-run help ties               a merge method, and the options of its recipe
              dppa-run help mine.lua           the options of a recipe of yours
              dppa-run help exit-statuses      what the program ends with
            """)

    @Argument(help: "A name, a command, a recipe, or nothing for a list of all.", completion: RecipeLookup.completion)
    var name: String?

    @Option(
        help: ArgumentHelp(
            "A folder in which the recipe may look for models; may be repeated.", valueName: "directory"),
        completion: .directory)
    var models: [String] = []

    func run() throws {
        guard let name else {
            for (title, names) in Self.overview {
                Console.heading(title)
                for line in Self.wrapped(names) { Console.output("  " + line) }
            }
            return
        }
        var pages: [[String]] = []
        if let page = try Reference.help(name, recipes: RecipeLookup.shippedFolder) {
            pages.append(page.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
        }
        if let command = Self.commands.first(where: { $0.configuration.commandName == name }) {
            pages.append([DPPARun.helpMessage(for: command)])
        }
        let recipe = Result { try RecipeLookup.path(name) }
        if let path = try? recipe.get() {
            pages.append(try options(of: path))
        } else if pages.isEmpty {
            throw Console.fail(unknown(name, recipe))
        }
        for (number, page) in pages.enumerated() {
            if number > 0 { Console.output("") }
            Console.table(page)
        }
    }

    /// A recipe's own words and its options.
    private func options(of path: String) throws -> [String] {
        let recipe = RecipeRun(path)
        do {
            var request = RecipeRun.Request(out: "unused")
            request.modelRoots = models
            request.environment = ProcessInfo.processInfo.environment
            return RecipeHelp(try recipe.trace(request, isDry: true, isForgiving: true)).lines
        } catch {
            throw Console.fail(error, sources: recipe.sources)
        }
    }

    /// There is neither a name nor a recipe; what looks like a file is told about as a recipe.
    private func unknown(_ name: String, _ recipe: Result<String, any Error>) -> any Error {
        if name.contains("/") || name.hasSuffix(".lua"), case .failure(let error) = recipe { return error }
        let known =
            Reference.names + Self.commands.compactMap { $0.configuration.commandName } + RecipeLookup.shipped.keys
        return DPPAError(
            .usage, "there is no name, no command and no recipe '\(name)'",
            notes: [Suggestions.sentence(for: name, among: Set(known).sorted())].filter { !$0.isEmpty }
                + ["dppa-run help lists all"])
    }

    /// The commands that people are told of.
    static var commands: [any ParsableCommand.Type] {
        DPPARun.configuration.subcommands.filter { $0.configuration.shouldDisplay }
    }

    private static var overview: [(title: String, names: [String])] {
        [
            ("commands: dppa-run help COMMAND", commands.compactMap { $0.configuration.commandName }),
            ("recipes that ship: dppa-run help RECIPE", RecipeLookup.shipped.keys.sorted()),
            ("names of the recipe language: dppa-run help NAME", Reference.names),
            ("besides: dppa-run help TOPIC", Reference.topics),
        ]
    }

    /// Names in lines of at most 76 characters.
    private static func wrapped(_ names: [String]) -> [String] {
        var lines = [""]
        for name in names {
            let line = lines[lines.count - 1]
            if line.isEmpty {
                lines[lines.count - 1] = name
            } else if line.count + name.count + 2 <= 76 {
                lines[lines.count - 1] = line + ", " + name
            } else {
                lines[lines.count - 1] = line + ","
                lines.append(name)
            }
        }
        return lines
    }
}
