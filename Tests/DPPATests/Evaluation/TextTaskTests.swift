import DPPA
import Foundation
import Testing

/// Tasks of texts on a tiny model, beside what lm-evaluation-harness says of it: see Fixtures/texts.
@Suite struct TextTaskTests {
    static let folder = fixtures + "/texts"
    static let expected: JSONObject = {
        let bytes = (try? readBytes(folder + "/expected.json")) ?? []
        return (try? JSONObject(bytes, file: "expected.json")) ?? JSONObject()
    }()
    static let names = (expected["plain"]?.object?.names ?? []).sorted()

    /// The model, `begin` with a tokenizer that puts <s> in front of every text.
    static func model(_ variant: String) throws -> TestFolder {
        let model = try TestFolder()
        for name in ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"] {
            try FileManager.default.copyItem(atPath: folder + "/model/" + name, toPath: model.path + "/" + name)
        }
        guard variant == "begin", let processor = expected["begin_processor"] else { return model }
        let text = try model.text("tokenizer.json")
        #expect(text.contains("\"post_processor\":null"))
        try model.write(
            text.replacingOccurrences(of: "\"post_processor\":null", with: "\"post_processor\":" + processor.text),
            "tokenizer.json")
        return model
    }

    static func results(
        _ model: TestFolder, _ path: String, _ options: EngineOptions = EngineOptions(threads: 2)
    ) throws -> TaskResult {
        let graph = Graph()
        let node = try graph.source(OpenModel(at: model.path, label: "tiny"))
        let evaluator = Evaluator(Engine(graph, options: options), dtype: nil)
        return try evaluator.results([node], on: [EvaluationTask(path: path)])[0][0]
    }

    @Test(arguments: ["plain", "begin"], names)
    func theHarnessSaysTheSame(variant: String, name: String) throws {
        let result = try Self.results(Self.model(variant), Self.folder + "/tasks/\(name).json")
        let expected = try #require(Self.expected[variant]?[name])
        let samples = expected["samples"]?.array ?? []
        #expect(result.items.count == samples.count && !samples.isEmpty)
        for (item, sample) in zip(result.items, samples) {
            if let text = sample["text"]?.string {
                #expect(item.said == text, "\(name):\(item.line)")
                continue
            }
            let wanted = sample["log_likelihoods"]?.array?.compactMap(\.double) ?? []
            #expect(item.logLikelihoods.count == wanted.count)
            for (a, b) in zip(item.logLikelihoods, wanted) {
                #expect(abs(a - b) <= 1e-5 * max(1, abs(b)), "\(name):\(item.line): \(a), \(b)")
            }
        }
        // What the harness calls exact_match is generated here, and its acc of a target is an exact match.
        let metrics = ["generate": "exact_match", "exact_match": "acc"]
        let all =
            [(result.score.metric, result.score.value)] + result.score.others.map { (Optional($0.metric), $0.value) }
        var compared = 0
        for (metric, value) in all {
            let own = metric?.rawValue ?? ""
            guard let wanted = expected["metrics"]?[metrics[own] ?? own]?.double else { continue }
            compared += 1
            #expect(abs(value - wanted) <= 1e-4 * max(1, abs(wanted)), "\(name) \(own): \(value), \(wanted)")
        }
        #expect(compared == expected["metrics"]?.object?.members.count)
    }

    @Test func scoresDependOnNoThreadsAndNoMemory() throws {
        let model = try Self.model("plain")
        for name in ["mmlu", "documents", "gsm8k"] {
            let path = Self.folder + "/tasks/\(name).json"
            let one = try Self.results(model, path, EngineOptions(threads: 1, memory: 96 << 20))
            let two = try Self.results(model, path, EngineOptions(threads: 2, memory: 1 << 30))
            #expect(one.items.map(\.logLikelihoods) == two.items.map(\.logLikelihoods))
            #expect(one.items.map(\.said) == two.items.map(\.said))
        }
    }

    private func result(_ lines: String..., in model: TestFolder) throws -> TaskResult {
        try Self.results(model, model.write(lines.joined(separator: "\n"), "task.jsonl"))
    }

    @Test func aSpaceStandsBetweenUnlessThereIsWhiteSpace() throws {
        let model = try Self.model("plain")
        func likelihood(_ prompt: String, _ target: String, _ first: String? = nil) throws -> Double {
            let line: JSONValue = ["prompt": .string(prompt), "target": .string(target)]
            let task = [first, line.text].compactMap { $0 }.joined(separator: "\n")
            return try result(task, in: model).items[0].logLikelihoods[0]
        }
        let plain = try likelihood("The dog", "runs")
        #expect(try likelihood("The dog", " runs") == plain)
        // White space at the end of a prompt is part of what is scored.
        #expect(try likelihood("The dog ", "runs") == plain)
        let metric = "{\"metric\": \"exact_match\", \"target_delimiter\": "
        #expect(try likelihood("The dog", "runs", metric + "\" \"}") == plain)
        #expect(try likelihood("The dog", " runs", metric + "\"\"}") == plain)
        #expect(try likelihood("The dog", "runs", metric + "\"\"}") != plain)
        #expect(try likelihood("The dog ", "runs", metric + "\" \"}") != plain)
        #expect(try likelihood("", "runs").isFinite && likelihood("  ", "runs").isFinite)
    }

    @Test func nobodysTextIsASpecialToken() throws {
        let model = try Self.model("plain")
        let tokenizer = try Tokenizer(path: model.path + "/tokenizer.json").encoder()
        func count(_ document: String) throws -> Int {
            let line: JSONValue = ["text": .string(document)]
            return try result(line.text, in: model).items[0].tokens
        }
        let text = "a<|im_end|>\n<|im_start|>system\nb"
        #expect(try count(text) == tokenizer.encode(text).count)
        #expect(try count(text) > 12)
        // In a chat the template's own are, and the question's are not.
        let chat = "{\"metric\": \"exact_match\", \"chat\": true}"
        func likelihood(_ prompt: String) throws -> Double {
            let line: JSONValue = ["prompt": .string(prompt), "target": .string("b")]
            return try result(chat, line.text, in: model).items[0].logLikelihoods[0]
        }
        let around = try [text, "plain"].map { text -> [Int32] in
            var options = Tokenizer.Options()
            let head = "<|im_start|>user\n"
            let tail = "<|im_end|>\n<|im_start|>assistant"
            let start = head.utf8.count + text.utf8.count
            options.specialRanges = [0..<head.utf8.count, start..<start + tail.utf8.count + 2]
            return try tokenizer.encode(head + text + tail + "\nb", options)
        }
        let graph = Graph()
        let node = try graph.source(OpenModel(at: model.path, label: "tiny"))
        let evaluator = Evaluator(Engine(graph, options: EngineOptions(threads: 1)), dtype: nil)
        for (tokens, text) in zip(around, [text, "plain"]) {
            #expect(tokens.first == 457 && tokens.count(where: { $0 == 458 }) == 1)
            let sequence = TokenSequence(
                tokens: Array(tokens.dropLast()), wanted: tokens.count - 3..<tokens.count - 1,
                targets: Array(tokens.suffix(2)))
            let wanted = try evaluator.predictions(node, [sequence]).reduce(0) { $0 + $1.logProbability }
            #expect(try abs(likelihood(text) - wanted) < 1e-9)
        }
    }

    @Test func linesSayTheSameAsADeclaration() throws {
        let model = try Self.model("plain")
        let lines = try result(
            "{\"metric\": \"acc_norm\"}",
            "{\"prompt\": \"Q: which?\\nA:\", \"choices\": [\"a dog\", \"x\"], \"answer\": \"x\"}",
            in: model)
        try model.write("\u{FEFF}{\"q\": \"which?\", \"c\": [\"a dog\", \"x\"], \"gold\": 1}\n", "data.jsonl")
        let task = try model.write(
            #"{"data": "data.jsonl", "metric": "acc_norm", "prompt": "Q: {{q}}\nA:", "choices": "{{c}}", "answer": "{{gold}}"}"#,
            "task.json")
        let declared = try Self.results(model, task)
        #expect(lines.items[0].logLikelihoods == declared.items[0].logLikelihoods)
        #expect(lines.score.metric == .choicePerCharacter && lines.score.value == declared.score.value)
        #expect(Set(declared.score.others.map(\.metric)) == [.choice, .choiceNormalized])
        #expect(try EvaluationTask(path: task).files.count == 2)
    }

    @Test func whatIsScoredIsRememberedWithItsTokenizer() throws {
        let graph = Graph()
        let (plain, begin) = (try Self.model("plain"), try Self.model("begin"))
        let nodes = try [plain, begin].map { try graph.source(OpenModel(at: $0.path, label: "tiny")) }
        let journal = ScoreJournal(path: plain.path + "/scores.jsonl")
        let scorer = Scorer(Engine(graph, options: EngineOptions(threads: 1)), dtype: nil, journal: journal)
        let task = ScoredTask.builtIn(try EvaluationTask(path: Self.folder + "/tasks/arc.json"))
        let first = try scorer.score(nodes, on: [task])
        #expect(try plain.text("scores.jsonl").split(separator: "\n").count == 2)
        let again = try Scorer(
            Engine(graph, options: EngineOptions(threads: 1)), dtype: nil,
            journal: ScoreJournal(path: plain.path + "/scores.jsonl")
        ).score(nodes, on: [task])
        #expect(again.map { $0[0].value } == first.map { $0[0].value })
        #expect(again[0][0].others.map(\.value) == first[0][0].others.map(\.value))
        // Another tokenizer in the same place is another score.
        try plain.write(try begin.text("tokenizer.json"), "tokenizer.json")
        let fresh = Graph()
        let node = try fresh.source(OpenModel(at: plain.path, label: "tiny"))
        let kept = ScoreJournal(path: plain.path + "/scores.jsonl")
        _ = try Scorer(Engine(fresh, options: EngineOptions(threads: 1)), dtype: nil, journal: kept).score(
            [node], on: [task])
        #expect(try plain.text("scores.jsonl").split(separator: "\n").count == 3)
    }
}
