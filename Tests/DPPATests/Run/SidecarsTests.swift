import DPPA
import Foundation
import Testing

/// Which small files come from which model, byte for byte.
@Suite("Sidecars")
struct SidecarsTests {
    let folder: TestFolder
    let models: [OpenModel]
    let node: NodeID

    init() throws {
        let folder = try TestFolder()
        for label in ["a", "b", "c"] {
            try folder.write(safetensors("{\(entry("x", "F32", "[1]", 0, 4))}", data: 4), "\(label)/model.safetensors")
            try folder.write("{\"from\": \"\(label)\", \"torch_dtype\": \"float32\"}", "\(label)/config.json")
            for name in [
                "generation_config.json", "tokenizer.json", "tokenizer_config.json", "vocab.json", "qwen.tiktoken",
                "chat_template.jinja",
            ] {
                try folder.write("\(name) of \(label)\r\n\u{0}", "\(label)/\(name)")
            }
            try folder.write("", "\(label)/merges.txt")
            try folder.write("not ours", "\(label)/README.md")
        }
        self.folder = folder
        models = try ["a", "b", "c"].map { try OpenModel(at: folder.path + "/" + $0, label: $0) }
        let graph = Graph()
        node = try graph.source(makeModel("a", [("x", [1], [0])]))
    }

    func write(dtype: DType? = nil, _ change: (inout MergeResult) -> Void = { _ in }) throws {
        var result = MergeResult(node: node)
        change(&result)
        var sidecars = try Sidecars(
            result, ResultModels(models, result), tensors: [], dtype: dtype)
        _ = try sidecars.write(to: folder.makeFolder("out"))
        #expect(sidecars.notices.isEmpty)
    }

    func origin(_ name: String) throws -> String {
        try String(folder.text("out/" + name).split(separator: "\r\n")[0].suffix(1))
    }

    @Test("Everything comes from the config's model, byte for byte, empty files too, and no README")
    func all() throws {
        try write()
        #expect(
            try folder.entries("out") == folder.entries("a").filter { $0 != "README.md" && $0 != "model.safetensors" })
        for name in try folder.entries("out") {
            #expect(try folder.bytes("out/" + name) == folder.bytes("a/" + name), "\(name)")
        }
        #expect(try folder.bytes("out/merges.txt").isEmpty)
    }

    @Test("The dtype changes in config.json alone")
    func dtype() throws {
        try write(dtype: .bf16)
        #expect(try folder.text("out/config.json") == "{\"from\": \"a\", \"torch_dtype\": \"bfloat16\"}")
    }

    @Test(
        "The tokenizer's model gives all its files and the chat template; the template's model gives the template alone"
    )
    func origins() throws {
        try write { $0.tokenizer = 1 }
        for name in ["tokenizer.json", "tokenizer_config.json", "vocab.json", "qwen.tiktoken", "chat_template.jinja"] {
            #expect(try origin(name) == "b", "\(name)")
        }
        #expect(try origin("generation_config.json") == "b", "its ids are those of the tokenizer")
        try FileManager.default.removeItem(atPath: folder.path + "/out")
        try write {
            $0.tokenizer = 1
            $0.chatTemplate = 2
        }
        #expect(try origin("chat_template.jinja") == "c" && origin("tokenizer.json") == "b")
    }

    @Test("A file as chat template takes the place of a model's")
    func templateFile() throws {
        let file = try folder.write("{{ mine }}", "mine.txt")
        try write { $0.chatTemplateFile = file }
        #expect(try folder.text("out/chat_template.jinja") == "{{ mine }}")
        try FileManager.default.removeItem(atPath: folder.path + "/out")
        expectError(.inputOutput, ["cannot read", "gone.jinja"]) {
            try write { $0.chatTemplateFile = folder.path + "/gone.jinja" }
        }
    }

    @Test("A model that is a single file has none")
    func singleFile() throws {
        let alone = try OpenModel(at: folder.path + "/a/model.safetensors", label: "a")
        var sidecars = try Sidecars(
            MergeResult(node: node), ResultModels([alone], MergeResult(node: node)), tensors: [], dtype: .f16)
        _ = try sidecars.write(to: folder.makeFolder("out"))
        #expect(sidecars.notices.count == 1 && sidecars.notices[0].contains("a has no config.json"))
        #expect(try folder.entries("out").isEmpty)
    }

    @Test("Whatever else is small goes along from the config's model alone, and what stays is one line")
    func others() throws {
        for label in ["a", "b"] {
            for name in ["tekken.json", "modules.json", "1_Pooling/config.json", "assets/\(label).png"] {
                try folder.write("\(name) of \(label)\r\n", "\(label)/\(name)")
            }
            for name in ["optimizer.pt", "trainer_state.json"] { try folder.write(label, "\(label)/\(name)") }
        }
        let models = try ["a", "b"].map { try OpenModel(at: folder.path + "/" + $0, label: $0) }
        var result = MergeResult(node: node)
        result.tokenizer = 1
        var sidecars = try Sidecars(result, ResultModels(models, result), tensors: [], dtype: nil)
        _ = try sidecars.write(to: folder.makeFolder("out"))
        #expect(sidecars.notices == ["warning: a: left beside the weights: optimizer.pt, trainer_state.json"])
        for name in ["tekken.json", "modules.json", "1_Pooling/config.json", "assets/a.png"] {
            #expect(try folder.text("out/" + name) == "\(name) of a\r\n")
        }
        #expect(try origin("tokenizer.json") == "b" && folder.entries("out/assets") == ["a.png"])
        #expect(try !folder.entries("out").contains("optimizer.pt"))
    }

    @Test("A model that is saved where a file of another one goes is refused before anything is computed")
    func collision() throws {
        try folder.write("x", "a/1_Pooling/config.json")
        let graph = Graph()
        let source = try graph.source(OpenModel(at: folder.path + "/a", label: "a"))
        for (names, words) in [
            ([nil, "1_Pooling"], "save: '1_Pooling' is where 1_Pooling/config.json"),
            ([nil, "vocab.json"], "save: 'vocab.json' is where vocab.json"),
            (["second", "second/1_Pooling"], "save: 'second/1_Pooling' is where 1_Pooling/config.json"),
        ] {
            let results = names.map { MergeResult(name: $0, node: source) }
            let run = MergeRun(Engine(graph, options: EngineOptions(threads: 1)), settings: MergeRun.Settings())
            let out = try folder.makeFolder("out")
            expectError(.data, [words, "another name"]) { _ = try run.write(results, to: out) }
            #expect(try folder.entries("out").isEmpty)
        }
        let run = MergeRun(Engine(graph, options: EngineOptions(threads: 1)), settings: MergeRun.Settings())
        let results = [nil, "second", "second/third"].map { MergeResult(name: $0, node: source) }
        _ = try run.write(results, to: folder.makeFolder("good"))
        #expect(try folder.text("good/second/third/1_Pooling/config.json") == "x")
    }

    @Test("A damaged config.json is refused")
    func damaged() throws {
        try folder.write("{", "d/config.json")
        try folder.write(safetensors("{}"), "d/model.safetensors")
        expectError(.data, ["config.json is not a JSON object"]) {
            _ = try OpenModel(at: folder.path + "/d", label: "d")
        }
    }
}
