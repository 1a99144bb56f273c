import ArgumentParser
import DPPAScript

/// `dppa-run methods`: the merge methods that ship.
struct MethodsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "methods", abstract: "List the merge methods that ship, a line each.",
        discussion: """
            dppa-run help NAME tells of one: its formula, options, costs, and what published comparisons say of it.
            """)

    func run() throws {
        do {
            for line in try MethodPages.list { Console.output(line) }
        } catch {
            throw Console.fail(error)
        }
    }
}
