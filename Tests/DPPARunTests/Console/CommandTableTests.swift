import DPPA
import Foundation
import Testing

/// Command lines as people type them, right and wrong: what they end with, and what they say.
@Suite struct CommandTableTests {
    struct Case: CustomTestStringConvertible {
        var arguments: [String]
        var code: Int32
        var output: [String] = []
        var errors: [String] = []
        var testDescription: String { arguments.joined(separator: " ") }

        init(_ line: String, _ code: Int32, output: [String] = [], errors: [String] = []) {
            arguments = line.split(separator: " ").map { $0 == "''" ? "" : String($0) }
            (self.code, self.output, self.errors) = (code, output, errors)
        }
    }

    /// Run in a folder with the link `models` to the zoo, and a recipe `mine.lua`.
    static let cases: [Case] = [
        // Recipes by name, and what a wrong name is meant to be.
        Case("check ties", 0, output: ["model     law", "density=0.2"]),
        Case("check ties.lua", 0, output: ["density=0.2"]),
        Case("check mine", 0, output: ["model     base"]),
        Case("check mine.lua", 0, output: ["model     base"]),
        Case("check written", 0, output: ["model     base"]),
        Case(
            "run tyes --out o", 66, errors: ["there is no recipe 'tyes'", "did you mean 'ties'?", "recipes that ship"]),
        Case("check recipes/ties.lua", 66, errors: ["did you mean 'ties'?"]),
        Case("check mien.lua", 66, errors: ["did you mean 'mine.lua'?"]),
        Case("check sub/mien", 66, errors: ["did you mean 'sub/mine.lua'?"]),
        Case("check models", 66, errors: ["models is a folder and has no recipe.lua"]),
        Case("check ''", 66, errors: ["there is no recipe ''"]),
        // Options of the recipe that are given as the program's.
        Case("check ties --density .3", 64, errors: ["note: did you mean --set density=.3?"]),
        Case("run ties --out o --densty=.3", 64, errors: ["did you mean --set density=.3?"]),
        Case("check --lambda -1 ties", 64, errors: ["did you mean --set lambda=-1?"]),
        Case("check ties --nothing 1", 64, errors: ["--set name=value"]),
        Case("check ties --density", 64, errors: ["did you mean --set density=…?"]),
        // Sizes.
        Case("check ties --memory 1", 64, errors: ["--memory 1: the unit is missing", "did you mean 1G or 1M?"]),
        Case("check ties --memory 512", 64, errors: ["512G or 512M"]),
        Case("check ties --memory 0", 64, errors: ["expected a size such as 512M"]),
        Case("check ties --memory 1G", 0),
        Case("check ties --memory 536870912", 0, output: ["at most 537 MB"]),
        Case("run ties --out o --shard-size 5", 64, errors: ["--shard-size 5: the unit is missing"]),
        // Models.
        Case("inspect models/base", 0, output: ["tensors   57"]),
        Case("inspect models/bsae", 66, errors: ["did you mean 'models/base'?"]),
        Case("inspect model/base", 66, errors: ["did you mean 'models/base'?"]),
        Case("diff models/base models/maht", 66, errors: ["there is no model 'models/maht'", "'models/math'"]),
        Case(
            "compare-experts --base models/base models/math models/law", 0,
            output: ["math       5.84 %", "math, law"]),
        Case(
            "compare-experts --base models/base models/math models/law --spectral", 0,
            output: ["stable rank", "subspace overlap"]),
        Case("compare-experts --base models/base models/base", 0, output: ["there is nothing to merge"]),
        Case("compare-experts --base models/bsae models/math", 66, errors: ["did you mean 'models/base'?"]),
        Case("compare-experts --base models/base", 64, errors: ["experts"]),
        Case("eval models/bas --task models/eval/law.jsonl", 66, errors: ["did you mean 'models/base'?"]),
        Case("eval models/base --task models/eval/lwa.jsonl", 66, errors: ["did you mean 'models/eval/law.jsonl'?"]),
        Case("inspect some/model", 66, errors: ["hf download some/model"]),
        Case("inspect some/model@v2", 66, errors: ["hf download some/model --revision v2"]),
        Case("check ties --set base=models/bsae", 66, errors: ["did you mean 'models/base'?"]),
        Case("check ties --set base=some/model", 66, errors: ["hf download some/model"]),
        Case("eval models/base --task external:x", 64, errors: ["external:x needs a program", "--evaluator"]),
        // New recipes.
        Case("new ''", 64, errors: ["'' is no name of a recipe"]),
        Case("new .lua", 64, errors: ["no name of a recipe"]),
        Case("new sub/", 64, errors: ["no name of a recipe"]),
        Case("new mine", 73, errors: ["mine.lua exists"]),
        Case("new other --from tise", 66, errors: ["did you mean 'ties'?"]),
        // Help.
        Case(
            "help", 0,
            output: ["recipes that ship", "average, breadcrumbs,", "compare-experts", "methods, new,"]),
        Case("tokenize models/base hello", 66, errors: ["models/base has no tokenizer", "tokenizer.json"]),
        Case("tokenize models/bsae hello", 66, errors: ["did you mean 'models/base'?"]),
        Case("methods", 0, output: ["average ", "Elsewhere: linear.", "ties "]),
        Case("help top", 0, output: ["dppa.top(x, fraction, scope)"]),
        Case("help ties", 0, output: ["density", "share of a delta to keep"]),
        Case("help mine", 0, output: ["A recipe of the tests."]),
        Case("help run", 0, output: ["--shard-size"]),
        Case("help evla", 64, errors: ["did you mean 'eval'?"]),
        Case("help none.lua", 66, errors: ["there is no recipe 'none.lua'"]),
        Case("nothing", 64, errors: ["error: ", "commands are run, check,"]),
        Case("inspct models/base", 64, errors: ["did you mean dppa-run inspect?"]),
        Case("ties", 64, errors: ["did you mean dppa-run run ties?"]),
    ]

