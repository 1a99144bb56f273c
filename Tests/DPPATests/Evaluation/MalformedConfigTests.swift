import DPPA
import Foundation
import Testing

/// One config.json for each way in which a key that the evaluator reads can be wrong.
@Suite("Malformed configurations of the evaluator")
struct MalformedConfigTests {
    /// A key, a value of it in JSON, and what the error says.
    struct Case: Sendable, CustomTestStringConvertible {
        var key: String
        var value: String
        var words: [String]
        var testDescription: String { "\(key) = \(value.prefix(40))" }

        init(_ key: String, _ value: String, _ words: String...) {
            (self.key, self.value, self.words) = (key, value, words)
        }
    }

    static let counts = [
        "num_hidden_layers", "hidden_size", "num_attention_heads", "num_key_value_heads", "head_dim",
        "intermediate_size", "vocab_size", "max_position_embeddings",
    ]

    static let wrongCounts: [Case] = counts.flatMap { key in
        [
            "0", "-1", "1.5", "1e10", "2147483648000", "123456789012345678901234567890", "true", "false", "\"2\"",
            "[2]",
            "{}",
        ].map { Case(key, $0, "'\(key)' is ", "a ") }
    }

    static let huge: [Case] = [
        Case("num_hidden_layers", "1000000000", "'num_hidden_layers' is 1000000000", "from 1 to 100000"),
        Case("num_hidden_layers", "100000", "model.layers.2.input_layernorm.weight"),
        Case("head_dim", "1000000000", "'head_dim' is 1000000000", "from 1 to 65536"),
        Case("head_dim", "65536", "self_attn.q_proj.weight has the shape"),
        Case("head_dim", "7", "'head_dim' is 7", "an even number"),
        Case("hidden_size", "1000000000", "model.embed_tokens.weight has the shape", "1000000000"),
        Case("hidden_size", "2", "'hidden_size' is 2", "4 or more"),
        Case("num_attention_heads", "1000000000", "'hidden_size' is", "1000000000 or more"),
        Case("num_key_value_heads", "1000000000", "a divisor of num_attention_heads"),
        Case("intermediate_size", "1000000000", "mlp.gate_proj.weight has the shape"),
        Case("vocab_size", "1000000000", "model.embed_tokens.weight has the shape", "1000000000"),
        Case("vocab_size", "63", "model.embed_tokens.weight has the shape [64, 32]", "[63, 32]"),
    ]

