import DPPA
import Foundation
import Testing

/// A written model must load: what a reader of the small files would stumble over is made right and told, or refused.
@Suite("A written model must load")
struct WrittenModelTests {
    let folder: TestFolder
    private let node: NodeID

    init() throws {
        folder = try TestFolder()
        node = try Graph().source(makeModel("a", [("x", [1], [0])]))
    }

    private static let embedding = "model.embed_tokens.weight"
    private static let head = "lm_head.weight"

    /// A model with one weight a row; rows of 0 leave a tensor out.
    private func model(_ name: String, rows: Int = 4, head: Int = 4, headByte: UInt8 = 0, config: String) throws
        -> OpenModel
    {
        let tensors = [(Self.embedding, rows, UInt8(0)), (Self.head, head, headByte)].filter { $0.1 > 0 }
        var (entries, data): ([String], [UInt8]) = ([], [])
        for (name, rows, byte) in tensors {
            entries.append(entry(name, "F16", "[\(rows),1]", data.count, data.count + rows * 2))
            data += [UInt8](repeating: byte, count: rows * 2)
        }
        try folder.write(
            safetensors(Array("{\(entries.joined(separator: ","))}".utf8), data: data), name + "/model.safetensors")
        try folder.write(config, name + "/config.json")
        return try OpenModel(at: folder.path + "/" + name, label: name)
    }

    /// Opens a model again, with the files that have been added.
    private func reopened(_ name: String) throws -> OpenModel {
        try OpenModel(at: folder.path + "/" + name, label: name)
    }

    /// What is written for a merge with the tensors of the first of some models; files are added to their folders before.
    private func write(
        _ models: [OpenModel], tensors: OpenModel? = nil, config: Int = 0,
        _ change: (inout MergeResult) -> Void = { _ in }
    ) throws -> (notices: [String], files: [String]) {
        let source = tensors ?? models[0]
        try? FileManager.default.removeItem(atPath: folder.path + "/out")
        try folder.write(try folder.bytes(source.label + "/model.safetensors"), "out/model.safetensors")
        var result = MergeResult(node: node)
        change(&result)
        var sidecars = try Sidecars(
            result, ResultModels(models, result, config: config), tensors: source.tensors.map(\.facts), dtype: nil)
        _ = try sidecars.write(to: folder.path + "/out")
        return (sidecars.notices, try folder.entries("out"))
    }

