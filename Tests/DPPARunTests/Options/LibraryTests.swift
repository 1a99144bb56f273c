import DPPA
import DPPAScript
import Foundation
import Testing

/// What the library's methods tell: which candidate a model is, joint objectives, warnings that are none, a method of one's own.
@Suite struct LibraryTests {
    private func ran(_ body: String) throws -> RecipeOutcome {
        let scratch = try Scratch()
        let recipe = try scratch.write(MethodCallTests.preamble + body, "recipe.lua")
        return try run(recipe, in: scratch) { $0.modelRoots = [Folders.recipes] }.outcome
    }

    /// The authors' rule ends on factors that are worse than the best: the table says which the model has.
    @Test(arguments: [
        ("take = \"rule\"", [1.8, 1.0], -1.0), ("take = \"best\"", [1.8, 0.0], 0.0),
        ("take = \"rule\", budget = 1", [1.8, 0.0], 0.0),
    ])
    func theTakenCandidateIsTold(options: String, factors: [Double], value: Double) throws {
        // Worse with every step; with a budget of 1 the rule would end where it has not looked.
        let outcome = try ran(
            """
            local found = search {
              strategy = "greedy", parameters = { { name = "factor", start = { 1.8, 0 }, step = 0.1 } }, \(options),
              candidate = function(p) return p.factor end,
              maximize = function(list)
                local values = {}
                for i, f in ipairs(list) do values[i] = -math.abs(f[1] - 1.8) - f[2] end
                return values
              end,
            }
            local f = found.parameters.factor
            local rows = { { found.taken.value, found.best.value, f[1], f[2] } }
            dppa.report { name = "end", columns = { "taken", "best", "f", "g" }, rows = rows }
            return base
            """)
        let search = try #require(outcome.tables.first { $0.name == "search" })
        let (mark, objective) = (
            try #require(search.columns.firstIndex(of: "taken")),
            try #require(search.columns.firstIndex(of: "objective"))
        )
        let taken = search.rows.filter { $0[mark].text == "taken" }
        #expect(taken.count == 1)
        func number(_ cell: ReportTable.Cell?) -> Double {
            if case .number(let number)? = cell { number } else { .nan }
        }
        #expect(taken.first?.prefix(2).map { number($0) } == factors)
        #expect(abs(number(taken.first?[objective]) - value) < 1e-9)
        let end = outcome.tables.first { $0.name == "end" }?.rows.first?.map { number($0) } ?? []
        #expect(end.count == 4 && abs(end[0] - value) < 1e-9 && Array(end.suffix(2)) == factors)
    }

    @Test func aJointObjectiveIsTheGeometricMeanOfEach() throws {
        let outcome = try ran(
            """
            local objective = require "dppa.objective"
            local tasks = { "zoo/search/math.jsonl", "zoo/search/law.jsonl" }
            local one, other, both = objective(a, tasks[1]), objective(b, tasks[2]), objective({ a, b }, tasks)
            local value, scores = both(base)
            local list = both { base, a }
            local x, y = one(base), other(base)
            dppa.report {
              name = "o", columns = { "both", "right", "list", "math", "law" },
              rows = { { value, x ^ (1 / 2) * y ^ (1 / 2), list[1], scores.math.value, scores.law.value } },
            }
            return base
            """)
        let row = (outcome.tables.first?.rows.first ?? []).compactMap {
            if case .number(let number) = $0 { number } else { nil }
        }
        try #require(row.count == 5)
        #expect(row[0] == row[1] && row[0] == row[2] && row[0] > 0 && row[3] > 0 && row[4] > 0)
    }

    @Test(arguments: [
        "method=owl", "method=owl,scaling=min_max", "level=layer", "level=linear", "method=magnitude", "method=uniform",
        "compat=reference",
        "compat=reference,method=owl", "compat=reference,level=linear", "rest=magnitude", "rest=drop",
    ])
    func noMaskOfDPIsSaidToBeUnused(options: String) throws {
        var request = RecipeRun.Request(out: "unused")
        for pair in options.split(separator: ",").map({ $0.split(separator: "=").map(String.init) }) {
            request.options[pair[0]] = pair[1]
        }
        let trace = try RecipeRun(Folders.recipes + "/dp.lua").trace(request, isDry: true)
        #expect(trace.warnings == [] && trace.stop == nil)
    }

