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

    @Argument(help: "Where the stub goes.")
    var stub: String

    func run() throws {
        do {
            let files = try (page: OutputOption.file(page), stub: OutputOption.file(stub))
            try files.page.write(Reference.text.utf8)
            try files.stub.write(Stub.text.utf8)
        } catch {
            throw Console.fail(error)
        }
    }
}
