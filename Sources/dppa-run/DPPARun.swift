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
        // A standard stream that is closed would be the next file that is opened, and get what is printed.
        for stream in STDIN_FILENO...STDERR_FILENO where fcntl(stream, F_GETFD) < 0 { open("/dev/null", O_RDONLY) }
        if let complaint = Processor.complaint {
            Console.error(complaint)
            Foundation.exit(DPPAError.Code.internalFault.rawValue)
        }
        // Writing to a closed pipe is then an error of the call; a handler, unlike ignoring, is not passed on to children.
        signal(SIGPIPE) { _ in }
        OpenFiles.raiseLimit()
        var code: Int32 = 0
        do {
            try requireUnicode()
            var command = try parseAsRoot()
            try command.run()
        } catch {
            code = exitCode(for: error).rawValue
            let text = fullMessage(for: error)
            if !text.isEmpty { code == 0 ? Console.output(text) : Console.error(text) }
        }
        Foundation.exit(Console.end(code))
    }

    /// Throws when an argument is not UTF-8: a path would be another one with what Unicode puts in its place.
    private static func requireUnicode() throws {
        for number in 1..<max(1, Int(CommandLine.argc)) {
            guard let bytes = CommandLine.unsafeArgv[number], String(validatingCString: bytes) == nil else { continue }
            throw Console.fail(
                DPPAError(
                    .usage, "argument \(number) is not UTF-8: \(String(cString: bytes))",
                    notes: ["rename the file, or make a link to it with a name in UTF-8"]))
        }
    }
}
