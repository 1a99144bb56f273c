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
        discussion: """
            A first merge, of small models that ship with the program:
              dppa-run run ties --out merged

            and a recipe of your own:
              dppa-run new mine
            """,
        version: "dppa-run \(version) (\(InstructionSet.name), Lua \(ScriptHost.luaVersion), \(MatrixProduct.library))",
        subcommands: [
            RunCommand.self, CheckCommand.self, PlanCommand.self, MeasureCommand.self, TryCommand.self,
            EvalCommand.self, CompareCommand.self, DiffCommand.self, CompareExpertsCommand.self, ExplainCommand.self,
            RerunCommand.self, VerifyCommand.self, BundleCommand.self, LineageCommand.self,
            PackCommand.self, UnpackCommand.self,
            InspectCommand.self, TokenizeCommand.self, MethodsCommand.self, NewCommand.self, ImportCommand.self,
            HelpCommand.self,
            ReferenceCommand.self,
        ])

    static func main() {
        // A standard stream that is closed would be the next file that is opened, and get what is printed.
        for stream in STDIN_FILENO...STDERR_FILENO where fcntl(stream, F_GETFD) < 0 {
            _ = open("/dev/null", O_RDONLY)
        }
        if let complaint = Processor.complaint {
            Console.error(complaint)
            Foundation.exit(DPPAError.Code.internalFault.rawValue)
        }
        Processor.useItsKernels()
        // Writing to a closed pipe is then an error of the call; a handler, unlike ignoring, is not passed on to children.
        signal(SIGPIPE) { _ in }
        OpenFiles.raiseLimit()
        Allocator.giveBackLargeBlocks()
        var code: Int32 = 0
        do {
            try requireUnicode()
            do { try RunRanks.join() } catch { throw Console.fail(error) }
            var command = try parseAsRoot()
            do { try RunRanks.requireShared(command) } catch { throw Console.fail(error) }
            try command.run()
        } catch {
            code = exitCode(for: error).rawValue
            tell(fullMessage(for: error), isError: code != 0)
        }
        RunRanks.leave()
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

    /// What the parser says: help or completions that were asked for, or what is wrong with the command line.
    private static func tell(_ message: String, isError: Bool) {
        guard !message.isEmpty else { return }
        guard isError else { return Console.output(message) }
        let prefix = "Error: "
        var lines = message.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if message.hasPrefix(prefix) { lines[0] = "error: " + lines[0].dropFirst(prefix.count) }
        if let note = CommandLineHint.note(for: message, arguments: Array(CommandLine.arguments.dropFirst())) {
            lines.insert("note: " + note, at: 1)
        }
        Console.error(lines.joined(separator: "\n"))
    }
}
