import ArgumentParser
import DPPA
import DPPAScript
import Foundation
import SystemPackage

/// `dppa-run new`: a recipe to start from.
struct NewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Write a commented recipe to start from.")

    @Argument(help: "The name of the recipe; it is written to NAME.lua.")
    var name: String

    func run() throws {
        let path = name.hasSuffix(".lua") ? name : name + ".lua"
        do {
            guard !FilePath(name).name.isEmpty, FilePath(name).lastComponent?.kind == .regular, !name.hasSuffix("/")
            else {
                throw DPPAError(
                    .usage, "'\(name)' is no name of a recipe", notes: ["for example: dppa-run new my_merge"])
            }
            guard access(path, F_OK) != 0 else {
                throw DPPAError(.cannotCreate, "\(path) exists", notes: ["choose another name"])
            }
            try WrittenFile(path).write(RecipeTemplate.text(path).utf8)
        } catch {
            throw Console.fail(error)
        }
        Console.output(
            "wrote \(path); try: dppa-run check \(path) --set base=path/to/base --set experts=path/to/a,path/to/b")
    }
}