    private func object(_ name: String) throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: Data(try folder.bytes("out/" + name)))
        return try #require(object as? [String: Any])
    }

    private func tokenizer(_ model: String, _ tokens: [(String, Int)], vocabulary: Int, end: String? = nil) throws {
        let added = tokens.map { "{\"id\": \($0.1), \"content\": \"\($0.0)\", \"special\": true}" }
        let pieces = (0..<vocabulary).map { "\"p\($0)\": \($0)" }
        try folder.write(
            "{\"added_tokens\": [\(added.joined(separator: ","))], \"model\": {\"vocab\": {\(pieces.joined(separator: ","))}, "
                + "\"merges\": [\"a b\", [\"\\u00e9\", \"\\\"\"]]}}", model + "/tokenizer.json")
        try folder.write(end.map { "{\"eos_token\": \"\($0)\"}" } ?? "{}", model + "/tokenizer_config.json")
    }

    @Test("vocab_size follows the rows that are written, in a nested config too")
    func rows() throws {
        let base = try model("base", config: "{\"vocab_size\": 4}")
        for config in ["{\"a\": 1, \"vocab_size\":  6}", "{\"text_config\": {\"vocab_size\": 6}, \"b\": NaN}"] {
            let grown = try model("grown", rows: 6, head: 6, config: config)
            let found = try write([base, grown], config: 1)
            #expect(
                found.notices == ["warning: vocab_size of config.json became 4, the rows of \(Self.head); it was 6"])
            #expect(try folder.text("out/config.json") == config.replacing("6", with: "4"))
        }
        #expect(try write([base]).notices.isEmpty)
        let odd = try model("odd", rows: 4, head: 6, config: "{\"vocab_size\": 4}")
        let source = try model("source", config: "{\"vocab_size\": 4}")
        expectError(.data, ["\(Self.head) has 6 rows and \(Self.embedding) has 4"]) {
            _ = try write([source, odd], tensors: odd)
        }
    }

    @Test("Tokens beyond the rows are an error when their tokenizer was asked for, else a warning")
    func tokenizerRows() throws {
        _ = try model("base", config: "{\"vocab_size\": 4}")
        _ = try model("chat", rows: 6, head: 6, config: "{\"vocab_size\": 6}")
        try tokenizer("chat", [("<|end|>", 5)], vocabulary: 4)
        try tokenizer("base", [], vocabulary: 4)
        let models = [try reopened("base"), try reopened("chat")]
        expectError(
            .data, ["the tokenizer of chat has tokens to 5, and \(Self.head) has 4 rows", "start the merge from chat"]
        ) {
            _ = try write(models) { $0.tokenizer = 1 }
        }
        let cut = try write(models, config: 1)
        #expect(cut.notices.contains { $0.contains("tokenizer of chat has tokens to 5") })
        // Fewer tokens than rows are padding.
        try tokenizer("base", [], vocabulary: 3)
        #expect(try write([try reopened("base")]).notices.isEmpty)
    }

    @Test("A head that differs from the embedding is not tied to it; an equal one may be")
    func ties() throws {
        let tied = "{\"tie_word_embeddings\": true, \"vocab_size\": 4}"
        let message =
            "warning: tie_word_embeddings of config.json became false: \(Self.head) differs from \(Self.embedding)"
        let other = try model("other", headByte: 1, config: tied)
        #expect(try write([other]).notices == [message])
        #expect(try folder.text("out/config.json") == tied.replacing("true", with: "false"))
        let copy = try model("copy", config: tied)
        #expect(try write([copy]).notices.isEmpty && folder.text("out/config.json") == tied)
        let alone = try model("alone", head: 0, config: tied)
        #expect(try write([alone]).notices.isEmpty && folder.text("out/config.json") == tied)
        // The config of a model without a head, for weights that have one.
        #expect(try write([alone, other], tensors: other).notices == [message])
        let silent = try model("silent", head: 0, config: "{\"vocab_size\": 4}")
        #expect(try write([silent, other], tensors: other).notices == [message])
        #expect(try object("config.json")["tie_word_embeddings"] as? Bool == false)
        // A stored head without a word of ties is read as it is.
        let plain = try model("plain", headByte: 1, config: "{\"vocab_size\": 4}")
        #expect(try write([plain]).notices.isEmpty && folder.text("out/config.json") == "{\"vocab_size\": 4}")
        let nested = try model(
            "nested", headByte: 1, config: "{\"text_config\": {\"tie_word_embeddings\": true, \"vocab_size\": 4}}")
        #expect(try write([nested]).notices == [message])
        #expect(try folder.text("out/config.json").contains("\"tie_word_embeddings\": false"))
    }

    @Test("A head that config.json calls for and that is not written")
    func missingHead() throws {
        let untied = try model("untied", headByte: 1, config: "{\"tie_word_embeddings\": false, \"vocab_size\": 4}")
        let tied = try model("tied", head: 0, config: "{\"tie_word_embeddings\": true, \"vocab_size\": 4}")
        let mended = try write([tied, untied], tensors: tied, config: 1)
        #expect(
            mended.notices
                == ["warning: tie_word_embeddings of config.json became true: the result has no \(Self.head)"])
        #expect(try object("config.json")["tie_word_embeddings"] as? Bool == true)
        let told = try write([untied, tied], tensors: tied)
        #expect(told.notices == ["warning: the result has no \(Self.head), which its config.json calls for"])
    }

    @Test("generation_config.json and the ids of config.json come with the tokenizer")
    func ids() throws {
        _ = try model("base", config: "{\"vocab_size\": 4, \"eos_token_id\": 2}")
        _ = try model("chat", config: "{\"vocab_size\": 4, \"eos_token_id\": [3, 1], \"pad_token_id\": 0}")
        try folder.write("{\"eos_token_id\": 2}", "base/generation_config.json")
        try folder.write("{\"eos_token_id\": [3, 1], \"temperature\": 0.6}", "chat/generation_config.json")
        try tokenizer("base", [("</s>", 2)], vocabulary: 4, end: "</s>")
        try tokenizer("chat", [("<|end|>", 3)], vocabulary: 4, end: "<|end|>")
        let models = [try reopened("base"), try reopened("chat")]
        let found = try write(models) { $0.tokenizer = 1 }
        #expect(
            found.notices == [
                "warning: eos_token_id of config.json became [3, 1] with the tokenizer of chat; it was 2",
                "warning: pad_token_id of config.json became 0 with the tokenizer of chat; it was not there",
            ])
        #expect(try object("config.json")["eos_token_id"] as? [Int] == [3, 1])
        #expect(try folder.bytes("out/generation_config.json") == folder.bytes("chat/generation_config.json"))
        #expect(try folder.bytes("out/tokenizer.json") == folder.bytes("chat/tokenizer.json"))
        #expect(try write(models).notices.isEmpty)
    }

    @Test("The token that ends a text is one that generation stops at")
    func stops() throws {
        _ = try model("chat", config: "{\"vocab_size\": 4, \"eos_token_id\": 2, \"bos_token_id\": 1}")
        try tokenizer("chat", [("<|end|>", 3), ("</s>", 2)], vocabulary: 4, end: "<|end|>")
        let message =
            "warning: eos_token_id of generation_config.json became [2, 3]: 3 (<|end|>) ends a text of this model"
        try folder.write("{\"top_p\": 0.9, \"eos_token_id\": 2}", "chat/generation_config.json")
        #expect(try write([reopened("chat")]).notices == [message])
        #expect(try folder.text("out/generation_config.json") == "{\"top_p\": 0.9, \"eos_token_id\": [2, 3]}")
        try FileManager.default.removeItem(atPath: folder.path + "/chat/generation_config.json")
        #expect(try write([reopened("chat")]).notices == [message])
        #expect(try object("generation_config.json")["eos_token_id"] as? [Int] == [2, 3])
        #expect(try object("generation_config.json")["bos_token_id"] as? Int == 1)
    }

    @Test("A chat template brings the tokens that it ends a turn with, or a warning")
    func templateStops() throws {
        _ = try model("base", config: "{\"vocab_size\": 4, \"eos_token_id\": 2}")
        _ = try model("chat", config: "{\"vocab_size\": 4, \"eos_token_id\": 3}")
        try folder.write("{{ x }}", "chat/chat_template.jinja")
        try folder.write("{\"eos_token_id\": 2}", "base/generation_config.json")
        try tokenizer("base", [("</s>", 2), ("<|end|>", 1)], vocabulary: 4, end: "</s>")
        try tokenizer("chat", [("<|end|>", 3)], vocabulary: 4, end: "<|end|>")
        let models = [try reopened("base"), try reopened("chat")]
        let found = try write(models) { $0.chatTemplate = 1 }
        #expect(try object("generation_config.json")["eos_token_id"] as? [Int] == [2, 1])
        #expect(found.notices.count == 1 && found.notices[0].contains("1 (<|end|>) ends a text"))
        try tokenizer("base", [("</s>", 2)], vocabulary: 4, end: "</s>")
        let without = try write([try reopened("base"), models[1]]) { $0.chatTemplate = 1 }
        #expect(
            without.notices == [
                "warning: the chat template of chat ends a turn with <|end|>, which the tokenizer of base does not have"
            ])
    }

    @Test("A chat template is found in tokenizer_config.json, and one that is nowhere is an error")
    func templates() throws {
        let base = try model("base", config: "{}")
        _ = try model("chat", config: "{}")
        try folder.write("{\"chat_template\": \"{{ x }}\"}", "chat/tokenizer_config.json")
        _ = try write([base, reopened("chat")]) { $0.chatTemplate = 1 }
        #expect(try folder.text("out/chat_template.jinja") == "{{ x }}")
        try folder.write(
            "{\"chat_template\": [{\"name\": \"default\", \"template\": \"d\"}, {\"name\": \"rag\", \"template\": \"r\"}]}",
            "chat/tokenizer_config.json")
        _ = try write([base, reopened("chat")]) { $0.chatTemplate = 1 }
        #expect(try folder.text("out/chat_template.jinja") == "d")
        #expect(try folder.text("out/additional_chat_templates/rag.jinja") == "r")
        expectError(.data, ["'chat_template' is base, which has no chat template"]) {
            _ = try write([base, reopened("chat")], config: 1) { $0.chatTemplate = 0 }
        }
        try folder.write("file", "chat/chat_template.jinja")
        try folder.write("tools", "chat/additional_chat_templates/tool_use.jinja")
        _ = try write([base, reopened("chat")]) { $0.chatTemplate = 1 }
        #expect(try folder.text("out/chat_template.jinja") == "file")
        #expect(try folder.text("out/additional_chat_templates/tool_use.jinja") == "tools")
    }

    @Test("Code that auto_map names travels as it is, with a warning; what is not there is told")
    func code() throws {
        let config = "{\"auto_map\": {\"AutoConfig\": \"configuration_x.X\", \"AutoModel\": \"modeling_x.X\"}}"
        _ = try model("base", config: config)
        try folder.write("import os # é\r\n", "base/configuration_x.py")
        try folder.write("from .helper import y", "base/modeling_x.py")
        try folder.write("y = 1", "base/helper.py")
        let found = try write([reopened("base")])
        #expect(found.notices.count == 1 && found.notices[0].contains("brings code of its own"))
        for name in ["configuration_x.py", "modeling_x.py", "helper.py"] {
            #expect(try folder.bytes("out/" + name) == folder.bytes("base/" + name))
        }
        try FileManager.default.removeItem(atPath: folder.path + "/base/modeling_x.py")
        let missing = try write([reopened("base")])
        #expect(
            missing.notices.contains(
                "warning: config.json names modeling_x.py in auto_map, which base does not have"))
        // Of a tokenizer, in another repository, and where nothing names it.
        _ = try model("plain", config: "{}")
        try folder.write("x", "plain/train.py")
        #expect(try !write([reopened("plain")]).files.contains("train.py"))
        try folder.write("{\"auto_map\": {\"AutoTokenizer\": [\"tok.Slow\", null]}}", "plain/tokenizer_config.json")
        try folder.write("x", "plain/tok.py")
        #expect(try write([reopened("plain")]).files.contains("tok.py"))
        _ = try model("remote", config: "{\"auto_map\": {\"AutoModel\": \"acme/code--modeling.X\"}}")
        let remote = try write([reopened("remote")])
        #expect(remote.notices.count == 1 && remote.notices[0].contains("code of acme/code"))
    }

    @Test("Licences of all models are passed on, each text once")
    func licences() throws {
        for name in ["base", "law", "math"] {
            _ = try model(name, config: "{}")
            try folder.write(name == "law" ? "L" : "B", name + "/LICENSE")
        }
        try folder.write("n", "math/NOTICE.txt")
        try folder.write("u", "law/USE_POLICY.md")
        let found = try write([reopened("base"), reopened("law"), reopened("math")])
        #expect(found.notices.isEmpty)
        #expect(try folder.text("out/LICENSE") == "B" && folder.text("out/licences/law/LICENSE") == "L")
        #expect(try folder.text("out/NOTICE.txt") == "n" && folder.text("out/USE_POLICY.md") == "u")
        #expect(try folder.entries("out/licences") == ["law"])
    }
}
