import ArgumentParser
import DPPA
import DPPAScript
import Foundation

/// `dppa-run reference`: writes the pages that are made from the table of names, for the project itself.
struct ReferenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reference", abstract: "Write the Lua reference and the editor's stub.", shouldDisplay: false)

    @Argument(help: "Where the page goes.")
    var page: String

    @Argument(help: "The folder of the stubs.")
    var stubs: String

    func run() throws {
        do {
            let files = try Stub.files.map { (try OutputOption.file(stubs + "/" + $0.file), $0.text) }
            let page = try OutputOption.file(page)
            try page.write(Reference.text.utf8)
            for (file, text) in files { try file.write(text.utf8) }
        } catch {
            throw Console.fail(error)
        }
    }
}
