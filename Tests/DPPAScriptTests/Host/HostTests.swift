import DPPA
import DPPAScript
import Foundation
import Testing

/// Errors with their places, and the boundary under failing memory.
@Suite struct HostTests {
    @Test func aTypedErrorKeepsItsTypeAndGetsItsPlace() throws {
        let scratch = try RecipeFolder()
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local rate = dppa.option {
              name = "rate",
              defualt = 0.5,
            }
            """, "recipe.lua")
        let error = try #require(scratch.error(recipe))
        #expect(error.code == .data)
        #expect(error.message == "option has no option 'defualt'; did you mean 'default'?")
        #expect(error.location == DPPAError.Location(file: recipe, line: 4, column: 3, length: 7))
        let text = error.rendered(sources: [recipe: try String(contentsOfFile: recipe, encoding: .utf8)])
        #expect(
            text == """
                \(recipe):4:3: error: option has no option 'defualt'; did you mean 'default'?
                    4 |   defualt = 0.5,
                      |   ^~~~~~~
                note: options are name, default, min, max, help, choices
                """)
    }

    @Test func anErrorInAShippedModuleIsReportedWhereTheRecipeCallsIt() throws {
        let scratch = try RecipeFolder()
        let recipe = try scratch.write(
            """
            local ties = require "dppa.ties"

            return ties(1, { 2 }, { weights = { 1, 2, 3 } })
            """, "recipe.lua")
        let error = try #require(scratch.error(recipe))
        #expect(error.message.contains("1 experts have 3 weights"))
        #expect(error.location?.file == recipe && error.location?.line == 3)
    }

    @Test func syntaxErrorsHaveTheirLine() throws {
        let scratch = try RecipeFolder()
        let recipe = try scratch.write("local x = 1\nlocal = 2\n", "recipe.lua")
        let error = try #require(scratch.error(recipe))
        #expect(error.code == .data && error.location?.line == 2)
        #expect(error.message.contains("<name> expected"))
    }

    @Test func misspeltNamesAreUnderlined() throws {
        let scratch = try RecipeFolder()
        let recipe = try scratch.write("local dppa = require \"dppa.v1\"\nreturn dppa.clmap(1, 2, 3)\n", "recipe.lua")
        let error = try #require(scratch.error(recipe))
        #expect(error.message == "dppa has no 'clmap'; did you mean 'clamp'?")
        #expect(error.location == DPPAError.Location(file: recipe, line: 2, column: 13, length: 5))
    }

    @Test func capsAreLimits() throws {
        let scratch = try RecipeFolder()
        let recipe = try scratch.write("local n = 0\nwhile true do\n  n = n + 1\nend\n", "recipe.lua")
        let error = try #require(scratch.error(recipe) { $0.instructions = 100_000 })
        #expect(error.code == .limit)
        #expect((2...4).contains(error.location?.line ?? 0))
    }

    @Test func everyRefusedAllocationIsACleanError() throws {
        let scratch = try RecipeFolder()
        try scratch.addSideTensor("side.safetensors")
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local x = dppa.tensors "side.safetensors"
            local half = dppa.group(function(t) return t.numel > 2 end)
            local y = dppa.mean(x, half) * dppa.per_tensor(x, function(t) return #t.shape end)
            return dppa.as_model(x + y, x)
            """, "recipe.lua")
        var refused: UInt64 = 0
        var failures = 0
        // Every allocation at first, then every seventh: a run makes a few thousand.
        while refused < 6000 {
            refused += refused < 300 ? 1 : 7
            let error = scratch.error(recipe) { $0.failAtAllocation = refused }
            guard let error else { break }
            failures += 1
            #expect(error.code == .limit || error.code == .data, "\(refused): \(error.message)")
        }
        #expect(failures > 300)
        #expect(scratch.error(recipe) == nil)
    }

    @Test func everyNameOfTheModuleIsInTheCatalogAndTheOtherWayRound() throws {
        let scratch = try RecipeFolder()
        try scratch.addSideTensor("side.safetensors")
        let methods = Catalog.methods.map { "assert(x.\($0.name))" }.joined(separator: "\n")
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local names = {}
            for name in pairs(dppa) do names[#names + 1] = name end
            print(table.concat(names, " "))
            local x = dppa.tensors "side.safetensors"
            \(methods)
            """, "recipe.lua")
        #expect(scratch.error(recipe)?.message.contains("gives no model") == true)
        #expect(scratch.printed == [Catalog.functions.map(\.name).sorted().joined(separator: " ")])
    }
}