    @Test(arguments: [("-2.8e-17", 0), ("-1e-9", 1), ("1 + 2.3e-16", 0), ("1 + 1e-9", 1)])
    func noiseIsNoClamp(value: String, warnings: Int) throws {
        let outcome = try ran(
            "dppa.clamp(0 * dppa.numel(base, \"model\") + (\(value)), 0, 1):named \"share\"\nreturn base")
        #expect(outcome.warnings.count { $0.contains("was clamped") } == warnings)
    }

    /// A model of convolutions: DP reaches one tensor of three.
    @Test func dpSaysHowMuchOfTheDeltaIsEligible() throws {
        let scratch = try Scratch()
        func tensors(_ scale: Float) -> [(name: String, shape: [Int], values: [Float])] {
            [
                ("model.layers.0.conv.weight", [8, 4, 3, 3], (0..<288).map { Float($0) * scale }),
                ("model.layers.0.mlp.up_proj.weight", [4, 3], (0..<12).map { Float($0) * scale }),
                ("model.layers.0.norm.weight", [4], [1, 2, 3, 4].map { $0 * scale }),
            ]
        }
        try EdgeCaseTests.write(scratch, "base", tensors(1))
        try EdgeCaseTests.write(scratch, "tuned", tensors(1.5))
        let result = try CommandLineTests().dppaRun([
            "run", Folders.recipes + "/dp.lua", "--out", scratch.path + "/out", "--set", "base=\(scratch.path)/base",
            "--set",
            "expert=\(scratch.path)/tuned",
        ])
        #expect(result.code == 0, "\(result.errors)")
        let text = result.output + result.errors
        #expect(text.contains("1 of 3 tensors, 3.9 % of the delta's elements"), "\(text)")
    }

    /// What ships has no more than a recipe's own module has: declaration, defaults, checks, options of the recipe.
    @Test func aMethodOfOnesOwnIsLikeThoseThatShip() throws {
        let scratch = try Scratch()
        _ = try scratch.write(
            """
            local dppa = require "dppa.v1"
            return dppa.method {
              name = "keep", summary = "Keeps a share.",
              arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
              options = { { name = "share", default = 0.25, min = 0, max = 1, per = "expert", help = "to keep" } },
              run = function(base, deltas, o)
                local sum = base
                for i, delta in ipairs(deltas) do
                  sum = sum + dppa.where(dppa.top(dppa.abs(delta), o.share[i], "tensor"), delta, 0)
                end
                return sum
              end,
            }
            """, "lib/keep.lua")
        let body = """
            local keep = require "keep"
            return keep(base, { a, b }, CALL)
            """
        let right = try MethodCallTests.trace(
            body.replacing("CALL", with: "dppa.options(keep)"), options: ["share": "0.1,0.3"], in: scratch)
        #expect(right.error == nil && right.trace?.session.options.taken.map(\.value.shown) == ["0.1,0.3"])
        let wrong = try MethodCallTests.trace(body.replacing("CALL", with: "{ shre = 1 }"), in: scratch).error
        #expect(wrong?.message == "keep has no option 'shre'; did you mean 'share'?")
        #expect(wrong?.location?.line == 6 && wrong?.location?.column == "return keep(base, { a, b }, { ".count + 1)
        let set = try MethodCallTests.trace(
            body.replacing("CALL", with: "dppa.options(keep)"), options: ["share": "7"], in: scratch
        ).error
        #expect(set?.code == .usage && set?.message.contains("must be from 0 to 1; it is 7") == true)
    }

