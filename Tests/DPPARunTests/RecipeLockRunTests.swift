import DPPA
import DPPAScript
import Foundation
import Testing

/// A written model is checked against its lock, and made again from it.
@Suite struct RecipeLockRunTests {
    private let scratch: Scratch
    private let zoo = Folders.recipes + "/zoo"

    init() throws { scratch = try Scratch() }

    private func dppaRun(_ arguments: String...) throws -> CommandLineTests.Result {
        try CommandLineTests().dppaRun(arguments)
    }

    /// TIES of two experts, written to a folder of the scratch directory.
    private func merge(_ options: String...) throws -> String {
        let out = scratch.path + "/out"
        let result = try CommandLineTests().dppaRun(
            ["run", "ties", "--out", out, "--set", "base=\(zoo)/base", "--set", "experts=\(zoo)/math,b=\(zoo)/law"]
                + options)
        #expect(result.code == 0, "\(result.errors)")
        return out
    }

    /// Changes one byte of a file.
    private func damage(_ path: String, at offset: Int) throws {
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        try file.seek(toOffset: UInt64(offset))
        let byte = try #require(try file.read(upToCount: 1)?.first)
        try file.seek(toOffset: UInt64(offset))
        try file.write(contentsOf: Data([byte ^ 1]))
        try file.close()
    }

    private func lock(_ folder: String) throws -> RecipeLock { try RecipeLock(reading: folder + "/recipe.lock.json") }

