import ArgumentParser
import DPPA
import DPPAScript
import Foundation

/// `dppa-run run`: a recipe, from its text to the finished model directory.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a recipe and write the model that it returns.",
        usage: "dppa-run run <recipe> --out <directory> [<options>]",
        discussion: """
            A recipe is a Lua file, or one that ships, such as ties or dppa: dppa-run help lists them. They merge small models \
            that ship with them until --set names yours; models are directories, safetensors, PyTorch or GGUF files, or org/name in the \
            Hugging Face cache. A model that dppa-run has written, and a bundle, stand for the recipe that they hold.

            Examples:
              dppa-run run ties --out merged
              dppa-run run ties --out merged --set density=0.3 \\
                --set base=path/to/base --set experts=path/to/a,path/to/b
              dppa-run run mine.lua --out merged --dtype bf16 --report page.html
              dppa-run run merged --out again --models path/to/models
            """)

    @OptionGroup var arguments: RecipeArguments

    @Option(
        help: ArgumentHelp("The directory to write; an empty one may exist.", valueName: "directory"),
        completion: .directory)
    var out: String

    @Option(help: ArgumentHelp("The largest size of a written file, such as 5G (units of 1000).", valueName: "size"))
    var shardSize: String = "5G"

    @Option(
        help: ArgumentHelp(
            "Read nothing but what this lock was made of: a recipe.lock.json, or a model that has one.",
            valueName: "lock"),
        completion: .file())
    var locked: String?

    @OptionGroup(title: "External scoring") var external: ExternalOptions

    @Flag(
        help: """
            Replace the output directory if it holds models and nothing else; a link is replaced, and not what it leads to.
            """)
    var force = false

    @Flag(
        help: """
            Compute everything: go on from nothing that a stopped run has left, take nothing from the model that is replaced, and \
            score again.
            """)
    var fresh = false
    @Flag(help: "Write the model even if rounding takes back every change of some matrix.")
    var allowLost = false

    @Flag(
        help: """
            Of several processes, have the first one write all files: the others, which need no file system in common with it, hand \
            over what they have computed, and keep it in TMPDIR until then.
            """)
    var collect = false

    @Flag(help: "Print nothing but warnings and errors.")
    var quiet = false

    @OptionGroup var reports: ReportOptions

    func run() throws {
        try RecipeWork.perform(arguments, out: out, isQuiet: quiet || !RunRanks.joined.isFirst) { work in
            let files = try reports.files()
            work.request.shardSize = try ByteSize.parse(shardSize, "--shard-size", isDecimal: true)
            (work.request.force, work.request.isFresh) = (force, fresh)
            work.request.allowsLostChanges = allowLost
            work.request.collects = collect
            guard !collect || !RunRanks.joined.isAlone else {
                throw DPPAError(
                    .usage, "--collect: there is one process, which writes all files anyway",
                    notes: ["start several with mpirun or srun"])
            }
            work.request.lock = try locked.map { try RecipeLock(reading: InputPath.lock($0)) }
            work.request.outputs = files.outputs
            work.request.comparesDeltas = reports.isAskedFor
            work.request.command = RecipeArguments.command
            work.request.evaluator = try external.evaluator(beside: out)
            if !quiet, let recorded = try RecordedRecipe(work.path) {
                Console.error(recorded.announcement(of: work.path))
            }
            guard work.request.engine.ranks.isFirst else { return try work.join() }
            let outcome = try work.run()
            work.progress.finish()
            try files.write(outcome)
            for warning in outcome.warnings { Console.error(warning) }
            if !quiet { Console.error(outcome.summary) }
        }
    }
}
