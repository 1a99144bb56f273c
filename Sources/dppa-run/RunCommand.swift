import ArgumentParser
import DPPA
import DPPAScript
import Foundation

/// `dppa-run run`: a recipe, from its text to the finished model directory.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a recipe and write the model that it returns.",
        discussion: """
            Example:
              dppa-run run recipes/ties.lua --set base=models/base --set experts=models/a,models/b --out merged
            """)

    @Argument(help: ArgumentHelp("The recipe, a Lua file.", valueName: "recipe"))
    var recipe: String

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Set an option of the recipe; may be repeated.", valueName: "name=value"))
    var settings: [String] = []

    @Option(help: ArgumentHelp("The directory to write.", valueName: "directory"))
    var out: String

    @Option(
        help: ArgumentHelp("A folder in which recipes may look for models; may be repeated.", valueName: "directory"))
    var models: [String] = []

    @Option(help: "The dtype to write: f64, f32, f16 or bf16; otherwise each tensor keeps its own.")
    var dtype: String?

    @Option(help: "The same as --set seed=N.")
    var seed: Int?

    @OptionGroup var resources: ResourceOptions

    @Option(help: "The largest size of a written file, such as 5G.")
    var shardSize: String = "5G"

    @OptionGroup(title: "External scoring") var external: ExternalOptions

    @Flag(help: "Replace the output directory if it exists.")
    var force = false

    @Flag(help: "Print nothing but warnings and errors.")
    var quiet = false

    @Option(help: ArgumentHelp("Write what was done and all named values as JSON.", valueName: "file"))
    var json: String?

    func run() throws {
        Interruption.listen()
        let progress = ProgressLine(isQuiet: quiet)
        let recipeRun = RecipeRun(recipe)
        do {
            var request = RecipeRun.Request(out: out)
            request.options = try options()
            request.modelRoots = models
            request.dtype = try dtype.map(Self.outputDType)
            request.engine = try resources.engineOptions()
            request.shardSize = try ByteSize.parse(shardSize, "--shard-size", isDecimal: true)
            request.force = force
            request.evaluator = try external.evaluator(beside: out)
            request.environment = ProcessInfo.processInfo.environment
            let outcome = try recipeRun.run(
                request, observer: progress, isInterrupted: { Interruption.isRequested },
                print: { text in
                    progress.finish()
                    Console.output(text)
                })
            progress.finish()
            for warning in outcome.warnings { Console.error(warning) }
            if let json { try outcome.writeJSON(to: json) }
            if !quiet { Console.error(outcome.summary) }
        } catch {
            progress.finish()
            throw Console.fail(error, sources: recipeRun.sources)
        }
    }

    private func options() throws -> [String: String] {
        var options: [String: String] = [:]
        for setting in settings {
            guard let equals = setting.firstIndex(of: "="), equals != setting.startIndex else {
                throw DPPAError(.usage, "--set \(setting): expected name=value")
            }
            let name = String(setting[..<equals])
            guard options.updateValue(String(setting[setting.index(after: equals)...]), forKey: name) == nil else {
                throw DPPAError(.usage, "--set gives '\(name)' twice")
            }
        }
        if let seed {
            guard options.updateValue(String(seed), forKey: "seed") == nil else {
                throw DPPAError(.usage, "the seed is given twice, by --seed and by --set seed=…")
            }
        }
        return options
    }

    private static func outputDType(_ text: String) throws -> DType {
        if let dtype = DType(userSpelling: text), dtype.isFloat, dtype.byteSize > 1 { return dtype }
        throw DPPAError(.usage, "--dtype \(text): a model can be written as f64, f32, f16 or bf16")
    }
}
