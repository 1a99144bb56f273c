import DPPA
import DPPAScript
import Foundation
import Testing

/// Infinities and NaNs: what they come from, and who is told.
@Suite struct NonFiniteTests {
    private func error(_ text: String, _ scratch: Scratch, dtype: DType? = nil) throws -> DPPAError? {
        try EdgeCaseTests.error(text, scratch, dtype: dtype)
    }

    @Test func aDivisionByZeroNamesTensorIndexOperationAndLine() throws {
        let scratch = try Scratch()
        try EdgeCaseTests.write(scratch, "base", [("a.weight", [2, 3], [1, 2, 3, 4, 0, 6])])
        let found = try error("local b = dppa.model \"base\"\nreturn dppa.as_model(1 / dppa.weights(b), b)", scratch)
        #expect(found?.code == .data)
        #expect(found?.message.contains("a.weight[1, 1]") == true && found?.message.contains("1 / ") == true)
        #expect(found?.location?.line == 3)
        #expect(!FileManager.default.fileExists(atPath: scratch.path + "/out"))
    }

    @Test func aDivisionByAnOptionThatIsZeroSaysSo() throws {
        let scratch = try Scratch()
        try EdgeCaseTests.write(scratch, "base", [("a.weight", [2, 2], [1, 2, 3, 4])])
        let found = try error(
            "local b = dppa.model \"base\"\nreturn dppa.as_model(0 * dppa.weights(b) / (1 - 1), b)", scratch)
        #expect(found?.message.contains("a.weight[0, 0]") == true && found?.message.contains("divides by 0") == true)
        #expect(found?.message.contains("gives NaN") == true && found?.location?.line == 3)
    }

