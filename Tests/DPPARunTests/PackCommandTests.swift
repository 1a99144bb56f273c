import DPPA
import DPPAScript
import Foundation
import Testing

/// `dppa-run pack` and `unpack`, and packs wherever a model is read.
@Suite struct PackCommandTests {
    private let scratch: Scratch
    private let zoo = Folders.recipes + "/zoo"
    private var pack: String { scratch.path + "/delta.safetensors" }

    init() throws { scratch = try Scratch() }

    private func dppaRun(_ arguments: String...) throws -> CommandLineTests.Result {
        try CommandLineTests().dppaRun(arguments)
    }

    /// Packs an expert of the zoo.
    private func packMath(_ options: String...) throws -> CommandLineTests.Result {
        try CommandLineTests().dppaRun(["pack", "\(zoo)/math", "--base", "\(zoo)/base", "--out", pack] + options)
    }

    private func expectSame(_ folder: String, _ other: String, _ location: SourceLocation = #_sourceLocation) throws {
        let (a, b) = (try Written(folder), try Written(other))
        #expect(a.tensors.keys.sorted() == b.tensors.keys.sorted(), sourceLocation: location)
        for (name, tensor) in a.tensors {
            #expect(tensor.bytes == b.tensors[name]?.bytes, "\(name)", sourceLocation: location)
            #expect(tensor.dtype == b.tensors[name]?.dtype && tensor.shape == b.tensors[name]?.shape, "\(name)")
        }
    }

