import DPPA
import DPPAScript
import Foundation
import Testing

/// Recipes over models that lie differently on the disk, from the words on the command line to the bytes of the result.
@Suite struct AlignmentRunTests {
    private let stack = "model.layers.0.mlp.experts.down_proj"
    private let ties = Folders.recipes + "/ties.lua"

    /// TIES of one expert is trimming: the largest half of a stack's delta, of the whole stack or of each slice.
    @Test(arguments: ["whole", "apart"])
    func aStackIsOneLinearOrOneForEachExpert(stacks: String) throws {
        let scratch = try Scratch()
        let base = (0..<12).map { Float($0) }
        let delta: [Float] = [1, 2, 3, 4, 5, 6, 101, 102, 103, 104, 105, 106]
        try EdgeCaseTests.write(scratch, "base", [(stack, [2, 2, 3], base)])
        try EdgeCaseTests.write(scratch, "tuned", [(stack, [2, 2, 3], zip(base, delta).map(+))])
        let options = [
            "base": scratch.path + "/base", "experts": scratch.path + "/tuned", "density": "0.5", "stacks": stacks,
        ]
        let model = try run(ties, options, in: scratch).model
        let kept = stacks == "whole" ? Set(6..<12) : [3, 4, 5, 9, 10, 11]
        #expect(model.floats(stack) == base.indices.map { base[$0] + (kept.contains($0) ? delta[$0] : 0) })
        #expect(model.tensors.count == 1 && model.tensors[stack]?.shape == [2, 2, 3])
    }

