import DPPA
import Testing

/// Opening model directories: what is found, and what is refused.
@Suite("Checkpoint")
struct CheckpointTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    /// A file with tensors of one byte each.
    func file(_ names: [String], dtype: String = "U8") -> [UInt8] {
        let entries = names.enumerated().map { entry($1, dtype, "[1]", $0, $0 + 1) }
        return safetensors("{\(entries.joined(separator: ","))}", data: names.count)
    }

    func index(_ map: [(String, String)]) -> String {
        "{\"metadata\":{\"total_size\":9},\"weight_map\":{\(map.map { "\"\($0)\":\"\($1)\"" }.joined(separator: ","))}}"
    }

    func refused(_ code: DPPAError.Code, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation) {
        expectError(code, words, sourceLocation: sourceLocation) {
            _ = try OpenModel(at: folder.path + "/m", label: "m")
        }
    }

    @Test("Tensors of a single file come in bytewise order of their names, with config and small files")
    func singleFile() throws {
        try folder.write(file(["b", "a.10.x.weight", "a.9.x.weight", "B"]), "m/model.safetensors")
        try folder.write("{\"k\": 1}", "m/config.json")
        for name in [
            "tokenizer.json", "tokenizer.model", "chat_template.jinja", "generation_config.json", "qwen.tiktoken",
            "merges.txt",
        ] {
            try folder.write("x", "m/" + name)
        }
        for name in ["README.md", "training_args.bin", "pytorch_model.bin", ".gitattributes"] {
            try folder.write("x", "m/" + name)
        }
        try folder.makeFolder("m/tokenizer")
        let model = try OpenModel(at: folder.path + "/m", label: "m")
        #expect(model.tensors.map(\.facts.name) == ["B", "a.10.x.weight", "a.9.x.weight", "b"])
        #expect(try model["a.9.x.weight"]?.source.bytes() == [2] && model["c"] == nil)
        #expect(model["a.9.x.weight"]?.facts.depth == 0.9)
        #expect(model.config == "{\"k\": 1}")
        #expect(
            model.sidecarFiles
                == [
                    "chat_template.jinja", "generation_config.json", "merges.txt", "qwen.tiktoken", "tokenizer.json",
                    "tokenizer.model",
                ])
        let alone = try OpenModel(at: folder.path + "/m/model.safetensors", label: "m")
        #expect(alone.tensors.count == 4 && alone.config == nil && alone.sidecarFiles.isEmpty)
    }

    @Test("A single file under another name is taken; without an index several are refused by name")
    func severalFiles() throws {
        try folder.write(file(["a"]), "m/weights.safetensors")
        #expect(try OpenModel(at: folder.path + "/m", label: "m").tensors.count == 1)
        try folder.write(file(["b"]), "m/other.safetensors")
        refused(
            .data, "2 safetensors files", "no model.safetensors.index.json", "other.safetensors, weights.safetensors")
    }

    @Test("Nothing there, an empty directory, and other formats only")
    func noWeights() throws {
        refused(.missingInput, "there is no model at", "/m")
        try folder.makeFolder("m")
        refused(.missingInput, "holds no safetensors, PyTorch or GGUF file")
        try folder.write("x", "m/tf_model.h5")
        refused(.missingInput, "holds no safetensors, PyTorch or GGUF file", "tf_model.h5", "save_pretrained")
    }

    @Test("An index leads to its shards")
    func sharded() throws {
        try folder.write(file(["c", "a"]), "m/1.safetensors")
        try folder.write(file(["b"]), "m/2.safetensors")
        try folder.write(file(["stray"]), "m/consolidated.safetensors")
        try folder.write(
            index([("a", "1.safetensors"), ("b", "2.safetensors"), ("c", "1.safetensors")]),
            "m/model.safetensors.index.json")
        let model = try OpenModel(at: folder.path + "/m", label: "m")
        #expect(try model.tensors.map { try $0.source.bytes() } == [[1], [0], [0]])
    }

    @Test("An index that names a shard that is not there names it, the index and a tensor in it")
    func missingShard() throws {
        try folder.write(file(["a"]), "m/1.safetensors")
        try folder.write(index([("a", "1.safetensors"), ("b", "2.safetensors")]), "m/model.safetensors.index.json")
        refused(.missingInput, "m/2.safetensors is missing", "model.safetensors.index.json", "b", "again")
    }

    @Test("An index that is no JSON, has no map, or leads out of the directory")
    func badIndex() throws {
        try folder.write(file(["a"]), "x.safetensors")
        for text in ["{\"weight_map\":{}}", "{}"] {
            try folder.write(text, "m/model.safetensors.index.json")
            refused(.data, "index.json has no weight_map")
        }
        for name in ["../x.safetensors", "/x.safetensors", ".x.safetensors"] {
            try folder.write(index([("a", name)]), "m/model.safetensors.index.json")
            refused(.data, "names the file '\(name)'", "not in its folder")
        }
    }

    @Test(
        "8-bit weights without scales are refused with a quantization_config or scales of other names, and open without"
    )
    func scaled8Bit() throws {
        let name = "model.layers.0.mlp.up_proj.weight"
        for dtype in ["F8_E4M3", "F8_E5M2"] {
            try folder.write(file([name], dtype: dtype), "m/model.safetensors")
            try folder.write("{\"quantization_config\": {\"quant_method\": \"fp8\"}}", "m/config.json")
            refused(.data, name, dtype, "quantization_config", "bf16")
            try folder.write("{}", "m/config.json")
            #expect(try OpenModel(at: folder.path + "/m", label: "m").tensors.count == 1)
            for scale in ["up_proj.input_scale", "up_proj.scale", "up_proj.scale_weight"] {
                let entries =
                    entry(name, dtype, "[1]", 0, 1) + "," + entry("model.layers.0.mlp.\(scale)", "F32", "[1]", 1, 5)
                try folder.write(safetensors("{\(entries)}", data: 5), "m/model.safetensors")
                refused(.data, name, dtype, scale)
            }
        }
        try folder.write(file(["a", "a_scale"]), "m/model.safetensors")
        #expect(try OpenModel(at: folder.path + "/m", label: "m").tensors.count == 2)
    }
}
