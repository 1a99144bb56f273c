import ArgumentParser
import DPPA
import DPPAScript
import Foundation

/// The program: merges language models by recipes.
@main
struct DPPARun: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dppa-run",
        abstract: "Merge and prune language models by recipes written in Lua.",
        version: "dppa-run \(version) (Lua \(ScriptHost.luaVersion))",
        subcommands: [
            RunCommand.self, CheckCommand.self, PlanCommand.self, MeasureCommand.self, TryCommand.self,
            EvalCommand.self, DiffCommand.self,
            InspectCommand.self, NewCommand.self, HelpCommand.self, ReferenceCommand.self,
        ])

    static func main() {
        if let complaint = Processor.complaint {
            Console.error(complaint)
            Foundation.exit(DPPAError.Code.internalFault.rawValue)
        }
        main(nil)
    }
}

/// Messages to the person at the keyboard.
enum Console {
    /// Writes a line to standard output at once, so that it stands in order with what goes to standard error.
    static func output(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

    /// Writes a line to standard error.
    static func error(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

    /// Ends the program with an error's text and exit code.
    static func fail(_ error: any Error, sources: [String: String] = [:]) -> ExitCode {
        guard let error = error as? DPPAError else {
            Console.error("error: \(error)")
            return ExitCode(DPPAError.Code.internalFault.rawValue)
        }
        Console.error(error.rendered(sources: sources))
        return ExitCode(error.code.rawValue)
    }
}
