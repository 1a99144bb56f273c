import DPPA
import DPPAScript
import Foundation
import Testing

/// A recipe as one file gives what the recipe gives.
@Suite struct BundleTests {
    private let scratch: Scratch
    private let zoo = Folders.recipes + "/zoo"

    init() throws { scratch = try Scratch() }

    private func dppaRun(_ arguments: String...) throws -> CommandLineTests.Result {
        try CommandLineTests().dppaRun(arguments)
    }

    private func weights(_ folder: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: folder + "/model.safetensors"))
    }

    /// A recipe with two modules, one of which requires the other, and a table; its texts try what could break a comment.
    private func recipe() throws -> String {
        _ = try scratch.write("-- ]=] ]==]\nreturn require \"inner\"", "lib/settings.lua")
        _ = try scratch.write("return { lambda = 0.5 } -- ä ]", "lib/inner.lua")
        _ = try scratch.write("{\"factor\": 0.5}", "data/table.json")
        return try scratch.write(
            """
            -- half of a merge
            local dppa = require "dppa.v1"
            local base = dppa.model(dppa.option { name = "base", default = "none" })
            local law = dppa.model(dppa.option { name = "law", default = "none" })
            local lambda = require("settings").lambda * dppa.json "data/table.json".factor
            return base + lambda * (law - base)
            """, "half.lua")
    }

    private var models: [String] { ["--set", "base=\(zoo)/base", "--set", "law=\(zoo)/law", "--quiet"] }

    @Test func aBundleAloneGivesTheSameBytes() throws {
        let recipe = try recipe()
        let one = scratch.path + "/sent/one.lua"
        let made = try dppaRun("bundle", recipe, "--out", one)
        #expect(made.code == 0 && made.errors.contains("half.lua, 2 modules, 1 table"), "\(made.errors)")
        let command = CommandLineTests()
        let first = try command.dppaRun(["run", recipe, "--out", scratch.path + "/a"] + models)
        #expect(first.code == 0, "\(first.errors)")
        for name in ["lib", "data", "half.lua"] {
            try FileManager.default.removeItem(atPath: scratch.path + "/" + name)
        }
        let second = try command.dppaRun(["run", one, "--out", scratch.path + "/b"] + models)
        #expect(second.code == 0, "\(second.errors)")
        #expect(try weights(scratch.path + "/a") == weights(scratch.path + "/b"))
        // The card, the recipe's files and the lock too.
        for name in ["recipe.lua", "lib/settings.lua", "lib/inner.lua", "recipe.lock.json"] {
            #expect(
                try Data(contentsOf: URL(fileURLWithPath: "\(scratch.path)/a/\(name)"))
                    == Data(contentsOf: URL(fileURLWithPath: "\(scratch.path)/b/\(name)")), "\(name)")
        }
        for name in ["check", "plan"] {
            let result = try command.dppaRun([name, one] + models.dropLast())
            #expect(result.code == 0, "\(result.errors)")
        }
    }

    @Test func shippedRecipesBundle() throws {
        for name in ["ties", "dare_ties", "model_stock"] {
            let one = "\(scratch.path)/\(name)-one.lua"
            #expect(try dppaRun("bundle", name, "--out", one).code == 0)
            let (a, b) = (scratch.path + "/a", scratch.path + "/b")
            let first = try dppaRun("run", name, "--out", a, "--force", "--quiet")
            let second = try dppaRun("run", one, "--out", b, "--force", "--quiet", "--models", Folders.recipes)
            #expect(first.code == 0 && second.code == 0, "\(name): \(first.errors) \(second.errors)")
            #expect(try weights(a) == weights(b), "\(name)")
        }
    }

    @Test func errorsNameTheModulesOwnLines() throws {
        _ = try scratch.write("local x = 1\nerror \"no such luck\"\nreturn x", "lib/bad.lua")
        let recipe = try scratch.write("local bad = require \"bad\"\nreturn bad", "mine.lua")
        let one = scratch.path + "/one.lua"
        #expect(try dppaRun("bundle", recipe, "--out", one).code == 0)
        try FileManager.default.removeItem(atPath: scratch.path + "/lib")
        let result = try dppaRun("check", one)
        #expect(result.code == 65 && result.errors.contains("lib/bad.lua:2: error: no such luck"), "\(result.errors)")
        #expect(result.errors.contains("    2 | error \"no such luck\""), "\(result.errors)")
    }

    @Test func theLockComesAlongAndMakesTheModelAgain() throws {
        let recipe = try recipe()
        let (out, one) = (scratch.path + "/out", scratch.path + "/one.lua")
        let run = try CommandLineTests().dppaRun(["run", recipe, "--out", out, "--dtype", "f32"] + models)
        #expect(run.code == 0, "\(run.errors)")
        let none = scratch.path + "/none.lua"
        #expect(try dppaRun("bundle", recipe, "--out", none).code == 0)
        let without = try dppaRun("rerun", none, "--out", scratch.path + "/x")
        #expect(without.code == 66 && without.errors.contains("is a bundle without a lock"), "\(without.errors)")
        let made = try dppaRun("bundle", recipe, "--lock", out, "--out", one)
        #expect(made.code == 0 && made.errors.contains("a lock"), "\(made.errors)")
        let again = try dppaRun("rerun", one, "--out", scratch.path + "/again", "--models", zoo)
        #expect(again.code == 0 && again.output.hasPrefix("the same: "), "\(again.errors)")
        #expect(try dppaRun("verify", scratch.path + "/again", "--lock", one).code == 0)
        // The model's folder makes the same, but for the table, which it does not hold.
        let folder = scratch.path + "/folder.lua"
        let bundled = try dppaRun("bundle", out, "--out", folder)
        #expect(bundled.code == 0 && bundled.errors.contains("the table 'data/table.json' is not"), "\(bundled.errors)")
        // A lock of another text is refused.
        _ = try scratch.write("return require \"dppa.v1\"", "half.lua")
        let other = try dppaRun("bundle", recipe, "--lock", out, "--out", scratch.path + "/other.lua")
        #expect(other.code == 65 && other.errors.contains("the lock is of another recipe"), "\(other.errors)")
    }

    @Test func whatCannotBeBundledIsTold() throws {
        let one = scratch.path + "/one.lua"
        #expect(try dppaRun("bundle", "ties", "--out", one).code == 0)
        let twice = try dppaRun("bundle", one, "--out", scratch.path + "/two.lua")
        #expect(twice.code == 64 && twice.errors.contains("is a bundle already"), "\(twice.errors)")
        let there = try dppaRun("bundle", "ties", "--out", one)
        #expect(there.code == 73 && there.errors.contains("--force"), "\(there.errors)")
        #expect(try dppaRun("bundle", "ties", "--out", one, "--force").code == 0)
        // Cut anywhere in its head, it says what it lacks.
        let text = try String(contentsOfFile: one, encoding: .utf8)
        for lines in 1...2 {
            let cut = text.split(separator: "\n").prefix(lines).joined(separator: "\n")
            let damaged = try scratch.write(cut, "cut.lua")
            let result = try dppaRun("check", damaged)
            #expect(result.code == 65 && result.errors.contains("is a damaged bundle: expected"), "\(result.errors)")
        }
    }

    @Test func textsOfAnyKindComeBack() throws {
        var bundle = RecipeBundle(name: "a.lua", program: "1", text: "return 1 -- \r\n]=]")
        bundle.modules = ["x": "", "y": "]", "z": "a]=", "w": "]=]]==]\r\n", "v": "\u{301}]="]
        bundle.tables = ["data/a b.json": "[1]\n"]
        bundle.lock = "{}\n"
        let read = try RecipeBundle(reading: scratch.write(bundle.source, "b.lua"))
        #expect(Array(read.text.utf8) == Array(bundle.text.utf8) && read.lock == bundle.lock && read.name == "a.lua")
        #expect(read.modules.mapValues { Array($0.utf8) } == bundle.modules.mapValues { Array($0.utf8) })
        #expect(read.tables == bundle.tables)
    }

    @Test func aModelThatHasItsLockAloneRunsAgain() throws {
        let out = scratch.path + "/out"
        let first = try CommandLineTests().dppaRun(
            ["run", "ties", "--out", out, "--set", "base=\(zoo)/base", "--set", "experts=\(zoo)/law", "--quiet"])
        #expect(first.code == 0, "\(first.errors)")
        try FileManager.default.removeItem(atPath: out + "/recipe.lua")
        let again = try dppaRun("run", out, "--out", scratch.path + "/again", "--models", zoo)
        #expect(again.code == 0, "\(again.errors)")
        #expect(again.errors.contains("note: \(out) holds the recipe ties.lua, which was run with base=base"))
        #expect(try weights(out) == weights(scratch.path + "/again"))
    }
}
