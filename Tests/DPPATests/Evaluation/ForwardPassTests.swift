import DPPA
import Foundation
import Testing

/// The built-in forward pass against `transformers`: see Fixtures/Evaluation.
@Suite struct ForwardPassTests {
    struct Expected: Decodable {
        var tokens: [[Int32]]
        var logits: [[[Double]]]
        var greedy: [[Int32]]

        enum CodingKeys: String, CodingKey {
            case tokens, logits
            case greedy = "greedy_all"
        }
    }

    static let fixtures = NSString(string: #filePath).deletingLastPathComponent + "/../Fixtures/Evaluation"
    /// Every model that `architectures.py` has made.
    static let architectures =
        ((try? FileManager.default.contentsOfDirectory(atPath: fixtures + "/Architectures")) ?? []).sorted()

    static func open(_ name: String, config: String = "config.json", _ options: EngineOptions) throws
        -> (Evaluator, NodeID, Expected, TestFolder)
    {
        // A folder of its own, so that either spelling of the configuration can be the one that counts.
        let folder = try TestFolder()
        let source = fixtures + "/Architectures/\(name)"
        try FileManager.default.copyItem(atPath: source + "/" + config, toPath: folder.path + "/config.json")
        try FileManager.default.copyItem(
            atPath: source + "/model.safetensors", toPath: folder.path + "/model.safetensors")
        let graph = Graph()
        let checkpoint = try OpenModel(at: folder.path, label: name)
        let node = try graph.source(checkpoint)
        let evaluator = Evaluator(Engine(graph, options: options), dtype: nil)
        let data = try Data(contentsOf: URL(fileURLWithPath: source + "/expected.json"))
        return (evaluator, node, try JSONDecoder().decode(Expected.self, from: data), folder)
    }

    /// The logarithm of every token's probability after every position, one target at a time.
    static func logProbabilities(_ evaluator: Evaluator, _ node: NodeID, _ tokens: [Int32]) throws -> [[Double]] {
        let vocabulary = 64
        let sequences = (0..<vocabulary).map { target in
            TokenSequence(
                tokens: tokens, wanted: 0..<tokens.count,
                targets: [Int32](repeating: Int32(target), count: tokens.count))
        }
        let all = try evaluator.predictions(node, sequences)
        return tokens.indices.map { position in
            (0..<vocabulary).map { all[$0 * tokens.count + position].logProbability }
        }
    }

    @Test(arguments: architectures, ["config.json", "config_v4.json"])
    func logitsAreThoseOfTransformers(name: String, config: String) throws {
        let (evaluator, node, expected, folder) = try Self.open(name, config: config, EngineOptions(threads: 2))
        defer { withExtendedLifetime(folder) {} }
        for (tokens, logits) in zip(expected.tokens, expected.logits) {
            let found = try Self.logProbabilities(evaluator, node, tokens)
            for (row, right) in zip(found, logits) {
                let largest = right.max() ?? 0
                let total = log(right.reduce(0) { $0 + exp($1 - largest) }) + largest
                for (own, logit) in zip(row, right) { #expect(abs(own - (logit - total)) < 1e-4) }
            }
        }
    }

    @Test(arguments: architectures)
    func greedyGenerationWithCacheIsThatOfTransformers(name: String) throws {
        let (evaluator, node, expected, folder) = try Self.open(name, EngineOptions(threads: 2))
        defer { withExtendedLifetime(folder) {} }
        #expect(try evaluator.completions(node, expected.tokens, maximumTokens: 12) == expected.greedy)
    }

    @Test(arguments: ["qwen3", "gemma2", "phi3", "gpt2", "qwen3_moe"])
    func predictionsDoNotDependOnThreadsOrMemory(name: String) throws {
        var all: [[Double]] = []
        for (threads, memory) in [(1, 512 << 20), (2, 512 << 20), (7, 512 << 20), (2, 80 << 20)] {
            let options = EngineOptions(threads: threads, memory: memory)
            let (evaluator, node, expected, folder) = try Self.open(name, options)
            defer { withExtendedLifetime(folder) {} }
            let sequences = (0..<200).map { number in
                let tokens = expected.tokens[number % 3]
                return TokenSequence(tokens: tokens, wanted: 0..<tokens.count, targets: tokens)
            }
            all.append(try evaluator.predictions(node, sequences).map(\.logProbability))
        }
        for other in all.dropFirst() { #expect(other == all[0]) }
    }

    /// A prompt with several continuations beside each of them as a sequence of its own, windows and long prompts included.
    @Test(arguments: architectures)
    func continuationsOfOnePromptArePredictedAsAlone(name: String) throws {
        let (evaluator, node, _, folder) = try Self.open(name, EngineOptions(threads: 2))
        defer { withExtendedLifetime(folder) {} }
        var random = Lehmer(7)
        func tokens(_ count: Int) -> [Int32] { random.floats(count).map { Int32(abs($0) * 1e4) % 64 } }
        for (prompt, lengths) in [(1, [3, 1, 2]), (9, [4, 4]), (30, [1, 1, 1, 5]), (13, [2, 1]), (20, [1, 1])] {
            let (prompt, continuations) = (tokens(prompt), lengths.map(tokens))
            let alone = try continuations.flatMap { continuation in
                let all = prompt + continuation.dropLast()
                return try evaluator.predictions(
                    node,
                    [TokenSequence(tokens: all, wanted: prompt.count - 1..<all.count, targets: continuation)])
            }
            // The second time it lies behind others.
            let together = TokenSequence(prompt, continuations: continuations)
            #expect(together.tokens.count == prompt.count + lengths.reduce(0) { $0 + $1 - 1 })
            let twice = try evaluator.predictions(node, [together, together])
            #expect(twice.count == 2 * alone.count)
            for (found, right) in zip(twice, alone + alone) {
                #expect(abs(found.logProbability - right.logProbability) < 1e-5 && found.best == right.best)
            }
        }
    }

    /// Tokens of one candidate go to other experts than those of the next, and every part has weights of its own.
    @Test(arguments: ["llama1", "gemma3", "phi3", "gpt2", "qwen3_moe", "mixtral"])
    func candidatesThatAreBuiltTogetherScoreAsAlone(name: String) throws {
        let (_, _, expected, folder) = try Self.open(name, EngineOptions(threads: 2))
        let lines = expected.tokens.dropFirst().map { "{\"tokens\": \($0)}" }
        let task = try EvaluationTask(path: folder.write(lines.joined(separator: "\n"), "task.jsonl"))
        let graph = Graph()
        let checkpoint = try OpenModel(at: folder.path, label: name)
        let node = try graph.source(checkpoint)
        let models = try [1, 0.75, 1.5].map { factor in
            try graph.reinterpret(
                graph.binary(.multiply, graph.reinterpret(node, as: .value), graph.constant(factor)), as: .model)
        }
        let evaluator = Evaluator(
            Engine(graph, options: EngineOptions(threads: 2)), dtype: .f32)
        let together = try evaluator.score(models, on: [task]).map { $0[0].value }
        let alone = try models.map { try evaluator.score([$0], on: [task])[0][0].value }
        #expect(together == alone)
        #expect(Set(alone).count == 3)
    }

    @Test func everyFamilyHasAModelOfTransformers() throws {
        let (_, _, _, folder) = try Self.open("llama1", EngineOptions(threads: 1))
        let key = "\"model_type\": \""
        try folder.write(folder.text("config.json").replacing(key + "llama", with: key + "?"), "config.json")
        let graph = Graph()
        let checkpoint = try OpenModel(at: folder.path, label: "odd")
        let node = try graph.source(checkpoint)
        let evaluator = Evaluator(
            Engine(graph, options: EngineOptions(threads: 1)), dtype: nil)
        let error = #expect(throws: DPPAError.self) { try evaluator.completions(node, [[1]], maximumTokens: 1) }
        let known = try #require(error?.message.components(separatedBy: "one of ").last?.components(separatedBy: ", "))
        let tried = try Self.architectures.map { name in
            let path = Self.fixtures + "/Architectures/\(name)/config.json"
            let config = try String(contentsOfFile: path, encoding: .utf8)
            return config.components(separatedBy: key)[1].components(separatedBy: "\"")[0]
        }
        #expect(Set(known) == Set(tried))
    }

    @Test func aModelWithLearnedPositionsTakesNoMoreTokens() throws {
        let (evaluator, node, _, folder) = try Self.open("gpt2", EngineOptions(threads: 1))
        defer { withExtendedLifetime(folder) {} }
        func predict(_ count: Int) throws -> Int {
            let tokens = [Int32](repeating: 1, count: count)
            return try evaluator.predictions(node, [TokenSequence(tokens: tokens, wanted: 0..<count, targets: tokens)])
                .count
        }
        #expect(try predict(48) == 48)
        let error = #expect(throws: DPPAError.self) { try predict(49) }
        #expect(error?.message.contains("49 tokens; the model has 48 positions") == true)
    }

    @Test(
        arguments: [
            ("\"model_type\": \"llama\"", "\"model_type\": \"bloom\"", "'model_type' is bloom"),
            ("\"hidden_act\": \"silu\"", "\"hidden_act\": \"gelu\"", "'hidden_act' is gelu"),
            ("\"hidden_size\": 32", "\"hidden_size\": 48", "has the shape"),
            ("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3", "model.layers.2.input_layernorm.weight"),
            ("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1", "would leave out"),
            ("\"vocab_size\": 64", "\"num_experts\": 4, \"vocab_size\": 64", "'num_experts' is 4"),
            ("\"rope_type\": \"default\"", "\"rope_type\": \"yarn\"", "'rope_type' is yarn"),
        ])
    func whatIsNotKnownIsNamed(old: String, new: String, message: String) throws {
        let (_, _, _, folder) = try Self.open("llama1", EngineOptions(threads: 1))
        let path = folder.path + "/config.json"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains(old))
        try text.replacingOccurrences(of: old, with: new).write(toFile: path, atomically: true, encoding: .utf8)
        let graph = Graph()
        let checkpoint = try OpenModel(at: folder.path, label: "odd")
        let node = try graph.source(checkpoint)
        let evaluator = Evaluator(
            Engine(graph, options: EngineOptions(threads: 1)), dtype: nil)
        let error = #expect(throws: DPPAError.self) { try evaluator.completions(node, [[1]], maximumTokens: 1) }
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }
}