    private func entries(_ folder: String = "") throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: scratch.path + folder).sorted()
    }

    @Test func whatIsPackedIsUnpackedWordForWord() throws {
        let made = try packMath("--tensors", "--json", scratch.path + "/pack.json")
        #expect(made.code == 0 && made.output.contains("coding"), "\(made.errors)")
        #expect(made.output.contains("all") && made.output.contains("model.embed_tokens.weight"), "\(made.output)")
        #expect(made.errors.contains("wrote \(pack): ") && made.errors.contains("words differ from the base's"))
        let data = try Data(contentsOf: URL(fileURLWithPath: scratch.path + "/pack.json"))
        let json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let size = try FileManager.default.attributesOfItem(atPath: pack)[.size] as? Int
        #expect(json["bytes"] as? Int == size && (json["tensors"] as? [Any])?.count == 57)
        #expect(try entries() == ["delta.safetensors", "pack.json"])
        let out = scratch.path + "/out"
        let unpacked = try dppaRun("unpack", pack, "--base", "\(zoo)/base", "--out", out)
        #expect(unpacked.code == 0 && unpacked.errors.contains("wrote \(out): 57 tensors"), "\(unpacked.errors)")
        try expectSame(out, zoo + "/math")
        #expect(try entries("/out") == ["config.json", "generation_config.json", "model.safetensors"])
        // Several shards, one thread.
        let again = try dppaRun(
            "unpack", pack, "--base", "\(zoo)/base", "--out", out, "--force", "--shard-size", "1M", "--threads", "1")
        #expect(try again.code == 0 && entries("/out").contains("model.safetensors.index.json"), "\(again.errors)")
        try expectSame(out, zoo + "/math")
    }

    @Test func nothingIsReplacedUnasked() throws {
        #expect(try packMath("--quiet").code == 0)
        let before = try Data(contentsOf: URL(fileURLWithPath: pack))
        let second = try packMath()
        #expect(second.code == 73 && second.errors.contains("delta.safetensors exists"), "\(second.errors)")
        let forced = try packMath("--force", "--quiet", "--threads", "3")
        #expect(forced.code == 0 && forced.output.isEmpty && forced.errors.isEmpty, "\(forced.errors)")
        #expect(try Data(contentsOf: URL(fileURLWithPath: pack)) == before)
        _ = try scratch.write("mine", "delta.safetensors")
        let foreign = try packMath("--force")
        #expect(foreign.code == 73 && foreign.errors.contains("is no pack"), "\(foreign.errors)")
        #expect(try String(contentsOfFile: pack, encoding: .utf8) == "mine")
        #expect(try entries() == ["delta.safetensors"])
        let input = try dppaRun("pack", "\(zoo)/math", "--base", "\(zoo)/base", "--out", "\(zoo)/math/x.safetensors")
        #expect(input.code == 73 && input.errors.contains("lie in one another"), "\(input.errors)")
    }

    @Test func everyCommandReadsABaseWithAPack() throws {
        #expect(try packMath("--quiet").code == 0)
        let both = "\(zoo)/base+\(pack)"
        let inspect = try dppaRun("inspect", both, "--tensors")
        #expect(inspect.code == 0 && inspect.output.contains("tensors   57"), "\(inspect.errors)")
        let diff = try dppaRun("diff", "\(zoo)/math", both, "--json", "-")
        #expect(diff.code == 0 && diff.output.contains(#""changed" : 0,"#), "\(diff.output) \(diff.errors)")
        let explain = try dppaRun("explain", both, "--base", "\(zoo)/base", "\(zoo)/math", "\(zoo)/law")
        #expect(explain.code == 0 && explain.output.contains("1.00 math"), "\(explain.output) \(explain.errors)")
        let compared = try dppaRun("compare-experts", "--base", "\(zoo)/base", pack, "\(zoo)/law")
        #expect(compared.code == 0 && compared.output.contains("5.84 %"), "\(compared.output) \(compared.errors)")
        let scores = try ["\(zoo)/math", both].map { model -> String in
            let result = try dppaRun("eval", model, "--task", "\(zoo)/eval/math.jsonl")
            #expect(result.code == 0, "\(result.errors)")
            return String(result.output.split { $0.isWhitespace }.last ?? "")
        }
        #expect(scores[0] == scores[1] && !scores[0].isEmpty, "\(scores)")
        let check = try dppaRun("check", "ties", "--set", "base=\(zoo)/base", "--set", "experts=\(both),\(zoo)/law")
        #expect(check.code == 0 && check.output.contains("model     base+delta"), "\(check.output) \(check.errors)")
        let alone = try dppaRun("inspect", pack)
        #expect(alone.code == 65 && alone.errors.contains("base+pack"), "\(alone.errors)")
        let other = try dppaRun("inspect", "\(zoo)/law+\(pack)")
        #expect(
            other.code == 65 && other.errors.contains("was made onto another model than")
                && other.errors.contains("of 57 tensors differ, first the bytes of"), "\(other.errors)")
        let none = try dppaRun("unpack", pack, "--base", "\(zoo)/law", "--out", scratch.path + "/out")
        #expect(try none.code == 65 && entries() == ["delta.safetensors"], "\(none.errors)")
        let whole = try dppaRun("unpack", "\(zoo)/math", "--base", "\(zoo)/base", "--out", scratch.path + "/out")
        #expect(whole.code == 65 && whole.errors.contains("is no pack"), "\(whole.errors)")
    }

    @Test func aMergeOfPacksIsThatOfTheModels() throws {
        #expect(try packMath("--quiet").code == 0)
        let options = ["base": "\(zoo)/base", "density": "0.3"]
        let whole = try run(
            Folders.recipes + "/ties.lua", options.merging(["experts": "\(zoo)/math,\(zoo)/law"]) { a, _ in a },
            in: scratch
        ).model
        for expert in [pack, "math=\(zoo)/base+\(pack)"] {
            let packed = try run(
                Folders.recipes + "/ties.lua", options.merging(["experts": "\(expert),\(zoo)/law"]) { a, _ in a },
                in: scratch
            ).model
            for (name, tensor) in whole.tensors { #expect(packed.tensors[name]?.bytes == tensor.bytes, "\(name)") }
        }
    }

    @Test func aRecipeSavesItsResultAsAPack() throws {
        let text = { (result: String) in
            """
            local dppa = require "dppa.v1"
            local base, law = dppa.inputs { base = "zoo/base", expert = "zoo/law" }
            local merged = base + 0.5 * (law - base)
            \(result)
            """
        }
        let recipe = try scratch.write(text("return merged, { pack = base }"), "pack.lua")
        let plain = try scratch.write(text("return merged"), "plain.lua")
        let (out, whole, back) = (scratch.path + "/out", scratch.path + "/whole", scratch.path + "/back")
        let check = try dppaRun("check", recipe, "--models", Folders.recipes)
        #expect(check.output.contains("pack      model: what differs from base"), "\(check.output) \(check.errors)")
        let made = try dppaRun("run", recipe, "--out", out, "--models", Folders.recipes)
        #expect(made.code == 0 && made.errors.contains("pack on base: "), "\(made.errors)")
        #expect(
            try entries("/out") == [
                "README.md", "config.json", "delta.safetensors", "generation_config.json", "recipe.lock.json",
                "recipe.lua",
            ])
        #expect(try String(contentsOfFile: out + "/README.md", encoding: .utf8).contains("# Pack of a merged model"))
        #expect(try dppaRun("verify", out).code == 0)
        #expect(try dppaRun("run", plain, "--out", whole, "--models", Folders.recipes).code == 0)
        #expect(try dppaRun("unpack", out, "--base", "\(zoo)/base", "--out", back).code == 0)
        try expectSame(back, whole)
        let same = try dppaRun("diff", whole, "\(zoo)/base+\(out)", "--json", "-")
        #expect(same.code == 0 && same.output.contains(#""changed" : 0,"#), "\(same.errors)")
        let again = try dppaRun("rerun", out, "--out", scratch.path + "/again", "--models", Folders.recipes)
        #expect(again.code == 0 && again.output.hasPrefix("the same: "), "\(again.errors)")
        // Saved under names, beside a whole one.
        let saves = try scratch.write(
            text("merged:save(\"a\", { pack = base })\nmerged:save(\"b\")\nmerged:save(\"c\", { pack = law })"),
            "saves.lua")
        let three = try dppaRun("run", saves, "--out", scratch.path + "/three", "--models", Folders.recipes)
        #expect(three.code == 0, "\(three.errors)")
        let a = try Data(contentsOf: URL(fileURLWithPath: scratch.path + "/three/a/delta.safetensors"))
        #expect(try a == Data(contentsOf: URL(fileURLWithPath: out + "/delta.safetensors")))
        #expect(try entries("/three/b").contains("model.safetensors"))
        // Another type has no word in common; nothing is left.
        let types = try scratch.write(text("return merged, { pack = base, dtype = \"f16\" }"), "types.lua")
        for command in ["check", "run"] {
            let words = command == "run" ? ["--out", scratch.path + "/none"] : []
            let result = try CommandLineTests().dppaRun([command, types, "--models", Folders.recipes] + words)
            #expect(
                result.code == 65 && result.errors.contains("no tensor is of one name, type and shape"),
                "\(result.errors)")
        }
        #expect(try !entries().contains { $0.contains("none") || $0.hasPrefix(".") })
    }

    @Test func whatIsReadFromAPackIsLocked() throws {
        #expect(try packMath("--quiet").code == 0)
        let out = scratch.path + "/out"
        let made = try dppaRun(
            "run", "ties", "--out", out, "--set", "base=\(zoo)/base", "--set",
            "experts=\(zoo)/base+\(pack),\(zoo)/law")
        #expect(made.code == 0, "\(made.errors)")
        let lock = try RecipeLock(reading: out + "/recipe.lock.json")
        #expect(lock.models.map(\.label) == ["base", "base+delta", "law"])
        #expect(lock.models[1].name == "delta.safetensors" && lock.models[1].tensors.count == 57)
        #expect(!lock.json.contains(scratch.path) && lock.json.contains("base+delta.safetensors"))
        // Made again from a folder of base, expert and pack.
        let models = scratch.path + "/models"
        try FileManager.default.createDirectory(atPath: models, withIntermediateDirectories: true)
        for name in ["base", "law"] {
            try FileManager.default.copyItem(atPath: zoo + "/" + name, toPath: models + "/" + name)
        }
        try FileManager.default.copyItem(atPath: pack, toPath: models + "/delta.safetensors")
        let again = try dppaRun("rerun", out, "--out", scratch.path + "/again", "--models", models)
        #expect(again.code == 0 && again.output.hasPrefix("the same: "), "\(again.output) \(again.errors)")
        // The pack of another model is another input.
        let other = try dppaRun(
            "pack", "\(zoo)/finance", "--base", "\(zoo)/base", "--out", models + "/delta.safetensors", "--force",
            "--quiet")
        #expect(other.code == 0, "\(other.errors)")
        let refused = try dppaRun("rerun", out, "--out", scratch.path + "/no", "--models", models)
        #expect(refused.code == 65 && refused.errors.contains("base+delta"), "\(refused.errors)")
        #expect(!FileManager.default.fileExists(atPath: scratch.path + "/no"))
    }

    /// A tenth of what the linears have learnt, and with it little more than a tenth of the file.
    @Test func aPrunedExpertIsASmallPack() throws {
        let pruned = scratch.path + "/pruned"
        let made = try dppaRun(
            "run", "dp", "--out", pruned, "--quiet", "--set", "base=\(zoo)/base", "--set", "expert=\(zoo)/law", "--set",
            "rate=0.9")
        #expect(made.code == 0, "\(made.errors)")
        let folder = scratch.path + "/folder"
        let packed = try dppaRun(
            "pack", pruned, "--base", "\(zoo)/base", "--out", folder, "--json", scratch.path + "/p.json")
        #expect(packed.code == 0, "\(packed.errors)")
        #expect(try entries("/folder") == ["config.json", "delta.safetensors", "generation_config.json"])
        let data = try Data(contentsOf: URL(fileURLWithPath: scratch.path + "/p.json"))
        let json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let (bytes, whole) = try (#require(json["bytes"] as? Double), #require(json["model_bytes"] as? Double))
        let bound = try #require(json["entropy_bytes"] as? Double)
        #expect(bytes < 0.3 * whole && bytes < 1.15 * bound + 20_000, "\(bytes) of \(whole), bound \(bound)")
        #expect(try dppaRun("unpack", folder, "--base", "\(zoo)/base", "--out", scratch.path + "/back").code == 0)
        try expectSame(scratch.path + "/back", pruned)
    }

    @Test func lossIsAskedForAndTold() throws {
        let lossy = try packMath("--sign", "*.mlp.*", "--lowrank", "*.q_proj.weight=4")
        #expect(lossy.code == 0 && lossy.output.contains("lowrank 4") && lossy.output.contains("sign"))
        #expect(lossy.errors.contains("of a difference's energy is lost"), "\(lossy.errors)")
        let inspect = try dppaRun("inspect", "\(zoo)/base+\(pack)")
        #expect(
            inspect.code == 0 && inspect.errors.contains("which loses a part of the difference"), "\(inspect.errors)")
        #expect(try dppaRun("unpack", pack, "--base", "\(zoo)/base", "--out", scratch.path + "/out").code == 0)
        let (a, b) = (try Written(scratch.path + "/out"), try Written(zoo + "/math"))
        for (name, tensor) in b.tensors where !name.contains(".mlp.") && !name.contains("q_proj") {
            #expect(a.tensors[name]?.bytes == tensor.bytes, "\(name)")
        }
        let words = try dppaRun(
            "pack", "\(zoo)/math", "--base", "\(zoo)/base", "--out", pack, "--force", "--lowrank", "*.q_proj.weight")
        #expect(words.code == 64 && words.errors.contains("expected names and a rank"), "\(words.errors)")
        let glob = try packMath("--force", "--sign", "nothing")
        #expect(glob.code == 65 && glob.errors.contains("'nothing' matches no tensor"), "\(glob.errors)")
    }

    /// Whether there is a Python with NumPy; the product needs none.
    static let hasNumPy = (try? Shell.run("python3 -c 'import numpy'", in: "/"))?.code == 0

    @Test(.enabled(if: hasNumPy), arguments: [[], ["--sign", "*.mlp.*", "--lowrank", "*.q_proj.weight=4"]])
    func thePagesScriptReadsAPack(_ options: [String]) throws {
        #expect(
            try CommandLineTests().dppaRun(
                ["pack", "\(zoo)/math", "--base", "\(zoo)/base", "--out", pack, "--quiet"] + options
            ).code == 0)
        let result = try Shell.run(
            "python3 \"$1\" \"$2\" \"$3\" out.safetensors",
            [Folders.project + "/docs/read_pack.py", "\(zoo)/base/model.safetensors", pack], in: scratch)
        #expect(result.code == 0, "\(result.errors)")
        #expect(try dppaRun("unpack", pack, "--base", "\(zoo)/base", "--out", scratch.path + "/out").code == 0)
        let (a, b) = (try Written(scratch.path + "/out.safetensors"), try Written(scratch.path + "/out"))
        #expect(a.tensors.count == b.tensors.count)
        for (name, tensor) in b.tensors {
            guard name.contains("q_proj"), !options.isEmpty else {
                #expect(a.tensors[name]?.bytes == tensor.bytes, "\(name)")
                continue
            }
            // NumPy adds products in another order.
            #expect(zip(a.floats(name), b.floats(name)).allSatisfy { abs($0 - $1) <= 0.01 * max(abs($1), 0.01) })
        }
    }
}
