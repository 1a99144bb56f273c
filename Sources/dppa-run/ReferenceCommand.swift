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
            try Data(Reference.text.utf8).write(to: URL(fileURLWithPath: page), options: .atomic)
            try Data(Stub.text.utf8).write(to: URL(fileURLWithPath: stub), options: .atomic)
        } catch {
            throw Console.fail(
                DPPAError(.cannotCreate, "cannot write the reference", cause: error.localizedDescription))
        }
    }
}
