import DPPA
import DPPAScript
import Testing

/// The whole plan of a recipe that goes through every kind of stage, as text.
@Suite struct PlanTextTests {
    static let recipe = """
        local dppa = require "dppa.v1"
        local base, math = dppa.model "zoo/base", dppa.model "zoo/math"
        local delta = (math - base):linears()
        local size = dppa.abs(delta)
        local spread = dppa.mean(size, "layer") / dppa.mean(size, "model")
        local mask = dppa.top(size, dppa.clamp(0.1 * spread, 0, 1), "tensor")
        local large = size:gt(dppa.max(size, "column") / 8) & size:gt(dppa.mean(size, "row"))
        dppa.count(mask, "model"):named "kept"
        return base + dppa.where(mask & large, delta, 0)
        """

    static let golden = """
        v1 = (math - base):select(…)
        v2 = abs(v1)
        v3 = top(v2, clamp(0.1 * (mean(v2, 'layer') / mean(v2, 'model')), 0, 1), 'tensor')
        kept = count(v3, 'model')
        model = base + where(v3 & (v2:gt(max(v2, 'column') / 8) & v2:gt(mean(v2, 'row'))), v1, 0)
        epoch 0: sum of abs((math - base):select(…)); maximum by column of abs((math - base):select(…))
        epoch 1: order of abs((math - base):select(…))
        epoch 1: count of top(abs((math - base):select(…)), clamp(0.1 * (… / …), 0, 1), 'tensor'); write
        """

    @Test func thePlanIsAsEverBefore() throws {
        let scratch = try Scratch()
        var request = RecipeRun.Request(out: scratch.path + "/out")
        request.modelRoots = [Folders.recipes]
        let trace = try RecipeRun(scratch.write(Self.recipe, "stages.lua")).trace(request, isDry: true)
        let plan = try RecipePlan(trace, dtype: nil)
        let text =
            plan.formulas.map { "\($0.name) = \($0.formula)" }
            + plan.engine.passes.map { "epoch \($0.epoch): \($0.work.joined(separator: "; "))" }
        #expect(text.joined(separator: "\n") == Self.golden)
        // All of the base, and the linears of the expert.
        let base = try OpenModel(at: Folders.recipes + "/zoo/base", label: "base").tensors.map(\.facts)
        let linears = base.filter(\.isLinear).reduce(0) { $0 + 2 * $1.numel }
        let all = base.reduce(0) { $0 + 2 * $1.numel }
        #expect(plan.engine.bytesWritten == all && plan.engine.diskBytes == all + linears)
    }
}