    @Test func theLockHasWhatWasReadAndWritten() throws {
        let lock = try lock(merge("--set", "density=0.3", "--shard-size", "400K"))
        #expect(lock.name == "ties.lua" && lock.text.contains("ties") && lock.library["ties"] != nil)
        #expect(lock.options.map(\.name) == ["base", "density", "experts"] && lock.shardSize == 400_000)
        #expect(lock.models.map(\.label) == ["base", "math", "b"] && lock.models[2].name == "law")
        // Every tensor, by the bytes of its file.
        for (model, folder) in zip(lock.models, ["base", "math", "law"]) {
            let written = try Written(zoo + "/" + folder)
            #expect(model.tensors.map(\.name) == written.tensors.keys.sorted())
            for tensor in model.tensors {
                let (shape, dtype, bytes) = try #require(written.tensors[tensor.name])
                let dimensions = shape.map(String.init).joined(separator: "x")
                #expect(tensor.words == "\(dtype.rawValue) \(dimensions) \(Digest.of(bytes))")
            }
        }
        // Every file beside it, but for the card.
        let out = scratch.path + "/out"
        let names = try FileManager.default.contentsOfDirectory(atPath: out).sorted()
        #expect(lock.files.map(\.name) == names.filter { $0 != "README.md" && $0 != "recipe.lock.json" })
        #expect(lock.files.contains { $0.name == "model.safetensors.index.json" } && lock.files.count > 6)
        for file in lock.files {
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: out + "/" + file.name)))
            #expect(file.size == bytes.count && file.digest == Digest.of(bytes), "\(file.name)")
        }
        #expect(!lock.json.contains(zoo) && !lock.json.contains(scratch.path))
    }

    @Test func threadsAndMemoryChangeNothingInIt() throws {
        let a = try String(contentsOfFile: merge("--threads", "1") + "/recipe.lock.json", encoding: .utf8)
        let b = try String(
            contentsOfFile: merge("--threads", "3", "--memory", "64M", "--force", "--fresh") + "/recipe.lock.json",
            encoding: .utf8)
        #expect(a == b)
    }

    @Test func verifyFindsEveryChange() throws {
        let out = try merge()
        let whole = try dppaRun("verify", out)
        #expect(whole.code == 0 && whole.output.hasPrefix("as the lock says: "), "\(whole.errors)")
        #expect(whole.errors.isEmpty)
        _ = try scratch.write("notes", "out/notes.txt")
        _ = try scratch.write("# my own words", "out/README.md")
        let more = try dppaRun("verify", out)
        #expect(more.code == 0 && more.errors == "note: notes.txt is not in the lock\n", "\(more.errors)")
        try damage(out + "/model.safetensors", at: 100_003)
        try FileManager.default.removeItem(atPath: out + "/config.json")
        let wrong = try dppaRun("verify", out)
        #expect(wrong.code == 65 && wrong.errors.contains("config.json is missing"), "\(wrong.errors)")
        #expect(wrong.errors.contains("model.safetensors has the digest"), "\(wrong.errors)")
    }

    @Test func aLockAloneMakesTheSameBytes() throws {
        _ = try scratch.write("return { lambda = 0.5 }", "lib/settings.lua")
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local base = dppa.model(dppa.option { name = "base", default = "none" })
            local law = dppa.model(dppa.option { name = "law", default = "none" })
            local mask = (law - base):bernoulli(dppa.option { name = "density", default = 0.1 }, { seed = 0 })
            local kept = require "settings".lambda * dppa.where(mask, law - base, 0)
            local more, less = base + kept, base - kept
            more:save "a"
            less:save "b"
            """, "half.lua")
        let out = scratch.path + "/out"
        let first = try dppaRun(
            "run", recipe, "--out", out, "--set", "base=\(zoo)/base", "--set", "law=\(zoo)/law", "--set", "density=0.3",
            "--dtype", "f32")
        #expect(first.code == 0, "\(first.errors)")
        // Nothing but the lock, under another name, in another folder.
        try FileManager.default.createDirectory(atPath: scratch.path + "/ä", withIntermediateDirectories: true)
        let moved = scratch.path + "/ä/paper.lock.json"
        try FileManager.default.copyItem(atPath: out + "/b/recipe.lock.json", toPath: moved)
        let again = try dppaRun("rerun", moved, "--out", scratch.path + "/again", "--models", zoo, "--threads", "1")
        #expect(again.code == 0 && again.output.hasPrefix("the same: "), "\(again.errors)")
        #expect(
            try String(contentsOfFile: scratch.path + "/again/b/recipe.lock.json", encoding: .utf8)
                == String(contentsOfFile: moved, encoding: .utf8))
        #expect(try dppaRun("verify", scratch.path + "/again/b", "--lock", moved).code == 0)
        // Other options are other results.
        let other = try dppaRun(
            "rerun", moved, "--out", scratch.path + "/other", "--models", zoo, "--set", "density=0.4")
        #expect(other.code == 65, "\(other.errors)")
        #expect(other.errors.contains("the result differs from the lock: model.safetensors has the digest"))
        #expect(other.errors.contains("the option density is \"0.4\", the lock has \"0.3\""), "\(other.errors)")
    }

    @Test func otherInputsAreRefusedAndNothingIsWritten() throws {
        let out = try merge()
        let models = scratch.path + "/models"
        try FileManager.default.createDirectory(atPath: models, withIntermediateDirectories: true)
        for name in ["base", "math", "law"] {
            try FileManager.default.copyItem(atPath: zoo + "/" + name, toPath: models + "/" + name)
        }
        let again = scratch.path + "/again"
        let same = try dppaRun("rerun", out, "--out", again, "--models", models, "--force")
        #expect(same.code == 0, "\(same.errors)")
        // One byte that no sample looks at.
        try damage(models + "/law/model.safetensors", at: 1_234_567)
        for words in [["rerun", out], ["run", out, "--locked", out], ["run", "ties", "--locked", out]] {
            let place = scratch.path + "/none"
            let paths = words[1] == "ties" ? ["--set", "base=base", "--set", "experts=math,b=law"] : []
            let result = try CommandLineTests().dppaRun(words + ["--out", place, "--models", models] + paths)
            #expect(result.code == 65, "\(words): \(result.errors)")
            #expect(
                result.errors.contains("the model b differs from the lock in 1 of")
                    && result.errors.contains("nothing was written"), "\(words): \(result.errors)")
            #expect(!FileManager.default.fileExists(atPath: place))
        }
        // Another model altogether is told of before its weights are read.
        try FileManager.default.removeItem(atPath: models + "/law")
        try FileManager.default.copyItem(atPath: zoo + "/finance", toPath: models + "/law")
        let other = try dppaRun("rerun", out, "--out", scratch.path + "/none", "--models", models)
        #expect(other.code == 65 && other.errors.contains("its sampled digest is"), "\(other.errors)")
        let missing = try dppaRun("rerun", out, "--out", scratch.path + "/none")
        #expect(
            missing.code == 66 && missing.errors.contains("the recipe was run with the models base, math, b (law)"),
            "\(missing.errors)")
    }

    @Test func searchesAreMadeAgainWithTheirScores() throws {
        let out = scratch.path + "/out"
        let recipe = Folders.recipes + "/dppa_minimal.lua"
        let first = try dppaRun("run", recipe, "--out", out, "--quiet")
        #expect(first.code == 0, "\(first.errors)")
        let again = try dppaRun("rerun", out, "--out", scratch.path + "/again", "--models", Folders.recipes)
        #expect(again.code == 0, "\(again.errors)")
    }

    @Test func whatIsNoLockIsToldApart() throws {
        let out = scratch.path + "/x"
        for command in [["verify"], ["rerun", "--out", out], ["run", "ties", "--out", out, "--locked"]] {
            let missing = try CommandLineTests().dppaRun(command + [scratch.path + "/nowhere"])
            #expect(missing.code == 66, "\(command): \(missing.errors)")
            let none = try CommandLineTests().dppaRun(command + [zoo + "/base"])
            #expect(none.code == 66 && none.errors.contains("has no recipe.lock.json"), "\(command): \(none.errors)")
        }
        let text = try scratch.write("{\"recipe\": {\"name\": \"x\", \"text\": 1}}", "bad.lock.json")
        let bad = try dppaRun("rerun", text, "--out", out)
        #expect(bad.code == 65 && bad.errors.contains("expected '"), "\(bad.errors)")
    }

    @Test func theRecipeOfALockIsAStrangers() throws {
        var lock = try lock(merge())
        // Compiled Lua, and a path that was not granted.
        lock.text = "\u{1b}Lua"
        let compiled = try scratch.write(lock.json, "compiled.lock.json")
        let refused = try dppaRun("rerun", compiled, "--out", scratch.path + "/x", "--models", zoo)
        #expect(refused.code == 65 && refused.errors.contains("is compiled Lua"), "\(refused.errors)")
        lock.text =
            "local dppa = require \"dppa.v1\"\nreturn dppa.model(dppa.option { name = \"base\", default = \"none\" })"
        lock.options = [("base", .string("\(zoo)/base"))]
        let path = try scratch.write(lock.json, "path.lock.json")
        let outside = try dppaRun("rerun", path, "--out", scratch.path + "/x")
        #expect(outside.code == 65 && outside.errors.contains("leads out of"), "\(outside.errors)")
    }
}
