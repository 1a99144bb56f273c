import ArgumentParser
import DPPA
import DPPAScript
import Foundation
import SystemPackage

/// `dppa-run new`: a recipe to start from.
struct NewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Write a recipe to start from: a commented one, or a copy of another.",
        discussion: """
            Examples:
              dppa-run new mine
              dppa-run new merges/mine --from ties
            """)

    @Argument(help: "Where it is written, with or without .lua.")
    var name: String

    @Option(
        help: ArgumentHelp(
            "The recipe to copy, such as ties; otherwise a short one that explains itself.", valueName: "recipe"),
        completion: RecipeLookup.completion)
    var from: String?

    func run() throws {
        let path = name.hasSuffix(".lua") ? name : name + ".lua"
        do {
            guard FilePath(name).lastComponent?.kind == .regular, !name.hasSuffix("/"), FilePath(path).name != ".lua"
            else {
                throw DPPAError(
                    .usage, "'\(name)' is no name of a recipe", notes: ["for example: dppa-run new my_merge"])
            }
            var status = stat()
            guard lstat(path, &status) != 0 else {
                throw DPPAError(.cannotCreate, "\(path) exists", notes: ["choose another name"])
            }
            try WrittenFile(path).write(text(path).utf8)
        } catch {
            throw Console.fail(error)
        }
        Console.output("wrote \(path); try: dppa-run check \(path) \(models)")
    }

    private func text(_ path: String) throws -> String {
        guard let from else { return RecipeTemplate.text(path) }
        return try RecipeTemplate.copy(RecipeLookup.path(from), as: path)
    }

    /// What gives the new recipe its models: it lies elsewhere than those that a shipped one merges by default.
    private var models: String {
        guard from != nil, let folder = RecipeLookup.shippedFolder else {
            return "--set base=path/to/base --set experts=path/to/a,path/to/b"
        }
        return "--models \(folder)"
    }
}
