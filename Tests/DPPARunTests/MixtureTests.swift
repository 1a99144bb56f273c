import DPPA
import DPPAImport
import DPPAScript
import Foundation
import Testing

/// Mixtures made of dense models, against mergekit-moe and transformers: see Fixtures/mixtures/generate.py.
@Suite struct MixtureTests {
    struct Expected: Decodable {
        struct Case: Decodable {
            var tensors: [String: String]
            var gates: [String: [Float]]
            var logprobs: [[Double]]
        }
        var tokens: [[Int32]]
        var cases: [String: Case]
    }

    static let folder = Folders.fixtures + "/mixtures"
    static let expected = Result {
        try JSONDecoder().decode(
            Expected.self, from: Data(contentsOf: URL(fileURLWithPath: folder + "/expected.json")))
    }
    static let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder + "/merges")) ?? [])
        .map { String($0.dropLast(4)) }.sorted()

    static func made(
        _ text: String, in scratch: Scratch, threads: Int = 2, out: String = "out"
    ) throws -> (outcome: RecipeOutcome, model: Written) {
        var engine = EngineOptions(threads: threads)
        engine.verifiesPrograms = true
        return try run(try scratch.write(text, "recipe.lua"), engine: engine, in: scratch) {
            $0.modelRoots = [folder + "/models", scratch.path]
            $0.out = scratch.path + "/" + out
        }
    }

    private static let start = """
        local dppa = require "dppa.v1"
        local base, a, b = dppa.model "llama/base", dppa.model "llama/A", dppa.model "llama/B"

        """

    private func error(_ body: String, start: String = start) throws -> DPPAError {
        let scratch = try Scratch()
        return try #require(throws: DPPAError.self) { try Self.made(start + body, in: scratch) }
    }

    private func config(_ scratch: Scratch, _ out: String = "out") throws -> JSONObject {
        try JSONObject(
            Data(contentsOf: URL(fileURLWithPath: "\(scratch.path)/\(out)/config.json")), file: "config.json")
    }

    /// Every tensor but the gates has the bytes that mergekit writes, gates are near, and the model says what transformers says.
    @Test(arguments: names) func agreesWithMergekit(_ name: String) throws {
        let scratch = try Scratch()
        let text = try String(contentsOfFile: "\(Self.folder)/merges/\(name).yml", encoding: .utf8)
        let recipe = try ImportTests.recipe(text).text
        let model = try Self.made(recipe, in: scratch).model
        let expected = try #require(try Self.expected.get().cases[name])
        #expect(Set(model.tensors.keys) == Set(expected.tensors.keys).union(expected.gates.keys))
        for (tensor, digest) in expected.tensors {
            #expect(model.tensors[tensor].map { sha256($0.bytes) } == digest, "\(tensor)")
        }
        for (tensor, gates) in expected.gates {
            let own = model.floats(tensor)
            #expect(own.count == gates.count && zip(own, gates).allSatisfy { abs($0 - $1) < 1e-5 }, "\(tensor)")
        }
        let graph = Graph()
        let node = try graph.source(OpenModel(at: scratch.path + "/out", label: "made"))
        let evaluator = Evaluator(Engine(graph, options: EngineOptions(threads: 2)), dtype: nil)
        for (tokens, right) in zip(try Self.expected.get().tokens, expected.logprobs) {
            let sequence = TokenSequence(
                tokens: tokens, wanted: 0..<tokens.count - 1, targets: Array(tokens.dropFirst()))
            let found = try evaluator.predictions(node, [sequence]).map(\.logProbability)
            #expect(zip(found, right).allSatisfy { abs($0 - $1) < 1e-4 }, "\(found) \(right)")
        }
    }

    @Test func everyFileIsExpected() throws {
        let cases = try Self.expected.get().cases
        #expect(Self.names.count == 6 && Set(cases.keys) == Set(Self.names))
    }

    /// Random gates are those of the seed and the name, whatever else there is.
    @Test func randomGates() throws {
        let scratch = try Scratch()
        let gate = "model.layers.1.block_sparse_moe.gate.weight"
        func gates(_ options: String, _ experts: String = "{ a, b }", threads: Int = 2) throws -> [Float] {
            try Self.made(
                Self.start + "return dppa.mixture(base, \(experts), { gates = \(options) }), { dtype = \"f32\" }",
                in: scratch, threads: threads
            ).model.floats(gate)
        }
        let first = try gates("\"random\"")
        #expect(try gates("\"random\", seed = 0", threads: 1) == first)
        #expect(try gates("\"random\", seed = 1") != first)
        // A row more changes none of those before it.
        #expect(try Array(gates("\"random\"", "{ a, b, { a } }").prefix(16)) == first)
        let many = try gates(
            "\"random\", experts_per_token = 1", "{ \((0..<200).map { _ in "a" }.joined(separator: ", ")) }")
        let mean = many.reduce(0, +) / Float(many.count)
        let variance = many.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(many.count)
        #expect(abs(mean) < 0.1 && abs(variance - 1) < 0.15)
        let bounded = try gates("\"uniform\"", "{ \((0..<200).map { _ in "b" }.joined(separator: ", ")) }")
        let bound = 1 / Float(8).squareRoot()
        #expect(bounded.allSatisfy { abs($0) <= bound } && bounded.contains { $0 > 0.9 * bound })
        #expect(abs(bounded.reduce(0, +) / Float(bounded.count)) < 0.03)
    }

    /// An expert and a base that are merges give what they give when they are written first.
    @Test func mergesAreExperts() throws {
        let scratch = try Scratch()
        _ = try Self.made(
            Self.start + """
                local ties = require "dppa.ties"
                local dare = require "dppa.dare"
                ties(base, { a, b }, { density = 0.5 }):save "mean"
                dppa.average({ models = { base, a } }):save "half"
                """, in: scratch, out: "parts")
        let call = """
            return dppa.mixture(%@, { { %@, prompts = { { 1, 2, 3 } } }, { b, prompts = { { 9, 8 } }, residual_scale = 0.5 } },
              { gates = "hidden", label = "two" })
            """
        let whole = try Self.made(
            Self.start + "local half, mean = dppa.model \"parts/half\", dppa.model \"parts/mean\"\n"
                + String(format: call, "half", "mean"), in: scratch, out: "first"
        ).model
        let (outcome, own) = try Self.made(
            Self.start + "local ties = require \"dppa.ties\"\n"
                + String(
                    format: call, "dppa.average { models = { base, a } }", "ties(base, { a, b }, { density = 0.5 })"),
            in: scratch, out: "second")
        #expect(own.tensors.keys.sorted() == whole.tensors.keys.sorted())
        for (name, tensor) in whole.tensors {
            #expect(own.tensors[name]?.bytes == tensor.bytes, "\(name)")
            #expect(own.tensors[name]?.dtype == tensor.dtype)
        }
        #expect(try config(scratch, "second")["model_type"]?.string == "mixtral")
        let card = try String(contentsOfFile: scratch.path + "/second/README.md", encoding: .utf8)
        #expect(card.contains("Made from `base`, `A`, `B` with"), "\(card)")
        #expect(
            outcome.warnings.allSatisfy { !$0.contains("lacks") && !$0.contains("model_type") }, "\(outcome.warnings)")
    }

    /// Layer and model scopes of an expert's rule are those of the expert.
    @Test func scopesOfAnExpertAreItsOwn() throws {
        let scratch = try Scratch()
        _ = try Self.made(
            Self.start + """
                local dp = require "dppa.dp"
                local pruned = base + dp.prune(a - base, { rate = 0.7 })
                pruned:save "pruned"
                """, in: scratch, out: "parts")
        let ends = "{ %@, b }, { gates = \"random\" })"
        let whole = try Self.made(
            Self.start + "local p = dppa.model \"parts/pruned\"\nreturn dppa.mixture(base, "
                + String(format: ends, "p"), in: scratch, out: "first"
        ).model
        let own = try Self.made(
            Self.start + "local dp = require \"dppa.dp\"\nreturn dppa.mixture(base, "
                + String(format: ends, "base + dp.prune(a - base, { rate = 0.7 })"), in: scratch, out: "second"
        ).model
        for (name, tensor) in whole.tensors { #expect(own.tensors[name]?.bytes == tensor.bytes, "\(name)") }
    }

    @Test func configSaysWhatItIs() throws {
        let scratch = try Scratch()
        _ = try Self.made(Self.start + "return dppa.mixture(base, { a, b, a }, { gates = \"random\" })", in: scratch)
        let made = try config(scratch)
        #expect(made["architectures"]?.array?.first?.string == "MixtralForCausalLM")
        #expect(made["num_local_experts"]?.int == 3 && made["num_experts_per_tok"]?.int == 2)
        #expect(made["sliding_window"]?.isNull == true && made["rms_norm_eps"]?.double == 1e-5)
        let card = try String(contentsOfFile: scratch.path + "/out/README.md", encoding: .utf8)
        #expect(card.contains("`A`") && card.contains("`B`") && card.contains("`base`"))
        #expect(FileManager.default.fileExists(atPath: scratch.path + "/out/tokenizer.json"))
    }

    @Test(arguments: [
        ("{}", "experts", "list"),
        ("{ a, 3 }", "expert 2 must be a model", "the number 3"),
        ("{ a, b - base }", "expert 2 must be a model", "B - base"),
        ("{ { a, prompt = { \"x\" } }, b }", "expert 1 has no 'prompt'", "did you mean 'prompts'"),
        ("{ { a, prompts = {} }, b }", "expert 1 has prompts that are", "an empty table"),
        ("{ { a, prompts = \"\" }, b }", "expert 1 has prompts that are", "the text ''"),
        ("{ { a, prompts = { -1 } }, b }", "expert 1 has prompts that are", "a list"),
        ("{ { a, negative_prompts = \"x\" }, b }", "negative_prompts and no prompts", ""),
        ("{ { a, residual_scale = \"x\" }, b }", "residual_scale that is the text 'x'", "finite"),
        ("{ a, b }", "expert 1, A, has no prompts", "hidden"),
        ("{ a, b }, { gates = \"hiden\" }", "gates", "did you mean"),
        ("{ { a, prompts = \"x\" }, { b, prompts = \"x\" } }", "all experts have the same prompts", ""),
        ("{ { a, prompts = { { 300 } } }, { b, prompts = \"x\" } }", "token 300", "260"),
        ("{ { a, prompts = \"x\" }, { b, prompts = \"y\" } }, { gates = \"random\" }", "made of none", "expert 1"),
        ("{ { a, prompts = \"x\" }, { b, prompts = \"y\" } }, { seed = 3 }", "seed is for random gates", ""),
        ("{ a, b }, { gates = \"random\", experts_per_token = 3 }", "experts_per_token is 3", "2 experts"),
        ("{ a, b }, { gates = \"random\", family = \"qwen3_moe\" }", "attention of qwen3", "llama"),
        ("{ a, b }, { gates = \"random\", family = \"qwen2_moe\" }", "has one shared expert", "shared = { model }"),
        ("{ a, b }, { gates = \"random\", family = \"mixtral\", shared = a }", "no shared expert", "leave out"),
        ("{ a, b }, { gates = \"random\", label = \"A\" }", "two models have the label 'A'", "behind the experts"),
        ("{ a, dppa.model \"q=qwen3/A\" }, { gates = \"random\" }", "model_type", "llama"),
    ])
    func mistakes(_ rest: String, _ words: String, _ more: String) throws {
        let error = try error("return dppa.mixture(base, \(rest))")
        let text = ([error.message] + error.notes).joined(separator: " ")
        #expect(text.contains(words) && (more.isEmpty || text.contains(more)), "\(text)")
        #expect(error.location?.line == 3, "\(text)")
    }

    @Test func modelsThatMakeNoMixture() throws {
        let qwen =
            "local dppa = require \"dppa.v1\"\nlocal base, a = dppa.model \"qwen2/base\", dppa.model \"qwen2/A\"\n"
        let missing = try error("return dppa.mixture(base, { a, a }, { gates = \"random\" })", start: qwen)
        #expect(missing.message.contains("Qwen2-MoE, which qwen2 is made into, has a shared expert"))
        let biases = try error(
            "return dppa.mixture(base, { a, a }, { gates = \"random\", family = \"mixtral\" })", start: qwen)
        #expect(biases.message.contains("Mixtral has the attention of llama, mistral"))
        let scratch = try Scratch()
        _ = try Self.made(Self.start + "return dppa.mixture(base, { a, b }, { gates = \"random\" })", in: scratch)
        let twice = try #require(throws: DPPAError.self) {
            try Self.made(
                Self.start + "local m = dppa.model \"out\"\nreturn dppa.mixture(m, { a, b }, { gates = \"random\" })",
                in: scratch, out: "again")
        }
        #expect(twice.message.contains("mixtral, of which no mixture is made"))
    }

    /// Texts need a tokenizer; what a dry run tells is what a run would.
    @Test func promptsNeedATokenizer() throws {
        let start = "local dppa = require \"dppa.v1\"\nlocal base, b = dppa.model \"llama/A\", dppa.model \"llama/B\"\n"
        let call = "return dppa.mixture(base, { { base, prompts = \"x\" }, { b, prompts = \"y\" } })"
        let error = try error(call, start: start)
        #expect(error.message.contains("has no tokenizer.json or tokenizer.model"))
        #expect(error.notes.contains { $0.contains("token ids") })
        let scratch = try Scratch()
        let file = try scratch.write(start + call, "recipe.lua")
        var request = RecipeRun.Request(out: scratch.path + "/out")
        request.modelRoots = [Self.folder + "/models"]
        let dry = #expect(throws: DPPAError.self) { _ = try RecipeRun(file).trace(request, isDry: true) }
        #expect(dry?.message == error.message)
    }

    /// Prompts that are much alike are warned of.
    @Test func degenerateGates() throws {
        let scratch = try Scratch()
        let same = (0..<40).map(String.init).joined(separator: ", ")
        let call = """
            return dppa.mixture(base, { { a, prompts = { { \(same), 41 } } }, { b, prompts = { { \(same), 42 } } } },
              { gates = "embedding" })
            """
        let alike = try Self.made(Self.start + call, in: scratch).outcome.warnings
        #expect(alike.contains { $0.contains("prompts of some experts are much alike in layers 0, 1") }, "\(alike)")
    }

    /// A mixture is scored before it is written, and is a base and an expert like any model.
    @Test func aMixtureIsAModel() throws {
        let scratch = try Scratch()
        _ = try scratch.write(#"{"tokens": [1, 2, 3, 4, 5, 6]}"# + "\n", "task.jsonl")
        let (outcome, model) = try Self.made(
            Self.start + """
                local one = dppa.mixture(base, { a, b }, { gates = "random", label = "one" })
                local other = dppa.mixture(base, { b, b }, { gates = "random", label = "other" })
                print(dppa.score(one, "task.jsonl") > 0)
                return one + 0.5 * (other - one)
                """, in: scratch)
        #expect(outcome.record.printed == ["true"])
        let (first, second) = (
            try Written(Self.folder + "/models/llama/A"), try Written(Self.folder + "/models/llama/B")
        )
        let found = model.floats("model.layers.0.block_sparse_moe.experts.0.w2.weight")
        let name = "model.layers.0.mlp.down_proj.weight"
        let right = zip(first.floats(name), second.floats(name)).map { $0 + 0.5 * ($1 - $0) }
        #expect(zip(found, right).allSatisfy { abs($0 - $1) <= 0.01 * max(1, abs($1)) })
    }
}
