import DPPA
import DPPAScript
import Foundation
import Testing

/// Folders as they lie on people's disks, through every command that reads models.
@Suite("Folders of models")
struct ModelFolderTests {
    private let zoo = Folders.recipes + "/zoo"

    /// Everything that reads a model, with the model as `$1`.
    private var commands: [String] {
        [
            "inspect $1", "diff $1 \(zoo)/base", "diff \(zoo)/base $1",
            "eval $1 --quiet --task \(zoo)/search/law.jsonl",
            "check ties --set base=$1 --set experts=\(zoo)/law", "check ties --set base=\(zoo)/base --set experts=$1",
            "run ties --out out --quiet --set base=$1 --set experts=\(zoo)/law",
        ]
    }

    private func copy(_ model: String, to name: String, in scratch: Scratch) throws {
        try FileManager.default.copyItem(atPath: zoo + "/" + model, toPath: scratch.path + "/" + name)
    }

    @Test(
        "What is no model is called the same by every command",
        arguments: [
            ("m/adapter_config.json", "{\"peft_type\": \"LORA\"}", "m is an adapter (LORA), not a model"),
            ("m/model.gguf", "GGUF\u{3}", "m/model.gguf: its header ends at byte 5, within what begins before it"),
            ("m/model.gguf", "tjgg", "m holds no safetensors, PyTorch or GGUF file; it has model.gguf, a GGML file"),
            ("m/pytorch_model.bin", "PK\u{3}\u{4}", "m/pytorch_model.bin: it begins as a zip archive"),
            (
                "m/model.safetensors", "version https://git-lfs.github.com/spec/v1\nsize 77\n",
                "m/model.safetensors is no safetensors file but a Git LFS pointer: the file itself, 77 bytes"
            ),
            ("m/model.safetensors", "<!DOCTYPE html>", "m/model.safetensors is no safetensors file but a web page"),
            ("m/model_index.json", "{}", "m is a pipeline of several models"),
            (
                "m/snapshots/a/x", "",
                "m is a folder of the Hugging Face cache with 2 snapshots, and no refs/main tells which"
            ),
        ])
    func sameWords(file: String, text: String, words: String) throws {
        let scratch = try Scratch()
        _ = try scratch.write(text, file)
        if file.contains("snapshots") { _ = try scratch.write("", "m/snapshots/b/x") }
        for command in commands {
            let result = try Shell.run("\"$dppa\" \(command)", ["m"], in: scratch)
            #expect(result.code != 0 && result.errors.contains("error: ") && result.errors.contains(words), "\(result)")
        }
    }

    @Test("A link that leads nowhere is called that by every command")
    func dangling() throws {
        let scratch = try Scratch()
        try FileManager.default.createSymbolicLink(atPath: scratch.path + "/m", withDestinationPath: "gone")
        _ = try scratch.write("{}", "n/config.json")
        try FileManager.default.createSymbolicLink(
            atPath: scratch.path + "/n/model.safetensors", withDestinationPath: "gone")
        for command in commands {
            for (model, words) in [("m", "m is a link"), ("n", "n/model.safetensors is a link")] {
                let result = try Shell.run("\"$dppa\" \(command)", [model], in: scratch)
                #expect(result.code == 66 && result.errors.contains("error: \(words) to a file that is not there"))
            }
        }
    }