    static let others: [Case] = [
        Case("model_type", "3", "'model_type' is 3", "a text"), Case("model_type", "null", "lacks 'model_type'"),
        Case("model_type", "\"\"", "'model_type' is"), Case("hidden_act", "[]", "'hidden_act' is", "a text"),
        Case("num_hidden_layers", "null", "lacks 'num_hidden_layers'"),
        Case("hidden_size", "null", "lacks 'hidden_size'"),
        Case("tie_word_embeddings", "0", "'tie_word_embeddings' is 0", "true or false"),
        Case("tie_word_embeddings", "\"no\"", "'tie_word_embeddings' is no", "true or false"),
        Case("rms_norm_eps", "\"1e-5\"", "'rms_norm_eps' is 1e-5", "a number"),
        Case("rms_norm_eps", "-1", "'rms_norm_eps' is -1", "above 0"), Case("rms_norm_eps", "0", "above 0"),
        Case("rms_norm_eps", "1e300", "above 0"), Case("rms_norm_eps", "true", "a number"),
        Case("rms_norm_eps", "NaN", "is NaN", "a number"),
        Case("rms_norm_eps", "-Infinity", "is -Infinity", "a number"),
        Case("rope_theta", "0", "'rope_theta' is 0", "above 0"), Case("rope_theta", "-10000", "above 0"),
        Case("rope_theta", "\"10000\"", "a number"), Case("rope_theta", "true", "a number"),
        Case("rope_scaling", "[]", "'rope_scaling' is", "an object"),
        Case("rope_scaling", "\"yarn\"", "'rope_scaling' is yarn", "an object"),
        Case("rope_scaling", "2", "'rope_scaling' is 2", "an object"),
        Case("rope_parameters", "[1]", "'rope_parameters' is", "an object"),
        Case("rope_scaling", "{\"type\":7}", "'type' is 7", "a text"),
        Case("rope_scaling", "{\"type\":\"linear\",\"factor\":0}", "'factor' is 0", "above 0"),
        Case("rope_scaling", "{\"type\":\"linear\",\"factor\":\"2\"}", "'factor' is 2", "a number"),
        Case("rope_scaling", "{\"type\":\"llama3\"}", "lacks 'original_max_position_embeddings'"),
        Case(
            "rope_scaling",
            "{\"type\":\"llama3\",\"original_max_position_embeddings\":8,\"low_freq_factor\":4,\"high_freq_factor\":4}",
            "'high_freq_factor' is 4", "above low_freq_factor"),
        Case("num_experts", "[]", "'num_experts' is"), Case("num_experts", "true", "'num_experts' is"),
        Case("sliding_window", "0", "'sliding_window' is 0"), Case("sliding_window", "\"4\"", "'sliding_window' is 4"),
        Case("layer_types", "\"full_attention\"", "'layer_types' is", "a list"),
        Case("layer_types", "[1,2]", "'layer_types' is", "a list"),
        Case("layer_types", "[\"full_attention\"]", "'layer_types' is", "2 layers"),
        Case("layer_types", "[\"full_attention\",\"none\"]", "'layer_types' is", "sliding_attention"),
        Case("model_type", "\"\(String(repeating: "m", count: 1 << 20))\"", "'model_type' is mmm"),
    ]

    @Test("Counts of wrong types and out of range", arguments: wrongCounts) func refuseCounts(item: Case) throws {
        try refuse(item)
    }

    @Test("Counts beyond the model and every memory", arguments: huge) func refuseHuge(item: Case) throws {
        try refuse(item)
    }

    @Test("Other keys", arguments: others) func refuseOthers(item: Case) throws { try refuse(item) }

    @Test("A configuration that is missing")
    func missing() throws {
        let (_, _, _, folder) = try ForwardPassTests.open("llama1", EngineOptions(threads: 1))
        try FileManager.default.removeItem(atPath: folder.path + "/config.json")
        expectError(.data, ["odd has no config.json"]) { try complete(folder) }
    }

    /// The fixture's configuration with one key replaced, and rope_parameters out of the way of rope_scaling.
    private func refuse(_ item: Case) throws {
        // What slides is read of families whose attention may.
        let isOfWindows = item.key == "sliding_window" || item.key == "layer_types"
        let (_, _, _, folder) = try ForwardPassTests.open(
            isOfWindows ? "mistral" : "llama1", EngineOptions(threads: 1))
        let text = try folder.text("config.json")
        var values = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        values["rope_parameters"] = nil
        values[item.key] = "@"
        // Heads have a width of their own only where the configuration gives one.
        if item.words.contains(where: { $0.hasPrefix("'hidden_size' is") }) { values["head_dim"] = nil }
        let edited = String(decoding: try JSONSerialization.data(withJSONObject: values), as: UTF8.self)
        try folder.write(edited.replacingOccurrences(of: "\"@\"", with: item.value), "config.json")
        expectError(.data, item.words + ["odd"]) {
            do { try complete(folder) } catch let error as DPPAError {
                #expect(error.message.utf8.count < 2000)
                throw error
            }
        }
    }

    private func complete(_ folder: TestFolder) throws {
        let graph = Graph()
        let checkpoint = try OpenModel(at: folder.path, label: "odd")
        let node = try graph.source(checkpoint)
        let evaluator = Evaluator(
            Engine(graph, options: EngineOptions(threads: 1)), dtype: nil)
        _ = try evaluator.completions(node, [[1]], maximumTokens: 1)
    }
}