    /// Weights that the run measures: where they cancel but for rounding the tensor and the weights are named.
    @Test(arguments: [
        "require \"dppa.average\"({ a, b }, { weights = { n, -n * (1 + 1e-7) } })",
        "require \"dppa.task_arithmetic\"(a, { a, b }, { weights = { n, -n * (1 + 1e-7) }, normalize = true })",
        "require \"dppa.average\"({ a, b }, { weights = { w, -w } })",
    ])
    func measuredWeightsThatCancelAreRefused(_ call: String) throws {
        let scratch = try Scratch()
        for (name, values) in [("a", [3, 4, 0, 0]), ("b", [1, 2, 2, 5])] as [(String, [Float])] {
            try EdgeCaseTests.write(scratch, name, [("one.weight", [2, 2], values), ("two.weight", [2, 2], values)])
        }
        let head = """
            local a, b = dppa.model "a", dppa.model "b"
            local w = dppa.abs(dppa.weights(a)) + 1
            local n = dppa.norm(dppa.weights(a), "tensor")

            """
        let found = try error(head + "return " + call, scratch)
        #expect(found?.code == .data && found?.location?.line == 5, "\(String(describing: found))")
        #expect(found?.notes == ["the result is divided by their sum"])
        let weights = call.contains("w, -w") ? "`abs(weights(a)) + 1`, `-(abs(weights(a)) + 1)`" : "5, -5.0000005"
        #expect(found?.message == "one.weight[0, 0]: the weights \(weights) add up to nothing there")
        #expect(!FileManager.default.fileExists(atPath: scratch.path + "/out"))
        // A ten-thousandth is no rounding.
        #expect(
            try error(head + "return " + call.replacing("1e-7", with: "1e-4").replacing("-w", with: "-w / 2"), scratch)
                == nil)
    }

    @Test func aNaNFromValueNamesTheModelThatHasIt() throws {
        let scratch = try Scratch()
        try EdgeCaseTests.write(scratch, "healthy", [("a.weight", [2, 2], [1, 2, 3, 4])])
        try EdgeCaseTests.write(scratch, "sick", [("a.weight", [2, 2], [1, .nan, 3, 4])])
        let text = """
            local a, s = dppa.model "healthy", dppa.model "sick"
            local n = dppa.mean(s - a, "model"):value()
            return a + n * (s - a)
            """
        let found = try error(text, scratch)
        #expect(found?.message.contains("must be finite; this one is nan") == true && found?.location?.line == 4)
        #expect(
            found?.notes == ["value() on line 3 gave nan: sick has 1 infinite or NaN element, for example in a.weight"],
            "\(found?.notes ?? [])")
        let healthy = text.replacing("\"sick\"", with: "\"healthy\", { label = \"s\" }")
        let own = healthy.replacing("dppa.mean(s - a, \"model\")", with: "(0 / dppa.sum(s - a, \"model\"))")
        let empty = try error(own, scratch)
        #expect(
            empty?.notes.last?.contains("every element that was read is finite, but `") == true, "\(empty?.notes ?? [])"
        )
    }

    /// One NaN in one of two models spoils the cosine of its tensor; the model that has it is named, the other is not.
    @Test(arguments: ["slerp", "norm", "row", "column", "model", "layer"])
    func aNaNBehindACoarseValueIsBlamedOnTheModelThatHasIt(_ how: String) throws {
        let scratch = try Scratch()
        let name = "model.layers.1.mlp.up_proj.weight"
        func tensors(_ broken: Int?) -> [(name: String, shape: [Int], values: [Float])] {
            (0..<2).map { layer in
                var values = (0..<12).map { Float(($0 * 7 + layer) % 5) - 1.5 }
                if let broken, layer == 1 { values[broken] = .nan }
                return ("model.layers.\(layer).mlp.up_proj.weight", [3, 4], values)
            }
        }
        try EdgeCaseTests.write(scratch, "healthy", tensors(nil))
        try EdgeCaseTests.write(scratch, "sick", tensors(6))
        let guarded = "local g = dppa.where(c:eq(c), c, 0)\n"
        let body = [
            "slerp": "return require \"dppa.slerp\"(a, s, { t = 0.5 })",
            "norm": guarded + "return a + dppa.as_delta(g / dppa.norm(c, \"tensor\"))",
            "row": guarded + "return a + dppa.as_delta(g * dppa.mean(c, \"row\"))",
            "column": guarded + "return a + dppa.as_delta(g * dppa.max(c, \"column\"))",
            "layer": guarded + "return a + dppa.as_delta(g * dppa.sum(c, \"layer\"))",
            "model": guarded + "return a + dppa.as_delta(g * dppa.mean(dppa.norm(c, \"tensor\"), \"model\"))",
        ]
        let found = try error(
            "local a, s = dppa.model \"healthy\", dppa.model \"sick\"\nlocal c = dppa.weights(s)\n" + (body[how] ?? ""),
            scratch)
        let text = try #require(found?.message)
        #expect(found?.code == .data && found?.location == nil)
        #expect(text.hasPrefix("sick has 1 infinite or NaN element in \(name), so `"), "\(text)")
        #expect(!text.contains("healthy has") && found?.notes.allSatisfy { !$0.contains("healthy") } == true)
        #expect(found?.notes.last?.contains("sick is \(scratch.path)/sick") == true)
    }

    @Test func aCoarseValueThatIsNotFiniteByItselfIsBlamedOnTheRecipe() throws {
        let scratch = try Scratch()
        try EdgeCaseTests.write(scratch, "base", [("a.weight", [2, 2], [1, 2, 3, 4]), ("b.weight", [2], [0, 0])])
        let found = try error(
            """
            local b = dppa.model "base"
            local scale = 1 / dppa.norm(dppa.weights(b), "tensor")
            return dppa.as_model(scale * (dppa.weights(b) + 1), b)
            """, scratch)
        #expect(found?.message.contains("`1 / norm(weights(base), 'tensor')` is infinity for b.weight") == true)
        #expect(found?.location?.line == 3)
    }

    @Test func aMeasuredValueThatIsNotFiniteIsExplained() throws {
        let scratch = try Scratch()
        try EdgeCaseTests.write(scratch, "base", [("a.weight", [2], [1, .nan]), ("b.weight", [1], [1])])
        let recipe = try scratch.write(
            "local dppa = require \"dppa.v1\"\nlocal b = dppa.model \"base\"\n"
                + "dppa.mean(dppa.weights(b), \"tensor\"):named \"mean\"\nreturn b", "recipe.lua")
        let request = RecipeRun.Request(out: scratch.path + "/out")
        let trace = try RecipeRun(recipe).trace(request)
        let outcome = try RecipeMeasurement(trace, recipe: recipe, dtype: nil, start: RunStart()).outcome
        #expect(outcome.warnings.contains { $0.contains("base has 1 infinite or NaN") && $0.contains("in a.weight") })
    }

    @Test func severalOutputsCountTheirInputsOnce() throws {
        let scratch = try Scratch()
        try EdgeCaseTests.write(
            scratch, "bad", [("a.weight", [4], [.nan, 5, .infinity, 4]), ("b.weight", [1], [.nan])])
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local b = dppa.model "bad"
            local w = dppa.weights(b)
            local cured = dppa.where(dppa.abs(w):lt(9), w, 0)
            dppa.as_model(cured * 2, b):save "twice"
            dppa.as_model(cured / (1 + dppa.max(cured, "tensor")), b):save "less"
            """, "recipe.lua")
        let result = try run(recipe, in: scratch)
        #expect(result.outcome.warnings.contains { $0.contains("bad has 3 infinite or NaN elements") })
    }

    @Test func aNumberTooLargeForTheOutputTypeIsAnError() throws {
        let scratch = try Scratch()
        try EdgeCaseTests.write(scratch, "base", [("a.weight", [2], [1, 70000])])
        let found = try error(
            "local b = dppa.model \"base\"\nreturn b + dppa.as_delta(dppa.weights(b))", scratch, dtype: .f16)
        #expect(found?.message.contains("a.weight[1]") == true && found?.message.contains("F16") == true)
    }

    @Test func nonFiniteInputsAreCountedAndWarnedOf() throws {
        let scratch = try Scratch()
        try EdgeCaseTests.write(scratch, "base", [("a.weight", [4], [1, 2, 3, 4])])
        try EdgeCaseTests.write(scratch, "bad", [("a.weight", [4], [.nan, 5, .infinity, 4])])
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local b = dppa.model "base"
            local d = dppa.model "bad" - b
            return b + dppa.where(dppa.top(d, 1, "tensor"), d, 0)
            """, "recipe.lua")
        let result = try run(recipe, in: scratch)
        #expect(result.model.floats("a.weight") == [1, 5, 3, 4])
        #expect(result.outcome.warnings.contains { $0.contains("bad has 2 infinite or NaN elements") })
    }
}
