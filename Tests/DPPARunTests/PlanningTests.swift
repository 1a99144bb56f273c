import DPPA
import DPPAScript
import Foundation
import Testing

/// Commands that look before they leap: check, plan, measure, try, diff, help, new.
@Suite struct PlanningTests {
    private let program = CommandLineTests()
    private let recipes = Folders.recipes

    private func object(_ path: String) throws -> [String: Any] {
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    @Test func checkTellsWhatIsKnownAndWarnsOfSilentTraps() throws {
        let good = try program.dppaRun(["check", recipes + "/ties.lua", "--set", "density=0.3"])
        #expect(good.code == 0 && good.errors.isEmpty)
        #expect(
            good.output.contains("model     law: llama, 2.46 M elements in 57 tensors; BF16; ")
                && good.output.contains("density=0.3"))
        let scratch = try Scratch()
        let trap = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local base, law = dppa.model "zoo/base", dppa.model "zoo/law"
            local mask = dppa.abs(law - base):gt(0.01)
            return base + (mask and law - base or 0)
            """, "trap.lua")
        let warned = try program.dppaRun(["check", trap, "--models", recipes])
        #expect(warned.code == 0 && warned.errors.contains("trap.lua:3: warning: no result depends on the mask"))
        let silent = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local abs = dppa.abs
            local base, law = dppa.model "zoo/base", dppa.model "zoo/law"
            local delta = dppa.as_delta(dppa.weights(law) - dppa.weights(base))
            local size = abs(delta)
            local mask = size:gt(0.01)
            if mask then delta = 2 * delta end
            local share = dppa.mean(mask, "model"):value()
            if size == 0 or share == 0 then error "nothing" end
            local depth = dppa.per_tensor(delta, function(t) return t.layer == 0 and 1 or 0.5 end)
            return base + depth * delta
            """, "silent.lua")
        let traps = try program.dppaRun(["check", silent, "--models", recipes]).errors
        #expect(traps.contains("silent.lua:7: warning: `if mask` sees every field as true"))
        #expect(traps.contains("silent.lua:9: warning: Lua decides `size == 0` once"))
        #expect(traps.split(separator: "\n").count { $0.contains("warning") } == 2, "\(traps)")
        for recipe in MergeMethods.all + [
            "dp", "dppa", "mixture_of_experts", "my_rule", "dppa_minimal", "lora", "search",
        ] {
            #expect(try program.dppaRun(["check", "\(recipes)/\(recipe).lua"]).errors.isEmpty)
        }
        // What a shipped method makes and does not need is no mistake of the recipe.
        for option in ["method=owl", "level=layer", "level=linear"] {
            #expect(try program.dppaRun(["check", recipes + "/dp.lua", "--set", option]).errors.isEmpty)
        }
        let unknown = try program.dppaRun(["check", recipes + "/ties.lua", "--set", "densty=0.3"])
        #expect(unknown.code == 64 && unknown.errors.contains("did you mean 'density'?"))
    }

    /// Shipped recipes whose course does not depend on a measured value, with options.
    static let planned: [(recipe: String, options: [String: String])] = [
        ("average", [:]), ("task_arithmetic", [:]), ("ties", [:]), ("ties", ["rescale": "l1"]), ("dare", [:]),
        ("dare", ["rescale": "l1"]), ("slerp", [:]), ("dp", [:]), ("dp", ["method": "owl"]),
        ("dp", ["method": "magnitude", "rest": "magnitude"]), ("dp", ["method": "uniform", "rest": "drop"]),
        ("dp", ["compat": "reference"]), ("breadcrumbs_ties", [:]), ("della", ["rescale": "l1"]),
        ("karcher", [:]), ("model_stock", ["scope": "row"]), ("multislerp", [:]), ("nuslerp", ["scope": "column"]),
        ("ramplus_tl", [:]), ("sce", ["select_topk": "0.5"]),
    ]

    @Test(arguments: planned.indices) func thePlanOfARunIsWhatTheRunDoes(_ number: Int) throws {
        let (recipe, options) = Self.planned[number]
        let scratch = try Scratch()
        let file = "\(recipes)/\(recipe).lua"
        var request = RecipeRun.Request(out: scratch.path + "/out")
        request.options = options
        let trace = try RecipeRun(file).trace(request, isDry: true)
        let plan = try RecipePlan(trace, dtype: nil).engine
        var engine = EngineOptions(threads: 2)
        engine.verifiesPrograms = true
        let done = try run(file, options, engine: engine, in: scratch).outcome.report
        #expect(plan.epochs == done.epochs && plan.passes.count == done.passes)
        #expect(plan.bytesWritten == done.bytesWritten && plan.bytesWritten > 4_000_000)
        #expect(plan.diskBytes == done.diskBytes && plan.cacheBytes == done.cacheBytes)
        // What is read again may be in memory still, and samples are read besides.
        #expect(done.bytesRead >= plan.diskBytes && done.bytesRead <= (plan.diskBytes + plan.cacheBytes) * 5 / 4)
    }

    @Test func aRecipeThatLooksIsPlannedUpToThatLine() throws {
        let result = try program.dppaRun(["plan", recipes + "/dppa.lua"])
        #expect(result.code == 0 && result.output.hasPrefix("planned up to line "))
        #expect(result.output.contains("“math layer outliers %”"))
    }

    @Test func formulasComeBackAsMaths() throws {
        let scratch = try Scratch()
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local base, law = dppa.model "zoo/base", dppa.model "zoo/law"
            local delta = law - base
            dppa.mean(dppa.abs(delta), "tensor"):named "size"
            return base + dppa.where(dppa.abs(delta):gt(2 * dppa.mean(dppa.abs(delta), "tensor")), delta, 0)
            """, "maths.lua")
        let result = try program.dppaRun(["plan", recipe, "--models", recipes])
        #expect(result.output.contains("  v1 = law - base\n  v2 = abs(v1)\n  size = mean(v2, 'tensor')\n"))
        #expect(result.output.contains("  model = base + where(v2:gt(2 * size), v1, 0)\n"))
    }

    @Test func measureGivesWhatTheRunReportsAndWritesNoModel() throws {
        let scratch = try Scratch()
        let (measured, report) = (scratch.path + "/measure.json", scratch.path + "/run.json")
        let result = try program.dppaRun(["measure", recipes + "/dp.lua", "--quiet", "--json", measured])
        #expect(result.code == 0 && result.output.contains("█"))
        #expect(
            try program.dppaRun(["run", recipes + "/dp.lua", "--quiet", "--out", scratch.path + "/o", "--json", report])
                .code == 0)
        let (a, b) = (try object(measured)["named"] as? NSDictionary, try object(report)["named"] as? NSDictionary)
        #expect(a != nil && a == b)
        let none = try program.dppaRun(["measure", recipes + "/ties.lua"])
        #expect(none.code == 65 && none.errors.contains("names no values"))
    }

    @Test func tryShowsAFewTensorsAsDiffShowsThemAll() throws {
        let scratch = try Scratch()
        let out = scratch.path + "/out"
        let tried = try program.dppaRun([
            "try", recipes + "/dp.lua", "--tensors", "*.layers.3.mlp.*", "--dtype", "bf16",
        ])
        #expect(
            tried.code == 0 && tried.output.split(separator: "\n").count { $0.contains("  model.layers.3.mlp.") } >= 3)
        #expect(try program.dppaRun(["run", recipes + "/dp.lua", "--quiet", "--out", out]).code == 0)
        let json = scratch.path + "/diff.json"
        #expect(try program.dppaRun(["diff", recipes + "/zoo/base", out, "--tensors", "--json", json]).code == 0)
        let all = try object(json)
        let measured = try object(json)["tensors"] as? [[String: Any]]
        // A naive comparison of one tensor.
        let (base, new) = (try Written(recipes + "/zoo/base"), try Written(out))
        let name = "model.layers.3.mlp.up_proj.weight"
        let (a, b) = (base.floats(name).map(Double.init), new.floats(name).map(Double.init))
        let square = zip(a, b).reduce(0) { $0 + ($1.1 - $1.0) * ($1.1 - $1.0) }
        let norm = a.reduce(0) { $0 + $1 * $1 }
        let product = zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
        let entry = measured?.first { $0["name"] as? String == name }
        func number(_ key: String) -> Double { entry?[key] as? Double ?? .nan }
        #expect(abs(number("relative_norm") - (square / norm).squareRoot()) < 1e-9)
        #expect(abs(number("cosine") - product / (norm * b.reduce(0) { $0 + $1 * $1 }).squareRoot()) < 1e-9)
        #expect(number("changed") == Double(zip(a, b).count { $0 != $1 }) / Double(a.count))
        #expect(number("largest") == zip(a, b).map { abs($1 - $0) }.max())
        #expect((all["layers"] as? [Any])?.count == 6)
        let same = try program.dppaRun(["diff", out, out])
        #expect(same.output.contains("0   1.00000     0.00 %"))
        #expect(try program.dppaRun(["try", recipes + "/dp.lua", "--tensors", "nothing*"]).code == 65)
    }

    @Test func helpKnowsNamesCommandsAndRecipes() throws {
        #expect(try program.dppaRun(["help", "top"]).output.hasPrefix("dppa.top(x, fraction, scope)"))
        #expect(try program.dppaRun(["help", "dppa.search"]).output.contains("strategy"))
        #expect(try program.dppaRun(["help", "run"]).output.contains("--shard-size"))
        let recipe = try program.dppaRun(["help", recipes + "/ties.lua"]).output
        #expect(
            recipe.contains(
                "  density          share of a delta to keep (from 0 to 1; default 0.2; of mergekit 1; per expert and tensor)"
            ))
        let unknown = try program.dppaRun(["help", "tpo"])
        #expect(unknown.code == 64 && unknown.errors.contains("did you mean 'top'?"))
    }

    @Test func newWritesARecipeThatRunsAndReplacesNothing() throws {
        let scratch = try Scratch()
        let file = scratch.path + "/mine.lua"
        #expect(try program.dppaRun(["new", scratch.path + "/mine"]).code == 0)
        let zoo = recipes + "/zoo"
        let options = ["--set", "base=\(zoo)/base", "--set", "experts=\(zoo)/math,\(zoo)/law"]
        #expect(try program.dppaRun(["check", file] + options).code == 0)
        #expect(try program.dppaRun(["run", file, "--quiet", "--out", scratch.path + "/out"] + options).code == 0)
        // Its models are not there yet; what it declares before them is told all the same.
        let help = try program.dppaRun(["help", file])
        #expect(help.code == 0 && help.output.contains("  base             the model all experts come from"))
        let again = try program.dppaRun(["new", file])
        #expect(again.code == 73 && again.errors.contains("exists"))
    }
}