    @Test(arguments: MergeMethods.all.filter { $0 != "passthrough" })
    func aGrownVocabularyIsCutWhereTheRecipeIsTold(method: String) throws {
        let scratch = try Scratch()
        let (embedding, matrix) = ("model.embed_tokens.weight", "model.layers.0.mlp.up_proj.weight")
        try EdgeCaseTests.write(
            scratch, "base", [(embedding, [2, 3], [1, 2, 3, 4, 5, 6]), (matrix, [1, 3], [1, 1, 1])])
        try EdgeCaseTests.write(
            scratch, "grown", [(embedding, [3, 3], [2, 3, 4, 5, 6, 7, 8, 9, 9]), (matrix, [1, 3], [2, 3, 4])])
        let both = [scratch.path + "/base", scratch.path + "/grown"]
        let isOfModels = ["average", "karcher"].contains(method)
        var options = MergeMethods.models(method, base: both[0], experts: isOfModels ? both : both.reversed())
        options["refuse"] = "rows"
        #expect(throws: DPPAError.self) { _ = try run("\(Folders.recipes)/\(method).lua", options, in: scratch) }
        options["refuse"] = nil
        let model = try run("\(Folders.recipes)/\(method).lua", options, in: scratch).model
        #expect(model.tensors[embedding]?.shape == [2, 3])
    }

    @Test func helpShowsDeclarationsAndTopics() throws {
        let ties = try #require(try Reference.help("dppa.ties"))
        for part in [
            "ties(base, experts, [options])        require \"dppa.ties\"", "  base     a model\n",
            "  density    share of a delta to keep (from 0 to 1; default 0.2; of mergekit 1; per expert and tensor)\n",
            "  rescale    make up for what was dropped (none, inverse, l1, l2; default none)\n",
            "  normalize  divide by the weights that agree (true or false; default true)\n",
            "example   ties(base, { a, b }", "arXiv 2306.01708",
        ] { #expect(ties.contains(part), "\(part)\n\(ties)") }
        let prune = try Reference.help("dp.prune")
        #expect(prune?.contains("dp.prune(delta, [options])") == true)
        for (name, method) in [("linear", "average"), ("dare_linear", "dare")] {
            let page = try #require(try Reference.help(name))
            #expect(page.contains("require \"dppa.\(method)\"") && page.contains("elsewhere \(name)\n"))
        }
        for topic in Reference.topics + ["+", "~", "row", "exit", "per-expert"] {
            #expect(try Reference.help(topic) != nil, "\(topic)")
        }
        let stubs = try Stub.files
        let stub = stubs.first { $0.file == "dppa.ties.d.lua" }?.text ?? ""
        #expect(stub.contains("---@field density? dppa.PerExpert share of a delta to keep"))
        #expect(stub.contains("---@field rescale? \"none\"|\"inverse\"|\"l1\"|\"l2\""))
        #expect(stub.contains("---@param options? dppa.ties.Options\n"))
        let recipe = try RecipeRun(Folders.recipes + "/ties.lua").trace(.init(out: "unused"), isDry: true)
        let lines = RecipeHelp(recipe).lines
        #expect(lines.contains("  base             the model all experts come from (default zoo/base)"))
        // A method's own options come before those of fitting, which every recipe has.
        let places = ["  base ", "  density ", "  rescale ", "how the models are fitted", "  rows ", "  refuse "].map {
            start in
            lines.firstIndex { $0.hasPrefix(start) }
        }
        #expect(!places.contains(nil) && places.compactMap(\.self) == places.compactMap(\.self).sorted(), "\(lines)")
    }

    /// Every example of a shipped method runs, after what it takes for granted.
    @Test func everyExampleOfTheModulesRuns() throws {
        let scratch = try Scratch()
        for task in ["math", "law"] {
            try FileManager.default.copyItem(
                atPath: Folders.recipes + "/zoo/search/\(task).jsonl", toPath: scratch.path + "/\(task).jsonl")
        }
        for method in try LibraryMethods.all().values.flatMap({ $0 }) {
            let start = """
                local abs, top, where, math, law, expert = dppa.abs, dppa.top, dppa.where, a, b, b
                local delta, rule = expert - base, function(x) return x end
                local amplify = dpa(delta)

                """
            let isStatement = method.example.hasPrefix("local ")
            let body = start + (isStatement ? method.example : "local _ = " + method.example) + "\nreturn base"
            let (trace, error) = try MethodCallTests.trace(body, in: scratch)
            #expect(error == nil && trace != nil, "\(method.example): \(error?.message ?? "")")
        }
    }
}
