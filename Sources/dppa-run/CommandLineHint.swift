import DPPA
import DPPAScript
import Foundation

/// What a command line was meant to be that the parser cannot read.
enum CommandLineHint {
    /// A note for the parser's message, if there is something to say.
    static func note(for message: String, arguments: [String]) -> String? {
        guard let command = arguments.first, !command.hasPrefix("-") else { return nil }
        let known = DPPARun.configuration.subcommands.contains { $0.configuration.commandName == command }
        if known { return option(message, arguments) }
        let commands = HelpCommand.commands.compactMap { $0.configuration.commandName }
        if let near = Suggestions.nearest(to: command, among: commands).first {
            return "did you mean dppa-run \(near)?"
        }
        if (try? RecipeLookup.path(command)) != nil { return "did you mean dppa-run run \(command)?" }
        return "commands are \(commands.joined(separator: ", "))"
    }

    /// An option of the recipe that is given as one of the program's: `--density .3`.
    ///
    /// The recipe is traced for the names of its options, without reading weights.
    private static func option(_ message: String, _ arguments: [String]) -> String? {
        guard let (name, value) = unknownOption(message, arguments), let command = arguments.first,
            ["run", "check", "plan", "measure", "try"].contains(command)
        else { return nil }
        let recipes = arguments.dropFirst().filter { !$0.hasPrefix("-") }.lazy.compactMap {
            try? RecipeLookup.path($0)
        }
        guard let path = recipes.first else { return nil }
        var request = RecipeRun.Request(out: "unused")
        request.environment = ProcessInfo.processInfo.environment
        guard let trace = try? RecipeRun(path).trace(request, isDry: true, isForgiving: true),
            let near = Suggestions.nearest(to: name, among: trace.session.options.taken.map(\.name)).first
        else { return "options of a recipe are given with --set name=value" }
        return "did you mean --set \(near)=\(value)? options of a recipe are given with --set"
    }

    /// The option that the parser does not know, and what is given for it.
    private static func unknownOption(_ message: String, _ arguments: [String]) -> (name: String, value: String)? {
        for (index, argument) in arguments.enumerated() where argument.hasPrefix("--") && argument.count > 2 {
            let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts.first ?? "")
            guard message.contains("Unknown option '--\(name)'") else { continue }
            let next = index + 1 < arguments.count ? arguments[index + 1] : nil
            let isValue = next.map { !$0.hasPrefix("--") } ?? false
            return (name, parts.count == 2 ? String(parts[1]) : isValue ? next ?? "…" : "…")
        }
        return nil
    }
}
