import DPPA
import Foundation
import Testing

/// Files changed at random: a reader gives a model that can be run, or an error of its own, and never ends the process.
///
/// A thousand or so mutants a run, always the same; with `DPPA_FUZZ_SECONDS` new ones for so long, from the seed
/// `DPPA_FUZZ_SEED` on. `DPPA_FUZZ_LOG` names a file that holds the seed of the batch that is running: with that seed a
/// crash comes back.
@Suite("Mutated files")
struct MutationTests {
    /// A model directory, of which one file is changed at a time, and a task for it.
    struct Seed: Sendable {
        var files: [String: [UInt8]]
    }

    static let batch = 50

    @Test func everyMutantIsReadOrRefused() async throws {
        let environment = ProcessInfo.processInfo.environment
        let seconds = environment["DPPA_FUZZ_SECONDS"].flatMap(Double.init)
        let first = environment["DPPA_FUZZ_SEED"].flatMap(UInt64.init) ?? 0
        let seeds = try Self.corpus()
        let end = Date().addingTimeInterval(seconds ?? 0)
        var fuzzer = try Fuzzer(seeds)
        var number = first
        repeat {
            if let log = environment["DPPA_FUZZ_LOG"] {
                try "seed \(number): \(fuzzer.count) mutants, \(fuzzer.accepted) accepted, \(fuzzer.faults) wrong\n"
                    .write(toFile: log, atomically: true, encoding: .utf8)
            }
            try fuzzer.run(seed: number, count: Self.batch)
            number += 1
            // Other tests wait for a thread of the pool that this one would hold.
            await Task.yield()
        } while seconds == nil ? number < first + 24 : Date() < end
        if seconds != nil {
            print("\(fuzzer.count) mutants from seed \(first) to \(number - 1), \(fuzzer.accepted) accepted")
        }
        #expect(fuzzer.faults.isEmpty, "\(fuzzer.faults.joined(separator: "\n"))")
        // Mutants that all fail at the first byte would say nothing of what comes behind it.
        #expect(fuzzer.accepted > fuzzer.count / 50)
    }

    /// Small valid models: one file and several, every dtype, metadata, odd names; some with a task to be scored on.
    static func corpus() throws -> [Seed] {
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
            Seed(files: ["model.safetensors": official]),
            Seed(
                files: ["model.safetensors": single, "config.json": Array("{\"torch_dtype\":\"float32\"}".utf8)]),
            Seed(
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
                    Seed(files: [
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

/// Makes mutants, has them read, and keeps what went wrong.
private struct Fuzzer {
    let seeds: [MutationTests.Seed]
    let folder: TestFolder
    var count = 0
    var accepted = 0
    var faults: [String] = []

    init(_ seeds: [MutationTests.Seed]) throws {
        self.seeds = seeds
        folder = try TestFolder(inMemory: true)
    }

    mutating func run(seed: UInt64, count: Int) throws {
        var mutator = Mutator(seed: seed)
        // Models of any shape every third time, and else changes of one that is known to be whole.
        let model = mutator.number(3) > 0 ? seeds[mutator.number(seeds.count)] : nil
        for (name, bytes) in model?.files ?? [:] { try folder.write(bytes, "m/" + name) }
        for _ in 0..<count {
            let (name, mutant) = mutator.file(model?.files, seeds[mutator.number(seeds.count)].files)
            try folder.write(mutant, "m/" + name)
            self.count += 1
            do {
                try read(hasTask: model?.files["task.jsonl"] != nil, isWritten: mutator.number(50) == 0)
                accepted += 1
            } catch let error as DPPAError {
                if error.code == .internalFault { faults.append("seed \(seed): \(error.message)") }
            } catch { faults.append("seed \(seed): \(error)") }
            if let whole = model?.files[name] { try folder.write(whole, "m/" + name) }
        }
        try FileManager.default.removeItem(atPath: folder.path + "/m")
    }

    /// What a run does with a model: everything that a file can make go wrong.
    private func read(hasTask: Bool, isWritten: Bool) throws {
        let checkpoint = try OpenModel(at: folder.path + "/m", label: "m")
        for tensor in checkpoint.tensors { _ = try tensor.source.bytes() }
        if let config = checkpoint.config { _ = try ConfigText.settingDType(config, to: .bf16) }
        _ = checkpoint.stamp
        let graph = Graph()
        let node = try graph.source(checkpoint)
        let engine = Engine(graph, options: EngineOptions(threads: 1))
        if isWritten {
            defer { try? FileManager.default.removeItem(atPath: folder.path + "/out") }
            let settings = MergeRun.Settings(dtype: .f16, shardSize: 64)
            _ = try MergeRun(engine, settings: settings)
                .write([MergeResult(node: node)], to: folder.makeFolder("out"))
        }
        guard hasTask else {
            let x = try graph.reinterpret(node, as: .value)
            try engine.run(
                ([.tensor, .layer, .row, .column] as [Scope]).flatMap { scope in
                    let norm = try graph.reduce(.norm, x, over: scope)
                    return [norm, try graph.reduce(.sum, norm, over: .model)]
                })
            return
        }
        let task = try EvaluationTask(path: folder.path + "/m/task.jsonl")
        let evaluator = Evaluator(engine, dtype: nil)
        _ = try evaluator.score([node], on: [task])
    }
}