    @Test("A folder of the cache is its snapshot for every command, and a word says so")
    func cacheFolder() throws {
        let scratch = try Scratch()
        try copy("base", to: "blob", in: scratch)
        _ = try scratch.write("c0ffee", "m/refs/main")
        try FileManager.default.createDirectory(
            atPath: scratch.path + "/m/snapshots/decaf0", withIntermediateDirectories: true)
        try FileManager.default.moveItem(
            atPath: scratch.path + "/blob", toPath: scratch.path + "/m/snapshots/c0ffee")
        for command in commands {
            let result = try Shell.run("\"$dppa\" \(command)", ["m"], in: scratch)
            #expect(result.code == 0, "\(command): \(result.errors)")
            let words = "m is a folder of the Hugging Face cache: its snapshot c0ffee was read, that of refs/main"
            #expect(result.errors.contains(words) || result.output.contains(words), "\(command): \(result)")
        }
        // Twice under one label it is one model.
        let recipe = try scratch.write(
            "local d = require \"dppa.v1\"\nreturn d.model \"m\" + (d.model \"m\" - d.model \"m\")", "r.lua")
        let twice = try Shell.run("\"$dppa\" check \(recipe)", in: scratch)
        #expect(twice.code == 0, "\(twice.errors)")
        // What scores a model with a command is given the snapshot.
        _ = try scratch.write("test -e \"$1/config.json\" && echo '{\"t\": 1}'\n", "score.sh")
        let scored = try Shell.run(
            "\"$dppa\" eval m --quiet --task external:t --evaluator 'bash score.sh {model}'", in: scratch)
        #expect(scored.code == 0, "\(scored.errors)")
    }

    @Test("A recipe may not reach out of its folder through a folder of a cache")
    func cacheFolderOutside() throws {
        let scratch = try Scratch()
        try copy("base", to: "outside/secret", in: try folder(scratch, "outside"))
        let recipe = try scratch.write(
            "local d = require \"dppa.v1\"\nreturn d.model \"m\"", "r/r.lua")
        _ = try scratch.write("secret", "r/m/refs/main")
        let links = [("r/m/snapshots", "outside"), ("r/m/snapshots/secret", "outside/secret")]
        for (link, target) in links {
            try? FileManager.default.removeItem(atPath: scratch.path + "/r/m/snapshots")
            if link.hasSuffix("secret") { _ = try folder(scratch, "r/m/snapshots") }
            try FileManager.default.createSymbolicLink(
                atPath: scratch.path + "/" + link, withDestinationPath: scratch.path + "/" + target)
            for text in ["d.model \"m\"", "d.tensors \"m\""] {
                try "local d = require \"dppa.v1\"\nreturn \(text)".write(
                    toFile: recipe, atomically: true, encoding: .utf8)
                let result = try Shell.run("\"$dppa\" check \(recipe)", in: scratch)
                #expect(result.code != 0 && result.errors.contains("'m' leads out of"), "\(result.errors)")
                #expect(!result.errors.contains("secret"))
            }
        }
        let given = try Shell.run("\"$dppa\" inspect r/m", in: scratch)
        #expect(given.code == 0)
    }

    private func folder(_ scratch: Scratch, _ name: String) throws -> Scratch {
        try FileManager.default.createDirectory(
            atPath: scratch.path + "/" + name, withIntermediateDirectories: true)
        return scratch
    }

    @Test("A loose index is told of by every command, and computed with as its files are")
    func looseIndex() throws {
        let scratch = try Scratch()
        try copy("base", to: "m", in: scratch)
        try FileManager.default.moveItem(
            atPath: scratch.path + "/m/model.safetensors", toPath: scratch.path + "/m/1.safetensors")
        _ = try scratch.write(
            "{\"weight_map\": {\"gone\": \"1.safetensors\"}}", "m/model.safetensors.index.json")
        for command in commands {
            let result = try Shell.run("\"$dppa\" \(command)", ["m"], in: scratch)
            #expect(result.code == 0, "\(command): \(result.errors)")
            for words in ["has the tensor gone, which no file holds", "lacks 57 tensors, such as "] {
                #expect(result.errors.contains(words), "\(command): \(result.errors)")
            }
        }
        let same = try Shell.run("\"$dppa\" diff m \(zoo)/base", in: scratch)
        #expect(same.output.contains("0   1.00000     0.00 %"))
    }

