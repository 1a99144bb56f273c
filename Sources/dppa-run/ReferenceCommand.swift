import ArgumentParser
import DPPA
import DPPAScript
import Foundation
import SystemPackage

/// `dppa-run reference`: writes the pages that are made from the table of names, for the project itself.
struct ReferenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reference", abstract: "Write the Lua reference, the page of methods and the editor's stub.",
        shouldDisplay: false)

    @Argument(help: "Where the reference goes; methods.md and the folder pictures go beside it.")
    var page: String

    @Argument(help: "The folder of the stubs.")
    var stubs: String

    func run() throws {
        do {
            let files = try Stub.files.map { (try OutputOption.file(stubs + "/" + $0.file), $0.text) }
            let reference = try OutputOption.file(page)
            let methods = try OutputOption.file(FilePath(page).folder.appending("methods.md").string)
            guard let recipes = RecipeLookup.shippedFolder else {
                throw DPPAError(.missingInput, "the recipes that ship are not beside the program")
            }
            let pictures = try MethodPicture.all(recipes: recipes).map { name, picture in
                let path = FilePath(page).folder.appending("pictures/\(name).svg").string
                return (try OutputOption.file(path), picture.svg)
            }
            try reference.write(Reference.text.utf8)
            try methods.write(MethodPages.text(recipes: recipes).utf8)
            for (file, text) in files + pictures { try file.write(text.utf8) }
        } catch {
            throw Console.fail(error)
        }
    }
}