    private static func folder() throws -> Scratch {
        let scratch = try Scratch()
        let text = "-- A recipe of the tests.\nreturn require \"dppa.v1\".model \"zoo/base\"\n"
        for name in ["mine.lua", "sub/mine.lua", "written/recipe.lua"] { _ = try scratch.write(text, name) }
        try FileManager.default.createSymbolicLink(
            atPath: scratch.path + "/models", withDestinationPath: Folders.recipes + "/zoo")
        return scratch
    }

    @Test(arguments: cases) func aCommandLineEndsAsItShould(_ line: Case) throws {
        let folder = try Self.folder()
        let roots = ["check", "run"].contains(line.arguments[0]) ? ["--models", Folders.recipes] : []
        let result = try Shell.run(
            "HF_HOME=$PWD/hub \"$dppa\" \"$@\"", line.arguments + roots, in: folder.path)
        #expect(result.code == line.code, "\(result.output)\(result.errors)")
        for part in line.output { #expect(result.output.contains(part), "\(result.output)") }
        for part in line.errors { #expect(result.errors.contains(part), "\(result.errors)") }
        if line.code != 0 { #expect(result.errors.contains("error: "), "\(result.errors)") }
    }

    @Test func jsonGoesToStandardOutputAlone() throws {
        let folder = try Self.folder()
        let check = try object("check ties --json -", folder)
        #expect((check["options"] as? [String: Any])?["density"] as? String == "0.2")
        #expect((check["models"] as? [Any])?.count == 4 && (check["warnings"] as? [Any])?.isEmpty == true)
        #expect(check["pass_count"] as? Int == 2)
        let inspect = try object("inspect models/base --json -", folder)
        #expect(inspect["elements"] as? Int == 2_461_632 && (inspect["tensors"] as? [Any])?.count == 57)
        #expect((inspect["config"] as? [String: Any])?["num_hidden_layers"] as? Int == 6)
        let trial = try object("try ties --tensors *.layers.3.mlp.* --json -", folder)
        let (rows, shown) = (
            trial["tensors"] as? [[String: Any]] ?? [],
            try Shell.run("\"$dppa\" try ties --tensors '*.layers.3.mlp.*'", in: folder.path).output
        )
        #expect(rows.count == 3)
        for row in rows {
            let line = shown.split(separator: "\n").first { $0.hasPrefix(row["name"] as? String ?? "?") }
            let share = String(format: "%.2f %%", (row["changed"] as? Double ?? -1) * 100)
            #expect(line?.contains(share) == true, "\(share): \(shown)")
        }
    }

    @Test(
        arguments: MergeMethods.all + ["dp", "dppa", "dppa_minimal", "mixture_of_experts", "my_rule", "lora", "search"])
    func aCopiedRecipeNamesItsOwnFile(_ recipe: String) throws {
        let scratch = try Scratch()
        let script =
            "$dppa new mine --from \(recipe) && $dppa new deep/other --from mine.lua && cat mine.lua deep/other.lua"
        let result = try Shell.run(script, in: scratch.path)
        let commands = result.output.split(separator: "\n").filter { $0.hasPrefix("--   dppa-run ") }
        let own = commands.filter { $0.contains("run mine.lua ") },
            others = commands.filter { $0.contains("run deep/other.lua ") }
        #expect(!own.isEmpty && own.count == others.count && commands.count == 2 * own.count, "\(commands)")
    }

    /// A method goes by the names that other programs have for it; the card has the words of model hubs.
    @Test(arguments: [("linear", "average", "linear"), ("dare_linear", "dare", "dare"), ("sce", "sce", "sce")])
    func methodsGoByOtherNames(_ name: String, _ method: String, _ tag: String) throws {
        let script = "$dppa run \(name) --out out --quiet && cat out/README.md && $dppa help \(name)"
        let result = try Shell.run(script, in: Scratch())
        #expect(result.code == 0, "\(result.errors)")
        let front = result.output.split(separator: "\n").drop { $0 != "tags:" }.prefix { $0 != "---" }
        #expect(front.contains { $0.hasSuffix("- \(tag)") } && front.count { $0.contains("- ") } == 3, "\(front)")
        #expect(result.output.contains("\(method)("))
    }

    @Test func examplesOfHelpDoNotNeedACheckout() throws {
        for command in [
            "run", "eval", "check", "plan", "measure", "try", "diff", "compare", "compare-experts", "inspect", "new",
            "import", "tokenize", "help",
        ] {
            let result = try Shell.run("$dppa help \(command)", in: Scratch())
            #expect(result.code == 0 && !result.output.contains("recipes/"), "\(result.output)")
        }
    }

    private func object(_ line: String, _ folder: Scratch) throws -> [String: Any] {
        let result = try Shell.run("\"$dppa\" \"$@\"", line.split(separator: " ").map(String.init), in: folder.path)
        #expect(result.code == 0, "\(result.errors)")
        return try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    }
}
