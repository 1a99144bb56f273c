import ArgumentParser
import DPPA
import DPPAScript
import Foundation

/// A recipe with what the person at the keyboard gives it, as every command on one recipe takes it.
struct RecipeArguments: ParsableArguments {
    @Argument(
        help: ArgumentHelp("A recipe: a Lua file, or the name of one that ships, such as ties.", valueName: "recipe"),
        completion: RecipeLookup.completion)
    var recipe: String

    @OptionGroup var settings: RecipeSettings

    @Option(help: "The same as --set seed=N.")
    var seed: Int?

    /// The words of the present command, with the program's name as its help has it.
    static var command: [String] { ["dppa-run"] + CommandLine.arguments.dropFirst() }

    /// How long it may take.
    var time: TimeOptions { settings.time }

    /// The same for the recipe host.
    func request(out: String) throws -> RecipeRun.Request {
        var request = try settings.request(out: out)
        if let seed {
            guard request.options.updateValue(String(seed), forKey: "seed") == nil else {
                throw DPPAError(.usage, "the seed is given twice, by --seed and by --set seed=…")
            }
        }
        return request
    }
}

/// What recipes are given, and what they may take.
struct RecipeSettings: ParsableArguments {
    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Set an option of the recipe; may be repeated. dppa-run help RECIPE lists them.", valueName: "name=value"))
    var settings: [String] = []

    @Option(
        help: ArgumentHelp("A folder in which recipes may look for models; may be repeated.", valueName: "directory"),
        completion: .directory)
    var models: [String] = []

    @Option(
        help: "The dtype to write: f64, f32, f16 or bf16; otherwise each tensor keeps its own.",
        completion: .list(["f64", "f32", "f16", "bf16"]))
    var dtype: String?

    @OptionGroup var resources: ResourceOptions

    @OptionGroup var time: TimeOptions

    @Option(
        help: ArgumentHelp(
            "How much it may write in all, candidates for --evaluator included, such as 500G.", valueName: "size"))
    var limitWritten: String = "2T"

    /// The same for the recipe host.
    func request(out: String) throws -> RecipeRun.Request {
        var request = RecipeRun.Request(out: out)
        request.options = try Self.options(settings)
        request.modelRoots = models
        request.dtype = try dtype.map(Self.outputDType)
        request.engine = try resources.engineOptions()
        request.writtenLimit = try ByteSize.parse(limitWritten, "--limit-written", isDecimal: true)
        request.environment = ProcessInfo.processInfo.environment
        return request
    }

    /// What `--set` gives, by name.
    static func options(_ settings: [String]) throws -> [String: String] {
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
        return options
    }

    private static func outputDType(_ text: String) throws -> DType {
        if let dtype = DType(userSpelling: text), dtype.isFloat, dtype.byteSize > 1 { return dtype }
        throw DPPAError(.usage, "--dtype \(text): a model can be written as f64, f32, f16 or bf16")
    }
}
