import ArgumentParser
import DPPA
import DPPAScript
import Foundation

/// `dppa-run new`: a recipe to start from.
struct NewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Write a commented recipe to start from.")

    @Argument(help: "The name of the recipe; it is written to NAME.lua.")
    var name: String

    func run() throws {
        let path = name.hasSuffix(".lua") ? name : name + ".lua"
        do {
            let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
            guard file >= 0 else {
                let exists = errno == EEXIST
                throw DPPAError(
                    .cannotCreate, exists ? "\(path) exists" : "cannot create \(path)",
                    notes: exists ? ["choose another name"] : [], cause: exists ? nil : String(cString: strerror(errno))
                )
            }
            let handle = FileHandle(fileDescriptor: file, closeOnDealloc: true)
            try handle.write(contentsOf: Data(RecipeTemplate.text(path).utf8))
        } catch {
            throw Console.fail(error)
        }
        print("wrote \(path); try: dppa-run check \(path) --set base=path/to/base --set experts=path/to/a,path/to/b")
    }
}
