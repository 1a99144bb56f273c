import DPPA
import Foundation
import Testing

/// What goes along with a model, by names, sizes and links.
@Suite("Side files")
struct SideFilesTests {
    let folder: TestFolder

    init() throws {
        folder = try TestFolder()
        try folder.write(safetensors("{}"), "m/model.safetensors")
        try folder.write("{}", "m/config.json")
    }

    func found() -> SideFiles {
        SideFiles(folder.path + "/m", weightFiles: [folder.path + "/m/model.safetensors"])
    }

    @Test(
        "Files of tokenizers, sentence encoders, processors and licences, whatever they are called",
        arguments: [
            "tekken.json", "1_Pooling/config.json", "modules.json", "sentence_bert_config.json",
            "config_sentence_transformers.json", "additional_chat_templates/tool.jinja", "preprocessor_config.json",
            "LICENSE", "licences/law/LICENSE", "params.json", "added_words.txt", "spiece.model", "mel_filters.npz",
            "assets/logo.png", "2_Normalize/empty", "configuration.json", "dtypes.json",
        ])
    func carried(name: String) throws {
        try folder.write("x", "m/" + name)
        #expect(found().carried == [name] && found().left == [])
        #expect(try OpenModel(at: folder.path + "/m", label: "m").sidecarFiles == [name])
    }

    @Test(
        "Weights, states of a training, adapters and what belongs to a quantisation stay, and are told",
        arguments: [
            "pytorch_model.bin", "pytorch_model-00001-of-00002.bin", "consolidated.safetensors", "model.gguf", "a.pth",
            "tf_model.h5", "flax_model.msgpack", "rust_model.ot", "optimizer.pt", "scheduler.pt", "rng_state.pth",
            "rng_state_0.pth", "trainer_state.json", "training_args.bin", "x.pt", "events.out.tfevents.1.host",
            "latest", "zero_to_fp32.py", "adapter_config.json", "adapter_model.bin", "quantize_config.json",
            "quant_config.json", "model.imatrix.dat", "imatrix.dat", "all_results.json", "train.log",
        ])
    func left(name: String) throws {
        try folder.write("x", "m/" + name)
        #expect(found().carried == [] && found().left == [name])
    }

    @Test(
        "The card, indices, hidden files and what a run writes of its own stay without a word",
        arguments: [
            "README.md", "README_zh.md", ".gitattributes", ".git/config", ".cache/x.json", "recipe.lua",
            "recipe.lock.json",
            "dppa.json", "lib/rule.lua", "model.safetensors.index.json", "pytorch_model.bin.index.json",
            "__pycache__/a.pyc",
        ])
    func silent(name: String) throws {
        try folder.write("x", "m/" + name)
        #expect(found().carried == [] && found().left == [])
    }

    @Test("Folders: one level, none with weights, none of a training, none that is large")
    func folders() throws {
        for name in [
            "onnx/model.onnx", "onnx/config.json", "second/model.safetensors", "second/config.json",
            "checkpoint-5/a.json",
            "global_step3/x.json", "runs/today/events", "deep/er/a.json", "half/a.json", "half/er/b.json",
        ] {
            try folder.write("x", "m/" + name)
        }
        for number in 0..<65 { try folder.write("x", "m/data/\(number).json") }
        #expect(found().carried == ["half/a.json"])
        #expect(
            found().left
                == ["checkpoint-5/", "data/", "deep/", "global_step3/", "half/er/", "onnx/", "runs/", "second/"])
    }

    @Test("Code goes along where a configuration names it, and is told where none does")
    func code() throws {
        try folder.write("x", "m/modeling_x.py")
        try folder.write("x", "m/parts/attention.py")
        #expect(found().left == ["modeling_x.py", "parts/"])
        try folder.write("{\"auto_map\": {\"AutoModel\": \"modeling_x.X\"}}", "m/config.json")
        #expect(found().carried == ["modeling_x.py", "parts/attention.py"] && found().left == [])
    }

    @Test("What is large, no file, or a link that leads out, is left with the reason")
    func faults() throws {
        try folder.write("secret", "outside.txt")
        try folder.write("x", "m/inside.txt")
        for (name, target) in [
            ("out.txt", folder.path + "/outside.txt"), ("gone.txt", "none"), ("tokenizer.json", "none"),
            ("in.txt", "inside.txt"), ("tokenizer.model", folder.path + "/outside.txt"),
            ("folder", folder.path + "/out"),
        ] {
            #expect(symlink(target, folder.path + "/m/" + name) == 0)
        }
        try folder.write("x", "out/secret.txt")
        #expect(mkfifo(folder.path + "/m/pipe", 0o600) == 0)
        for (name, size) in [("large.mp4", 64 << 20 + 1), ("vocab.json", 64 << 20 + 1), ("video.mp4", 64 << 20)] {
            try folder.write("", "m/" + name)
            #expect(truncate(folder.path + "/m/" + name, size) == 0)
        }
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 17210019\n"
        try folder.write(pointer, "m/tokenizer_config.json")
        try folder.write("<!DOCTYPE html><html>restricted", "m/special_tokens_map.json")
        // A known name may be a link to another model's.
        #expect(found().carried == ["in.txt", "inside.txt", "tokenizer.model", "video.mp4", "vocab.json"])
        let left = found().left
        for (line, words) in zip(
            left,
            [
                "folder/", "gone.txt (a link to a file that is not there)", "large.mp4 (",
                "out.txt (a link out of the folder)",
                "pipe (no regular file)", "special_tokens_map.json (a web page)",
                "tokenizer.json (a link to a file that is not there)",
                "tokenizer_config.json (a Git LFS pointer: the file itself, 17210019 bytes",
            ])
        {
            #expect(line.hasPrefix(words))
        }
        #expect(left.count == 8)
    }

    @Test("The links of a snapshot to the blobs of its cache are its own")
    func blobs() throws {
        try folder.write("{}", "c/blobs/1")
        try folder.write("x", "c/other/1")
        try folder.makeFolder("c/snapshots/a/1_Pooling")
        for (name, target) in [
            ("modules.json", "../../blobs/1"), ("1_Pooling/config.json", "../../../blobs/1"),
            ("words.txt", "../../other/1"),
        ] {
            #expect(symlink(target, folder.path + "/c/snapshots/a/" + name) == 0)
        }
        let files = SideFiles(folder.path + "/c/snapshots/a", weightFiles: [])
        #expect(files.carried == ["1_Pooling/config.json", "modules.json"])
        #expect(files.left == ["words.txt (a link out of the folder)"])
    }

    @Test("A model that is a single file has nothing beside it")
    func singleFile() throws {
        try folder.write("x", "m/tekken.json")
        let file = folder.path + "/m/model.safetensors"
        #expect(SideFiles(file, weightFiles: [file]).carried == [] && SideFiles(file, weightFiles: [file]).left == [])
    }
}