    @Test("Infinity and NaN in config.json are read everywhere, and stand in the written one as they stood")
    func nonFiniteConfig() throws {
        let scratch = try Scratch()
        try copy("base", to: "m", in: scratch)
        let config = try String(contentsOfFile: scratch.path + "/m/config.json", encoding: .utf8)
        let extra = "\"note\": [0.0, Infinity, -Infinity],  \"other_note\": {\"x\": NaN},"
        _ = try scratch.write(config.replacing("{", with: "{\n  " + extra, maxReplacements: 1), "m/config.json")
        for command in commands where !command.hasPrefix("eval") {
            let result = try Shell.run("\"$dppa\" \(command)", ["m"], in: scratch)
            #expect(result.code == 0, "\(command): \(result.errors)")
        }
        let json = try Shell.run("\"$dppa\" inspect m --json -", in: scratch)
        #expect(json.code == 0 && json.output.contains("\"inf\""), "\(json)")
        // Every edit of the text leaves them.
        let result = try Shell.run(
            "\"$dppa\" run ties --dtype f32 --out typed --quiet --set base=m --set experts=\(zoo)/law", in: scratch)
        #expect(result.code == 0, "\(result.errors)")
        let written = try String(contentsOfFile: scratch.path + "/typed/config.json", encoding: .utf8)
        #expect(written.contains(extra) && written.contains("float32"))
        let scored = try Shell.run("\"$dppa\" eval m --quiet --task \(zoo)/search/law.jsonl", in: scratch)
        // Read it is; a setting that is not known is refused by its name as every other one.
        #expect(scored.code == 0 || scored.errors.contains("note"), "\(scored.errors)")
        #expect(!scored.errors.contains("JSON"))
    }

    @Test("Side files go along, are told when they stay, and are replaced with --force")
    func sideFiles() throws {
        let scratch = try Scratch()
        try copy("base", to: "m", in: scratch)
        let files = ["words.txt", "1_Pooling/config.json", "2_Normalize/settings.json", "tekken.json"]
        for name in files { _ = try scratch.write("{} \(name)", "m/" + name) }
        for name in ["optimizer.pt", "trainer_state.json", "onnx/model.onnx"] {
            _ = try scratch.write("x", "m/" + name)
        }
        let told = "warning: base: left beside the weights: onnx/, optimizer.pt, trainer_state.json"
        let line = "ties --set base=base=m --set experts=\(zoo)/law"
        let check = try Shell.run("\"$dppa\" check \(line)", in: scratch)
        #expect(check.code == 0 && check.errors.contains(told), "\(check.errors)")
        for _ in 0..<2 {
            let result = try Shell.run("\"$dppa\" run \(line) --out out --force --quiet", in: scratch)
            #expect(result.code == 0 && result.errors.contains(told), "\(result.errors)")
            for name in files {
                #expect(
                    FileManager.default.contents(atPath: scratch.path + "/out/" + name) == Data("{} \(name)".utf8),
                    "\(name)")
            }
            #expect(!FileManager.default.fileExists(atPath: scratch.path + "/out/optimizer.pt"))
        }
        // A model made of the result has them still, and the recipe in it runs again.
        let second = try Shell.run(
            "\"$dppa\" run ties --set base=out --set experts=\(zoo)/law --out more --quiet", in: scratch)
        #expect(second.code == 0, "\(second.errors)")
        for name in files { #expect(FileManager.default.fileExists(atPath: scratch.path + "/more/" + name)) }
        let again = try Shell.run(
            "\"$dppa\" run out --models . --models \(zoo) --set base=m --out again --quiet", in: scratch)
        #expect(again.code == 0, "\(again.errors)")
        // Somebody's own file in it stays.
        _ = try scratch.write("mine", "out/mine.txt")
        let refused = try Shell.run("\"$dppa\" run \(line) --out out --force --quiet", in: scratch)
        #expect(refused.code != 0 && refused.errors.contains("belongs to no model: mine.txt"), "\(refused.errors)")
    }
}
