import DPPA
import Foundation
import Testing

/// Files changed at random: a reader gives a model that can be run, or an error of its own, and never ends the process.
@Suite("Mutated files")
struct MutationTests {
    @Test func everyMutantIsReadOrRefused() async throws {
        // Mutants that all fail at the first byte would say nothing of what comes behind it.
        try await Fuzzer.check(Self.corpus(), makesModels: true, accepted: 1.0 / 50)
    }

    /// Small valid models: one file and several, every dtype, metadata, odd names; some with a task to be scored on.
    static func corpus() throws -> [Fuzzer.Seed] {
        let official = Array(try Data(contentsOf: URL(fileURLWithPath: fixtures + "/official/tensors.safetensors")))
        let single = safetensors(
            "{\"__metadata__\":{\"format\":\"pt\"},"
                + "\(entry("model.layers.0.mlp.up_proj.weight", "BF16", "[2,3]", 0, 12)),"
                + "\(entry("é\\n", "U8", "[1]", 12, 13)),\(entry("none", "F64", "[0,7]", 13, 13))}", data: 13)
        let shards = [("1.safetensors", "a"), ("2.safetensors", "b.0.c.weight")].map { file, name in
            (file, safetensors("{\(entry(name, "F32", "[2]", 0, 8))}", data: 8))
        }
        let index =
            "{\"metadata\":{\"total_size\":16,\"x\":[1.5e3,null,true,{}]},"
            + "\"weight_map\":{\"a\":\"1.safetensors\",\"b.0.c.weight\":\"2.safetensors\"}}"
        var seeds = [
            Fuzzer.Seed(files: ["model.safetensors": official]),
            Fuzzer.Seed(
                files: ["model.safetensors": single, "config.json": Array("{\"torch_dtype\":\"float32\"}".utf8)]),
            Fuzzer.Seed(
                files: Dictionary(uniqueKeysWithValues: shards).merging(
                    ["model.safetensors.index.json": Array(index.utf8)]) { $1 }),
        ]
        let tasks = [
            "{\"prompt\":[1,2],\"target\":[3]}\n", "{\"prompt\":[1],\"choices\":[[2],[3,4]],\"answer\":1}\n",
            "{\"tokens\":[1,2,3]}\n{\"tokens\":[4,5]}\n",
            "{\"metric\":\"generate\",\"stop\":[2],\"max_tokens\":2,\"answer_after\":\"#\"}\n"
                + "{\"prompt\":[1],\"answer_text\":\"42\"}\n",
        ]
        let tokenizer =
            "{\"model\":{\"vocab\":{\"a\":1,\"\u{2581}4\":2,\"<0x32>\":3}},\"decoder\":{\"decoders\":[{\"type\":"
            + "\"ByteLevel\"}]},\"added_tokens\":[{\"id\":0,\"content\":\"<s>\",\"special\":true}]}"
        let names = [
            "llama1", "llama3_bands", "llama_linear", "mistral", "qwen2", "qwen3", "gemma3", "phi3", "gpt2",
            "qwen3_moe",
        ]
        for (number, name) in names.enumerated() {
            for config in ["config.json", "config_v4.json"] {
                let source = ForwardPassTests.fixtures + "/Architectures/\(name)/"
                seeds.append(
                    Fuzzer.Seed(files: [
                        "model.safetensors": try readBytes(source + "model.safetensors"),
                        "config.json": try readBytes(source + config),
                        "task.jsonl": Array(tasks[number % tasks.count].utf8),
                        "tokenizer.json": Array(tokenizer.utf8),
                    ]))
            }
        }
        return seeds
    }
}