    @Test func aPartOfAStackIsNotWritten() throws {
        let scratch = try Scratch()
        try EdgeCaseTests.write(scratch, "base", [(stack, [2, 2, 3], (0..<12).map { Float($0) })])
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local base = dppa.family { base = "base", experts = { "other=base" }, stacks = "apart" }
            base:select "*.0.down_proj.weight":save("half", { partial = true })
            """, "recipe.lua")
        let error = #expect(throws: DPPAError.self) { _ = try RecipeRun(recipe).run(.init(out: scratch.path + "/out")) }
        #expect(error?.message == "\(stack) is one tensor of 2 matrices, and the result has 1 of them")
    }

    /// Equal shapes that mean something else are refused before anything is written, unless the person knows better.
    @Test(arguments: ["task_arithmetic", "average", "dp"])
    func otherHeadsAreAnotherModel(recipe: String) throws {
        let scratch = try Scratch()
        for (label, heads) in [("base", 4), ("tuned", 8)] {
            try EdgeCaseTests.write(scratch, label, [("model.layers.0.mlp.up_proj.weight", [1, 2], [5, 6])])
            _ = try scratch.write(
                #"{"hidden_size": 32, "num_attention_heads": \#(heads), "rope_theta": \#(heads)e3}"#,
                label + "/config.json")
            _ = try scratch.write(#"{"model": {"vocab": {"\#(label)": 0}}}"#, label + "/tokenizer.json")
        }
        var options = ["base": scratch.path + "/base"]
        options[recipe == "dp" ? "expert" : "experts"] = scratch.path + "/tuned"
        if recipe == "average" { options = ["experts": scratch.path + "/base," + scratch.path + "/tuned"] }
        let path = "\(Folders.recipes)/\(recipe).lua"
        let error = #expect(throws: DPPAError.self) { _ = try run(path, options, in: scratch) }
        #expect(
            error?.message
                == "tuned: num_attention_heads is 8, in base 4: the same rows belong to other heads")
        #expect(error?.notes.contains { $0.contains("configs=warn") } == true)
        #expect(!FileManager.default.fileExists(atPath: scratch.path + "/out"))
        options["configs"] = "warn"
        let warnings = try run(path, options, in: scratch).outcome.warnings
        for words in ["num_attention_heads is 8", "rope_theta is 8000, in base 4000", "0 is 'tuned' and 'base'"] {
            #expect(warnings.contains { $0.hasPrefix("warning: tuned: ") && $0.contains(words) }, "\(warnings)")
        }
    }

    /// In whatever way a second model comes in: as an expert, before anything else is done; fitted by hand; as the config of a save.
    @Test(arguments: [
        "dppa.family { base = \"base\", experts = { \"tuned\" } } error(\"too late\")",
        "local base = dppa.model \"base\" dppa.model(\"tuned\", { like = base }) error(\"too late\")",
        "local base = dppa.model \"base\" base:save(\"m\", { config = dppa.model \"tuned\" })",
    ])
    func otherHeadsAreFoundWhereTheyComeIn(body: String) throws {
        let scratch = try Scratch()
        for (label, heads) in [("base", 4), ("tuned", 8)] {
            try EdgeCaseTests.write(scratch, label, [("model.layers.0.mlp.up_proj.weight", [1, 2], [5, 6])])
            _ = try scratch.write(#"{"hidden_size": 32, "num_attention_heads": \#(heads)}"#, label + "/config.json")
        }
        let recipe = try scratch.write("local dppa = require \"dppa.v1\"\n" + body, "recipe.lua")
        for isDry in [true, false] {
            let error = #expect(throws: DPPAError.self) {
                _ =
                    isDry
                    ? try RecipeRun(recipe).trace(.init(out: scratch.path + "/out"), isDry: true).warnings
                    : try RecipeRun(recipe).run(.init(out: scratch.path + "/out")).warnings
            }
            #expect(error?.message == "tuned: num_attention_heads is 8, in base 4: the same rows belong to other heads")
            #expect(error?.location?.line == 2)
        }
    }

    /// What is done is told by `check` and by the run alike, is in the card, and can be refused.
    @Test func eachStepIsALine() throws {
        let scratch = try Scratch()
        let names = ["model.embed_tokens.weight", "model.layers.0.mlp.up_proj.weight"]
        try EdgeCaseTests.write(scratch, "base", [(names[0], [2, 2], [1, 2, 3, 4]), (names[1], [1, 2], [5, 6])])
        try EdgeCaseTests.write(
            scratch, "tuned",
            [("text_model." + names[0], [3, 2], [2, 2, 3, 4, 9, 9]), ("text_model." + names[1], [1, 2], [5, 7])])
        let options = ["base": scratch.path + "/base", "experts": scratch.path + "/tuned"]
        let recipe = Folders.recipes + "/task_arithmetic.lua"
        var request = RecipeRun.Request(out: scratch.path + "/out")
        request.options = options
        let lines = [
            "note: tuned: 2 names matched, 'text_model.' to nothing",
            "warning: tuned: the last rows of \(names[0]) (3 rows, 2 in base) left out",
        ]
        let planned = try RecipePlan(RecipeRun(recipe).trace(request, isDry: true), dtype: nil).warnings
        let outcome = try run(recipe, options, in: scratch).outcome
        let card = try String(contentsOfFile: scratch.path + "/out/README.md", encoding: .utf8)
        for line in lines {
            #expect(planned.contains(line) && outcome.warnings.contains(line) && card.contains(line), "\(planned)")
        }
        for (step, word) in [
            ("names", "fitting names is refused"), ("rows", "fitting rows is refused"), ("nmaes", "nmaes"),
        ] {
            let error = #expect(throws: DPPAError.self) {
                _ = try run(recipe, options.merging(["refuse": step]) { $1 }, in: scratch)
            }
            #expect(
                ([error?.message ?? ""] + (error?.notes ?? [])).contains { $0.contains(word) },
                "\(String(describing: error))")
        }
    }

    @Test(arguments: [
        ("{ like = base, rows = \"base\" }", "rows"), ("{ refuse = { \"rows\" } }", "like = base"),
        ("{ like = base, missing = \"all\" }", "'missing' must be \"parts\" or \"base\""),
        ("{ like = base, names = { [\"x.*\"] = \"y.*\" } }", "matches no tensor"),
        ("{ like = base, names = { 3 } }", "names"), ("{ like = base - base }", "must be a model that was opened"),
    ])
    func optionsThatDoNothingAreErrors(options: String, words: String) throws {
        let scratch = try Scratch()
        try EdgeCaseTests.write(scratch, "base", [("model.layers.0.mlp.up_proj.weight", [1, 2], [5, 6])])
        let recipe = try scratch.write(
            "local dppa = require \"dppa.v1\"\nlocal base = dppa.model \"base\"\nreturn dppa.model(\"b=base\", \(options))\n",
            "recipe.lua")
        let error = #expect(throws: DPPAError.self) { _ = try RecipeRun(recipe).run(.init(out: scratch.path + "/out")) }
        #expect(
            ([error?.message ?? ""] + (error?.notes ?? [])).contains { $0.contains(words) },
            "\(String(describing: error))")
        #expect(error?.location?.line == 3)
    }
}
