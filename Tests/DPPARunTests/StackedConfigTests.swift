import DPPA
import DPPAScript
import Foundation
import Testing

/// What config.json of a stack says of single layers.
@Suite struct StackedConfigTests {
    private func config(_ keys: String, _ stack: String, other: String? = nil) throws -> JSONObject {
        let scratch = try Scratch()
        try TinyModels.write(["a", "b"], layers: 4, in: scratch.path)
        for (label, keys) in [("a", keys), ("b", other ?? keys)] {
            let path = scratch.path + "/\(label)/config.json"
            let text = try String(contentsOfFile: path, encoding: .utf8)
            _ = try scratch.write(
                text.replacingOccurrences(of: "\"vocab_size\": 12", with: "\"vocab_size\": 12, \(keys)"),
                "\(label)/config.json")
        }
        let recipe = try scratch.write(
            "local dppa = require \"dppa.v1\"\nlocal a, b = dppa.model \"a\", dppa.model \"b\"\nreturn dppa.stack { \(stack) }",
            "recipe.lua")
        _ = try run(recipe, in: scratch)
        return try JSONObject(
            Data(contentsOf: URL(fileURLWithPath: scratch.path + "/out/config.json")), file: "config.json")
    }

    @Test(arguments: [
        ("\"layer_types\": [\"x\", \"y\", \"x\", \"z\"]", "layer_types", "[\"x\",\"y\",\"y\",\"z\"]"),
        ("\"no_rope_layers\": [1, 1, 0, 1]", "no_rope_layers", "[1,1,1,1]"),
        ("\"mlp_only_layers\": [1, 2]", "mlp_only_layers", "[1,2]"),
        ("\"mlp_only_layers\": [3]", "mlp_only_layers", "[3]"), ("\"mlp_only_layers\": []", "mlp_only_layers", "[]"),
        ("\"first_k_dense_replace\": 2", "first_k_dense_replace", "3"),
        ("\"first_k_dense_replace\": 1", "first_k_dense_replace", "1"),
        ("\"moe_layer_freq\": [0, 1, 1, 1]", "moe_layer_freq", "[0,1,1,1]"),
        ("\"use_sliding_window\": true, \"max_window_layers\": 4", "max_window_layers", "4"),
        ("\"use_sliding_window\": false, \"max_window_layers\": 2", "max_window_layers", "2"),
        ("\"hybrid_override_pattern\": \"M*-E\"", "hybrid_override_pattern", "\"M**E\""),
        ("\"num_query_heads\": 2", "num_query_heads", "2"),
        ("\"eos_token_id\": [1, 2, 3, 4]", "eos_token_id", "[1,2,3,4]"),
        ("\"layer_types\": [\"x\", \"y\", \"x\", \"z\"], \"sliding_window_pattern\": 3", "sliding_window_pattern", "3"),
    ])
    func keysFollowTheirLayers(keys: String, key: String, expected: String) throws {
        let found = try config(keys, "{ a, layers = \"0-1\" }, { b, layers = \"1, 3\" }")
        #expect(found[key]?.text == expected)
        #expect(found["num_hidden_layers"]?.int == 4)
    }

    @Test(arguments: [
        (
            "\"sliding_window_pattern\": 2, \"sliding_window\": 4", "{ a, layers = \"1-2\" }",
            "sliding_window_pattern of config.json cannot"
        ),
        (
            "\"first_k_dense_replace\": 1", "{ a, layers = \"1-2\" }, { a, layers = \"0\" }",
            "first_k_dense_replace of config.json cannot"
        ),
        ("\"layer_types\": [\"x\"]", "{ a, layers = \"1-2\" }", "layer_types is no list of 4 values"),
        ("\"mlp_only_layers\": [9]", "{ a, layers = \"1-2\" }", "mlp_only_layers is no list of layers from 0 to 3"),
        (
            "\"some_layers\": [1, 2, 3, 4]", "{ a, layers = \"1-2\" }",
            "some_layers has as many values as there are layers"
        ),
        ("\"num_kv_shared_layers\": 2", "{ a, layers = \"1-2\" }", "num_kv_shared_layers says something of layers"),
        ("\"hybrid_override_pattern\": \"M*\"", "{ a, layers = \"1-2\" }", "has 2 letters for 4 layers"),
    ])
    func whatCannotBeTrueIsRefused(keys: String, stack: String, message: String) throws {
        let error = try #require(throws: DPPAError.self) { try config(keys, stack) }
        #expect(error.code == .data && error.message.contains(message), "\(error.message)")
    }

    /// A period is true of a stack whose layers are as far apart; a family may have one that config.json does not name.
    @Test func periodsAreKept() throws {
        let two = "\"sliding_window\": 4, \"sliding_window_pattern\": 2"
        #expect(try config(two, "{ a, layers = \"0-3\" }, { a, layers = \"2-3\" }")["sliding_window_pattern"]?.int == 2)
        let implied = "\"sliding_window\": 4, \"model_type\": \"gemma2\""
        let error = try #require(throws: DPPAError.self) {
            let scratch = try Scratch()
            try TinyModels.write(["a"], layers: 4, in: scratch.path)
            let path = scratch.path + "/a/config.json"
            let text = try String(contentsOfFile: path, encoding: .utf8)
            _ = try scratch.write(
                text.replacingOccurrences(of: "\"model_type\": \"llama\"", with: implied), "a/config.json")
            let recipe = try scratch.write(
                "local dppa = require \"dppa.v1\"\nreturn dppa.stack { { dppa.model \"a\", layers = \"1-3\" } }",
                "recipe.lua")
            return try run(recipe, in: scratch)
        }
        #expect(error.message.contains("sliding_window_pattern of config.json cannot be true"))
        let silent = try #require(throws: DPPAError.self) {
            try config(
                "\"no_rope_layers\": [1, 1, 0, 1]", "{ a, layers = \"0\" }, { b, layers = \"1\" }", other: "\"x\": 1")
        }
        #expect(silent.message.contains("has no_rope_layers") && silent.message.contains("has not"))
    }
}
