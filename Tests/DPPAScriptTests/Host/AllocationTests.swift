import DPPA
import DPPAScript
import Testing

/// Recipes under memory that runs out at every possible moment.
@Suite struct AllocationTests {
    static let recipes = [
        """
        local dppa = require "dppa.v1"
        local rate = dppa.option { name = "rate", default = 0.5, min = 0, max = 1 }
        local list = dppa.option { name = "list", default = { 1, 2, 3 } }
        print(rate, #list, string.format("%5.2f", rate))
        """,
        """
        local dppa = require "dppa.v1"
        local x = dppa.tensors "side.safetensors"
        local half = dppa.group(function(t) return t.numel > 2 end)
        local y = dppa.mean(x, half) * dppa.per_tensor(x, function(t) return #t.shape end)
        return dppa.as_model(x:apply(function(part) return part * y end, { on = "*" }), x)
        """,
        """
        local helper = require "helper"
        local names = {}
        for name in pairs(helper) do names[#names + 1] = name end
        table.sort(names)
        error(helper.text .. table.concat(names, " "))
        """,
        """
        local dppa = require "dppa.v1"
        local x = dppa.tensors "side.safetensors"
        dppa.report { name = "table", columns = { "a", "b" }, rows = { { 1, "c" }, { 2, "d" } } }
        print(dppa.sum(x, "model"):value(), x, tostring(x))
        return x:slect "a"
        """,
    ]

    @Test(arguments: recipes, [true, false])
    func aRefusedAllocationIsAnErrorOrIsOvercome(_ text: String, _ isOnce: Bool) throws {
        let scratch = try RecipeFolder()
        try scratch.addSideTensor("side.safetensors")
        _ = try scratch.write("return { text = \"helper \", size = 1 }", "lib/helper.lua")
        let recipe = try scratch.write(text, "recipe.lua")
        let usual = scratch.error(recipe)?.message
        var refused: UInt64 = 0
        var failures = 0
        // Every one while the session opens, then a stride without a pattern in common with Lua's own growth.
        while refused < 20_000 {
            refused += refused < 300 ? 1 : 29
            let error = scratch.error(recipe) {
                $0.failAtAllocation = refused
                $0.failsOnce = isOnce
            }
            guard error?.message != usual else {
                if isOnce { continue }
                break
            }
            failures += 1
            #expect(error?.code == .limit || error?.code == .data, "\(refused): \(error?.message ?? "success")")
        }
        if !isOnce { #expect(failures > 300) }
        #expect(scratch.error(recipe)?.message == usual)
    }
}
