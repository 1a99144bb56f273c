import DPPA
import Testing

/// What lies where a model should be: recognised by its first bytes or by the files beside it, and called by its name.
@Suite("Kinds of files and folders")
struct FileKindTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    struct Kind: Sendable, CustomTestStringConvertible {
        var name: String
        var bytes: [UInt8]
        var words: [String]
        var testDescription: String { name }

        init(_ name: String, _ bytes: [UInt8], _ words: String...) {
            self.name = name
            self.bytes = bytes
            self.words = words
        }
    }

    static let kinds = [
        Kind("empty", [], "an empty file", "download it again"),
        Kind("zeros", [UInt8](repeating: 0, count: 4096), "nothing but zeros", "download it again"),
        Kind(
            "Git LFS",
            Array("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4943162336\n".utf8),
            "a Git LFS pointer", "4943162336 bytes", "git lfs pull"),
        Kind("HTML", Array("<!DOCTYPE html><html><body>restricted".utf8), "a web page", "why"),
        Kind("HTML behind a line end", Array("\r\n <HTML lang=en>".utf8), "a web page"),
        Kind("XML", Array("<?xml version=\"1.0\"?><Error><Code>AccessDenied".utf8), "a web page"),
        Kind("JSON", Array("{\"error\":\"Repository not found\"}".utf8), "a JSON text", "why"),
        Kind(
            "GGUF", Array("GGUF".utf8) + [3, 0, 0, 0] + [UInt8](repeating: 1, count: 40), "a GGUF file", ".gguf"),
        Kind(
            "GGML", Array("tjgg".utf8) + [3, 0, 0, 0] + [UInt8](repeating: 1, count: 40), "a GGML file", "convert_llama"
        ),
        Kind("zip", [0x50, 0x4B, 3, 4, 0, 0, 8, 8, 0, 0], "a zip archive", "save_pretrained"),
        Kind("pickle", [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A], "a pickle", "save_pretrained"),
        Kind("HDF5", [0x89] + Array("HDF\r\n".utf8) + [0x1A, 10, 0, 0], "an HDF5 file", "save_pretrained"),
    ]

    @Test("Under the name of a safetensors file, in a folder and by itself", arguments: kinds)
    func asSafetensors(kind: Kind) throws {
        try folder.write(kind.bytes, "m/model.safetensors")
        for path in ["/m", "/m/model.safetensors"] {
            expectError(.data, kind.words + ["model.safetensors is no safetensors file but"]) {
                _ = try OpenModel(at: folder.path + path, label: "m")
            }
        }
    }

    @Test("Under the name of another program's weights", arguments: kinds)
    func asOtherWeights(kind: Kind) throws {
        let isOfPyTorch = ["zip", "pickle"].contains(kind.name)
        for name in ["model-q4.gguf", "consolidated.00.pth", "tf_model.h5"]
        where !(isOfPyTorch && name.hasSuffix("pth")) && !(kind.name == "GGUF" && name.hasSuffix("gguf")) {
            let folder = try TestFolder()
            try folder.write(kind.bytes, "m/" + name)
            expectError(.missingInput, kind.words + ["holds no safetensors, PyTorch or GGUF file", name]) {
                _ = try OpenModel(at: folder.path + "/m", label: "m")
            }
        }
    }

    @Test("Under the name of PyTorch's weights", arguments: kinds)
    func asPyTorchWeights(kind: Kind) throws {
        try folder.write(kind.bytes, "m/pytorch_model.bin")
        let words =
            switch kind.name {
            case "zip": ["begins as a zip archive and has no directory"]
            case "pickle": ["is a pickle, and none of PyTorch"]
            default: kind.words + ["pytorch_model.bin is no PyTorch file but"]
            }
        expectError(.data, words) { _ = try OpenModel(at: folder.path + "/m", label: "m") }
    }

    @Test("A header that is damaged is none of them")
    func damaged() throws {
        // A length of 640 begins like a pickle.
        try folder.write([0x80, 2, 0, 0, 0, 0, 0, 0, 1, 2, 3], "m/model.safetensors")
        expectError(.data, ["640 bytes", "cut short"]) { _ = try OpenModel(at: folder.path + "/m", label: "m") }
    }

    @Test("An adapter is called one, with its base")
    func adapters() throws {
        let factors = [
            "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight", "base_model.model.x.lora_B.weight",
        ]
        func file(_ names: [String]) -> [UInt8] {
            let entries = names.enumerated().map { entry($1, "U8", "[1]", $0, $0 + 1) }
            return safetensors("{\(entries.joined(separator: ","))}", data: names.count)
        }
        try folder.write(file(factors), "m/adapter_model.safetensors")
        try folder.write(
            "{\"peft_type\": \"LORA\", \"base_model_name_or_path\": \"acme/base\"}", "m/adapter_config.json")
        expectError(.data, ["m is an adapter, which needs its base, acme/base", "base+adapter"]) {
            _ = try OpenModel(at: folder.path + "/m", label: "m")
        }
        expectError(.data, ["adapter_model.safetensors is an adapter"]) {
            _ = try OpenModel(at: folder.path + "/m/adapter_model.safetensors", label: "m")
        }
        // Of another tool, without any side file.
        try folder.write(
            file(["lora_unet_x.lora_down.weight", "lora_unet_x.lora_up.weight", "lora_unet_x.alpha"]), "k.safetensors")
        expectError(.data, ["is an adapter"]) { _ = try OpenModel(at: folder.path + "/k.safetensors", label: "k") }
        // Weights beside adapter files, and a model that keeps adapters of its own beside its weights.
        try folder.write(file(["a.weight"]), "m/model.safetensors")
        #expect(try OpenModel(at: folder.path + "/m", label: "m").tensors.map(\.facts.name) == ["a.weight"])
        try folder.write(
            file(["x.base_layer.weight", "x.lora_A.s.weight", "x.lora_B.s.weight"]), "m/model.safetensors")
        #expect(try OpenModel(at: folder.path + "/m", label: "m").tensors.count == 3)
    }

    @Test("A pipeline, and a folder of folders, are told where their models are")
    func folders() throws {
        try folder.write("{}", "p/model_index.json")
        expectError(.data, ["p is a pipeline of several models", "p/transformer"]) {
            _ = try OpenModel(at: folder.path + "/p", label: "p")
        }
        try folder.write(safetensors("{}"), "all/one/model.safetensors")
        try folder.write("", "all/notes/a.txt")
        expectError(
            .missingInput, ["all holds no safetensors, PyTorch or GGUF file", "models stand in it", "/all/one"]
        ) {
            _ = try OpenModel(at: folder.path + "/all", label: "p")
        }
    }

    @Test("An adapter without its config, and weights of older formats by their endings")
    func byName() throws {
        try folder.write(safetensors("{}"), "m/adapter_model.safetensors")
        expectError(.data, ["m is an adapter, not a model"]) {
            _ = try OpenModel(at: folder.path + "/m", label: "m")
        }
        try folder.write("x", "o/model.ot")
        expectError(.missingInput, ["o holds no safetensors, PyTorch or GGUF file; it has model.ot"]) {
            _ = try OpenModel(at: folder.path + "/o", label: "m")
        }
    }

    @Test("A config.json that was never downloaded is called what it is")
    func config() throws {
        try folder.write(safetensors("{}"), "m/model.safetensors")
        for kind in Self.kinds where ["Git LFS", "HTML"].contains(kind.name) {
            try folder.write(kind.bytes, "m/config.json")
            expectError(.data, kind.words + ["m/config.json is no JSON object but"]) {
                _ = try OpenModel(at: folder.path + "/m", label: "m")
            }
        }
    }

    @Test("A single file beside an index is read, as transformers does, and what is left aside is told")
    func staleIndex() throws {
        func file(_ name: String) -> [UInt8] { safetensors("{\(entry(name, "U8", "[1]", 0, 1))}", data: 1) }
        func notices() throws -> [String] {
            let model = try OpenModel(at: folder.path + "/m", label: "m")
            #expect(model.tensors.map(\.facts.name) == ["new"])
            return model.notices
        }
        try folder.write(file("new"), "m/model.safetensors")
        #expect(try notices().isEmpty)
        try folder.write("{\"weight_map\":{\"old\":\"model-1.safetensors\"}}", "m/model.safetensors.index.json")
        #expect(
            try notices() == [
                "\(folder.path)/m: model.safetensors was read, as transformers does; model.safetensors.index.json beside it "
                    + "was left aside"
            ])
        try folder.write(file("old"), "m/model-1.safetensors")
        #expect(try notices()[0].contains("index.json and model-1.safetensors beside it were left aside"))
        try folder.write("{\"weight_map\":{\"new\":\"model.safetensors\"}}", "m/model.safetensors.index.json")
        #expect(try notices().isEmpty)
        try folder.write("no JSON", "m/model.safetensors.index.json")
        #expect(try notices().count == 1)
    }
}
