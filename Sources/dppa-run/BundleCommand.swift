import ArgumentParser
import DPPA
import DPPAScript
import Foundation

/// `dppa-run bundle`: a recipe with all that belongs to it as one file.
struct BundleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bundle",
        abstract: "Make one Lua file of a recipe: with its modules, its tables and a lock.",
        usage: "dppa-run bundle <recipe> --out <file> [<options>]",
        discussion: """
            The file holds the recipe as it is, and before it, in comments, the modules that it requires from lib/, the JSON files \
            that it reads by name, and a lock. dppa-run takes it wherever it takes a recipe, and rerun and verify take its lock; \
            errors name the modules' own files and lines. Models, tensors and tasks stay outside. With a lock it runs with the \
            lock's options, as the model does that has it. Modules that ship are not in it: its first line has the \
            program's version.

            Examples:
              dppa-run bundle mine.lua --out one.lua --lock merged
              dppa-run bundle merged --out one.lua
              dppa-run rerun one.lua --out again --models path/to/models
            """)

    @Argument(
        help: "A recipe, or a model or a lock that holds one.", completion: RecipeLookup.completion)
    var recipe: String

    @Option(help: ArgumentHelp("The file to write; - is standard output.", valueName: "file"), completion: .file())
    var out: String

    @Option(
        help: ArgumentHelp("The lock to attach: a recipe.lock.json, or a model that has one.", valueName: "lock"),
        completion: .file())
    var lock: String?

    @Flag(help: "Replace the file if it exists.")
    var force = false

    func run() throws {
        do {
            let path = try RecipeLookup.path(recipe)
            let lock = try lock.map { try RecipeLock(reading: InputPath.lock($0)) }
            let (bundle, notes) = try RecipeBundle.make(of: path, lock: lock)
            var status = stat()
            guard out == "-" || force || lstat(out, &status) != 0 || status.st_mode & S_IFMT != S_IFREG else {
                throw DPPAError(
                    .cannotCreate, "\(out) exists", notes: ["replace it with --force, or choose another name"])
            }
            let file = try WrittenFile(out)
            var outputs = OutputPaths()
            try outputs.add(file, as: "--out")
            try outputs.requireApart(from: path)
            try file.write(bundle.source.utf8)
            for note in notes { Console.error("note: \(note)") }
            let parts =
                [
                    bundle.modules.isEmpty ? nil : Phrase.counted(bundle.modules.count, "module"),
                    bundle.tables.isEmpty ? nil : Phrase.counted(bundle.tables.count, "table"),
                    bundle.lock == nil ? nil : "a lock",
                ].compactMap(\.self)
            Console.error("wrote \(out): \(([bundle.name.shown] + parts).joined(separator: ", "))")
        } catch {
            throw Console.fail(error)
        }
    }
}
