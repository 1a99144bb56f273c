import DPPA
import DPPAScript
import Foundation
import Testing

/// Errors with their places, and the names of the module.
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
                note: options are name, default, min, max, help, heading, choices, kind, of, per, nonempty
                """)
    }

    @Test func anErrorInAShippedModuleIsReportedWhereTheRecipeCallsIt() throws {
        let scratch = try RecipeFolder()
        let recipe = try scratch.write(
            """
            local search, parameters = require "dppa.search", { { name = "x", min = 0, max = 1 } }

            return search { strategy = "grid", parameters = parameters, candidate = print, maximize = print }
            """, "recipe.lua")
        let error = try #require(scratch.error(recipe))
        #expect(error.message.contains("a grid needs the step of 'x'"))
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
