import DPPA
import DPPAScript
import Foundation
import Testing

/// A written model holds the recipe that made it, which runs again from there.
@Suite struct RecordedRecipeTests {
    private let zoo = Folders.recipes + "/zoo"

    private func files(_ folder: String) throws -> [String: String] {
        var all: [String: String] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
            guard let data = FileManager.default.contents(atPath: folder + "/" + name) else { continue }
            all[name] = sha256(Array(data))
        }
        return all
    }

    @Test func aWrittenModelRunsItsRecipeAgain() throws {
        let scratch = try Scratch()
        _ = try scratch.write("return { lambda = 0.5 }", "lib/settings.lua")
        let recipe = try scratch.write(
            """
            -- half of a merge
            local dppa = require "dppa.v1"
            local settings = require "settings"
            local base = dppa.model(dppa.option { name = "base", default = "none" })
            local experts = dppa.models(dppa.option { name = "experts", default = { "none" } })
            local merged = base
            for _, expert in ipairs(experts) do
              local mask = (expert - base):bernoulli(dppa.option { name = "density", default = 0.1 }, { seed = 0 })
              merged = merged + settings.lambda * dppa.where(mask, expert - base, 0)
            end
            return merged
            """, "half.lua")
        let options = ["base": zoo + "/base", "experts": "\(zoo)/law,first=\(zoo)/math", "density": "0.3"]
        let first = try run(recipe, options, dtype: .f32, in: scratch)
        let out = first.outcome.written[0]
        for name in ["recipe.lua", "lib/settings.lua", "recipe.lock.json", "README.md"] {
            let text = try String(contentsOfFile: out + "/" + name, encoding: .utf8)
            #expect(!text.contains(Folders.recipes) && !text.contains(scratch.path), "\(name): \(text)")
        }
        #expect(try files(out)["recipe.lua"] == files(scratch.path)["half.lua"])
        // Nothing but the folder and where its models are; random masks go by labels, which stay.
        let second = try Scratch()
        let rerun = try run(out, in: second) { $0.modelRoots = [zoo] }
        #expect(rerun.outcome.warnings.isEmpty)
        #expect(rerun.outcome.record.recipe.name == "half.lua" && rerun.outcome.record.dtype == .f32)
        let (a, b) = (try files(out), try files(rerun.outcome.written[0]))
        #expect(a["model.safetensors"] != nil && a["model.safetensors"] == b["model.safetensors"])
        #expect(a["recipe.lua"] == b["recipe.lua"] && a["lib/settings.lua"] == b["lib/settings.lua"])
        // Options given now come before those that were recorded.
        let other = try Scratch()
        let changed = try run(out, ["density": "0.9"], in: other) { $0.modelRoots = [zoo] }
        #expect(try files(changed.outcome.written[0])["model.safetensors"] != a["model.safetensors"])
    }

    @Test("The card alone tells the recipe, its modules, options and type")
    func card() throws {
        let scratch = try Scratch()
        _ = try scratch.write("return { lambda = 0.5 }\n", "lib/settings.lua")
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local settings = require "settings"
            local note = dppa.option { name = "note", default = "none" }
            print("## Recipe\\n\\n`other.lua`:\\n\\n```lua\\nreturn 1\\n```\\n" .. note)
            local base, math = dppa.model "base", dppa.model "math"
            return base + settings.lambda * dppa.option { name = "share", default = 1 } * (math - base)
            """, "half.lua")
        let note = #"a "quoted" \ text: # with `signs`, and = too"#
        let first = try run(recipe, ["share": "0.25", "note": note], dtype: .f32, in: scratch) { $0.modelRoots = [zoo] }
        let second = try Scratch()
        let text = try String(contentsOfFile: first.outcome.written[0] + "/README.md", encoding: .utf8)
        let card = try second.write(text, "card.md")
        let again = try run(card, in: second) { $0.modelRoots = [zoo] }
        let record = again.outcome.record
        #expect(record.recipe.name == "half.lua" && record.dtype == .f32)
        #expect(record.recipe.text == first.outcome.record.recipe.text)
        #expect(record.options.map(\.given) == first.outcome.record.options.map(\.given))
        let (a, b) = (try files(first.outcome.written[0]), try files(again.outcome.written[0]))
        #expect(a["model.safetensors"] != nil && a["model.safetensors"] == b["model.safetensors"])
        #expect(a["recipe.lua"] == b["recipe.lua"] && a["lib/settings.lua"] == b["lib/settings.lua"])
        for (line, replaced, told) in [
            ("dppa_dtype: F32", "dppa_dtype: F33", "dppa_dtype is F33"),
            ("- \"share=0.25\"", "- share", "dppa_options has share; expected name=value"),
        ] {
            #expect(text.contains(line))
            let wrong = try second.write(text.replacingOccurrences(of: line, with: replaced), "wrong.md")
            let error = #expect(throws: DPPAError.self) {
                _ = try RecipeRun(wrong).run(RecipeRun.Request(out: "x"), observer: nil)
            }
            #expect(error?.code == .data && error?.message.contains(told) == true, "\(String(describing: error))")
        }
        let other = try second.write("# Model\n\n```lua\nreturn 1\n```\n\n## Recipe\n\nnone\n", "other.md")
        let error = #expect(throws: DPPAError.self) {
            _ = try RecipeRun(other).run(RecipeRun.Request(out: "x"), observer: nil)
        }
        #expect(error?.code == .missingInput && error?.message.hasSuffix("other.md has no recipe") == true)
    }

    @Test func modelsThatAreNotFoundOrAreOthersAreTold() throws {
        let scratch = try Scratch()
        let options = ["base": zoo + "/base", "experts": zoo + "/law"]
        let out = try run(Folders.recipes + "/ties.lua", options, in: scratch).outcome.written[0]
        let result = try CommandLineTests().dppaRun(["run", out, "--out", scratch.path + "/again"])
        #expect(result.code == 66, "\(result.errors)")
        #expect(result.errors.contains("the recipe was run with the models base, law"), "\(result.errors)")
        #expect(result.errors.contains("--set") && result.errors.contains("--models"))
        let moved = scratch.path + "/models"
        try FileManager.default.createDirectory(atPath: moved, withIntermediateDirectories: true)
        for (name, from) in [("base", "base"), ("law", "math")] {
            try FileManager.default.createSymbolicLink(
                atPath: moved + "/" + name, withDestinationPath: zoo + "/" + from)
        }
        let again = try run(out, ["base": moved + "/base", "experts": moved + "/law"], in: try Scratch())
        #expect(
            again.outcome.warnings.count == 1
                && again.outcome.warnings[0].contains("law is another model than the recipe was run with"))
    }

    @Test func recordedPathsAreNotGranted() throws {
        let scratch = try Scratch()
        let out = try run(
            Folders.recipes + "/ties.lua", ["base": zoo + "/base", "experts": zoo + "/law"], in: scratch
        ).outcome.written[0]
        // A stranger's lock names a folder of the reader's disk.
        var lock = try RecipeLock(reading: out + "/recipe.lock.json")
        lock.options = [("base", .string("\(zoo)/base")), ("experts", .array([.string("\(zoo)/law")]))]
        _ = try scratch.write(lock.json, "out/recipe.lock.json")
        let result = try CommandLineTests().dppaRun(["check", out])
        #expect(result.code == 65 && result.errors.contains("leads out of"), "\(result.errors)")
    }

    @Test func aFolderWithoutARecipeSaysSo() throws {
        let result = try CommandLineTests().dppaRun(["check", zoo + "/base"])
        #expect(result.code == 66 && result.errors.contains("is a folder and has no recipe.lua"), "\(result.errors)")
    }

    @Test func namesOfTheHubStayAndAreFoundAgain() throws {
        let scratch = try Scratch()
        let commit = String(repeating: "a", count: 40)
        for name in ["base", "law"] {
            let folder = "\(scratch.path)/hub/models--acme--\(name)"
            try FileManager.default.createDirectory(
                atPath: "\(folder)/snapshots", withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: "\(zoo)/\(name)", toPath: "\(folder)/snapshots/\(commit)")
            _ = try scratch.write(commit, "hub/models--acme--\(name)/refs/main")
            _ = try scratch.write(
                "---\nlicense: mit\n---\n", "hub/models--acme--\(name)/snapshots/\(commit)/README.md")
        }
        func cached(_ request: inout RecipeRun.Request) { request.environment["HF_HUB_CACHE"] = scratch.path + "/hub" }
        let first = try run(
            Folders.recipes + "/ties.lua", ["base": "acme/base", "experts": "acme/law"], in: scratch, change: cached)
        let card = try String(contentsOfFile: first.outcome.written[0] + "/README.md", encoding: .utf8)
        #expect(card.hasPrefix("---\nbase_model:\n- acme/base\n- acme/law\nbase_model_relation: merge\n"))
        #expect(card.contains("\nlicense: mit\n") && card.contains("- ties\n") && card.contains("`\(commit)`"))
        let again = try Scratch()
        let second = try run(first.outcome.written[0], in: again, change: cached)
        #expect(second.outcome.warnings.isEmpty)
        #expect(second.model.tensors.mapValues(\.bytes) == first.model.tensors.mapValues(\.bytes))
    }
}
