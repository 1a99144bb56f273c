import DPPA
import DPPAScript
import Foundation
import Testing

/// Deltas as adapters, against NumPy's decompositions in float64 (Fixtures/lora).
@Suite struct LowRankTests {
    struct Expected: Decodable {
        var rank: Int
        var kept: Double
        var delta: [Float]
    }

    static let folder = Folders.fixtures + "/lora"
    static let expected = Result {
        try JSONDecoder().decode(
            [String: [String: Expected]].self, from: Data(contentsOf: URL(fileURLWithPath: folder + "/expected.json")))
    }
    static let query = "model.layers.0.self_attn.q_proj.weight"

    /// A recipe that opens base and expert, or base and two adapters whose deltas are added.
    private func recipe(_ body: String, adapters: Bool = false, in scratch: Scratch) throws -> String {
        let opening =
            adapters
            ? "local base = dppa.model \"base\"\nlocal one, two = dppa.model \"one\", dppa.model \"two\"\n"
                + "local delta = 0.5 * one - 1.25 * two\n"
            : "local base, experts = dppa.family { base = \"base\", experts = { \"expert\" } }\n"
                + "local delta = experts[1] - base\n"
        return try scratch.write("local dppa = require \"dppa.v1\"\n" + opening + body + "\n", "recipe.lua")
    }

    private func write(
        _ body: String, adapters: Bool = false, dtype: DType? = nil, engine: EngineOptions = EngineOptions(threads: 2),
        in scratch: Scratch
    ) throws -> RecipeOutcome {
        var request = RecipeRun.Request(out: scratch.path + "/out")
        (request.modelRoots, request.engine, request.dtype, request.force) = ([Self.folder], engine, dtype, true)
        return try RecipeRun(recipe(body, adapters: adapters, in: scratch)).run(request)
    }

    private func failure(_ body: String, adapters: Bool = false) -> DPPAError? {
        #expect(throws: DPPAError.self) { _ = try write(body, adapters: adapters, in: Scratch()) }
    }

    /// The delta that an adapter is when it is opened again.
    private func opened(_ path: String, base: String = folder + "/base") throws -> [String: [Float]] {
        let base = try OpenModel(at: base, label: "base")
        let adapter = try OpenModel(at: path, label: "adapter", base: base)
        #expect(adapter.space == .delta)
        var result: [String: [Float]] = [:]
        for tensor in adapter.tensors {
            var values = [Float](repeating: 0, count: tensor.facts.numel)
            #expect(tensor.source.dtype == .f32)
            try values.withUnsafeMutableBytes {
                if let start = $0.baseAddress { try tensor.source.load(0..<tensor.facts.numel, into: start) }
            }
            result[tensor.facts.name] = values
        }
        return result
    }

    private func settings(_ path: String) throws -> [String: Any] {
        let data = try Data(contentsOf: URL(fileURLWithPath: path + "/adapter_config.json"))
        return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    @Test(arguments: [
        "rank=2", "rank=64", "energy=0.8", "energy=1", "energy=0.95 max_rank=2", "sum rank=2", "sum rank=4",
        "sum energy=0.9", "sum exact",
    ])
    func whatIsWrittenIsTheBestOfItsRank(_ name: String) throws {
        let right = try #require(try Self.expected.get()[name])
        let isSum = name.hasPrefix("sum")
        let options =
            name == "sum exact"
            ? "rank = \"exact\""
            : name.split(separator: " ").filter { $0 != "sum" }.map {
                $0.replacingOccurrences(of: "=", with: " = ")
            }.joined(separator: ", ")
        let scratch = try Scratch()
        let outcome = try write(
            "return delta:linears():lora { \(options) }", adapters: isSum, in: scratch)
        let found = try opened(scratch.path + "/out")
        #expect(Set(found.keys) == Set(right.keys))
        let adapter = try #require(outcome.record.outputs.first?.adapter)
        let config = try settings(scratch.path + "/out")
        let file = try SafetensorsFile(scratch.path + "/out/adapter_model.safetensors")
        for (tensor, right) in right {
            let values = try #require(found[tensor])
            #expect(values.count == right.delta.count)
            for (found, right) in zip(values, right.delta) { #expect(abs(found - right) < 2e-6, "\(tensor)") }
            let module = try #require(adapter.modules.first { $0.tensor == tensor })
            #expect(abs(module.kept - right.kept) < 1e-5, "\(tensor): \(module.kept), expected \(right.kept)")
            let down = try #require(
                file.tensors.first { $0.name == "base_model.model.\(module.path).lora_A.weight" })
            #expect(down.shape[0] == module.rank)
            // Whole factors stay as they are, whatever rank their product has.
            if !isSum { #expect(module.rank == right.rank, "\(tensor)") }
            // The ranks of the adapters that are added: what fits stays as it is.
            let own = tensor == Self.query ? 5 : tensor.contains("up_proj") ? 2 : 3
            let fits = name == "sum exact" || name == "sum rank=2" && own <= 2 || name == "sum rank=4" && own <= 4
            #expect(module.isExact == fits, "\(tensor)")
        }
        #expect(config["lora_alpha"] as? Int == config["r"] as? Int && config["peft_type"] as? String == "LORA")
        #expect(!FileManager.default.fileExists(atPath: scratch.path + "/out/.dppa-factors"))
    }

    /// The recipe that ships: one adapter, or a folder of them by the experts' labels.
    @Test(
        arguments: [
            ("rank=2", ["rank": "2"]), ("energy=0.8", ["energy": "0.8"]),
            ("energy=0.95 max_rank=2", ["energy": "0.95", "rank": "2"]), ("rank=64", [:]),
        ] as [(String, [String: String])])
    func fullFineTunesAsAdapters(_ name: String, _ options: [String: String]) throws {
        let right = try #require(try Self.expected.get()[name])
        for experts in [[Self.folder + "/expert"], [Self.folder + "/expert", "twin=\(Self.folder)/expert"]] {
            let scratch = try Scratch()
            var request = RecipeRun.Request(out: scratch.path + "/out")
            request.options = options.merging(
                ["base": Self.folder + "/base", "experts": experts.joined(separator: ",")]) { own, _ in own }
            let outcome = try RecipeRun(Folders.recipes + "/lora.lua").run(request)
            #expect(outcome.warnings.contains { $0.contains("lm_head.weight") || $0.contains("embed_tokens") })
            for place in experts.count == 1 ? [""] : ["/expert", "/twin"] {
                let found = try opened(scratch.path + "/out" + place)
                #expect(Set(found.keys) == Set(right.keys))
                for (tensor, right) in right {
                    #expect(zip(found[tensor] ?? [], right.delta).allSatisfy { abs($0 - $1) < 2e-6 }, "\(tensor)")
                }
            }
        }
    }

    @Test func threadsMemoryAndTilesChangeNoByte() throws {
        for (body, adapters) in [
            ("rank = 2", false), ("energy = 0.9", false), ("rank = 2, seed = 1", false), ("rank = 2", true),
        ] {
            var bytes: [Data] = []
            for options in [
                EngineOptions(threads: 1), EngineOptions(threads: 2), EngineOptions(threads: 3, memory: 80 << 20),
                EngineOptions(threads: 3, chunkElements: 4096, tileElements: 16),
            ] {
                let scratch = try Scratch()
                _ = try write(
                    "return delta:linears():lora { \(body) }", adapters: adapters, engine: options, in: scratch)
                let path = scratch.path + "/out/adapter_model.safetensors"
                bytes.append(try Data(contentsOf: URL(fileURLWithPath: path)))
            }
            #expect(Set(bytes).count == 1 && bytes[0].count > 1000, "\(body)")
        }
    }

    /// On its base the adapter that is read again is the model that the recipe would have written.
    @Test func anAdapterThatIsReadAgainIsWhatTheRecipeHad() throws {
        let scratch = try Scratch()
        let outcome = try write(
            """
            local adapter = delta:lora { rank = 2, rest = "save" }
            local model = base + adapter
            adapter:save("adapter", { dtype = "f32" })
            model:save("model", { dtype = "f32" })
            """, in: scratch)
        let (found, base) = (try opened(scratch.path + "/out/adapter"), try Written(Self.folder + "/base"))
        let model = try Written(scratch.path + "/out/model")
        for (name, tensor) in model.tensors {
            let start = base.floats(name)
            let again = found[name].map { zip(start, $0).map(+) } ?? start
            #expect(tensor.bytes.count == 4 * again.count)
            for (a, b) in zip(model.floats(name), again) { #expect(abs(a - b) < 1e-6, "\(name)") }
        }
        let config = try settings(scratch.path + "/out/adapter")
        #expect(config["modules_to_save"] as? [String] == ["lm_head", "model.embed_tokens", "model.norm"])
        #expect(
            config["target_modules"] as? [String]
                == ["down_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"])
        #expect(config["base_model_name_or_path"] as? String == "base")
        #expect((config["rank_pattern"] as? [String: Int]) == ["model.layers.0.self_attn.v_proj": 1])
        #expect((config["alpha_pattern"] as? [String: Int]) == ["model.layers.0.self_attn.v_proj": 1])
        #expect(outcome.summary.contains("6 modules of rank 1 to 2") && outcome.summary.contains("3 tensors whole"))
        let card = try String(contentsOfFile: scratch.path + "/out/adapter/README.md", encoding: .utf8)
        #expect(card.contains("library_name: peft") && card.contains("# LoRA adapter"))
        #expect(card.contains("energy kept by the adapter in adapter"))
        let json = outcome.record.json.text
        #expect(json.contains("\"energy_kept\"") && json.contains("\"saved_whole\""))
    }

    @Test func whatIsNoMatrixIsSpokenFor() throws {
        let error = failure("return delta:lora { rank = 2 }")
        #expect(
            error?.message
                == ":lora: 3 of the 9 tensors of the delta get no factors: lm_head.weight (a head), model.embed_tokens.weight (an embedding), "
                + "model.norm.weight (a norm)")
        let scratch = try Scratch()
        let outcome = try write("return delta:lora { rank = 2, rest = \"drop\" }", in: scratch)
        let warning = outcome.warnings.first { $0.contains("leaves out 3 tensors") }
        #expect(warning?.contains("model.norm.weight") == true)
        let share = try #require(outcome.record.outputs.first?.adapter?.droppedShare)
        let (base, expert) = (try Written(Self.folder + "/base"), try Written(Self.folder + "/expert"))
        func size(_ name: String) -> Double {
            zip(expert.floats(name), base.floats(name)).reduce(0) { $0 + pow(Double($1.0 - $1.1), 2) }
        }
        let rest = ["model.embed_tokens.weight", "model.norm.weight"]
        let all = base.tensors.keys.reduce(0) { $0 + size($1) }
        #expect(abs(share - rest.reduce(0) { $0 + size($1) } / all) < 1e-9)
        #expect(try Set(opened(scratch.path + "/out").keys).isDisjoint(with: rest))
    }

    @Test func targetsAreChosenByGlob() throws {
        let scratch = try Scratch()
        _ = try write(
            "return delta:lora { rank = 2, targets = { \"*.q_proj.weight\", \"*.up_proj.weight\" }, rest = \"drop\" }",
            in: scratch)
        #expect(try opened(scratch.path + "/out").count == 2)
        #expect(
            failure("return delta:lora { rank = 2, targets = \"*nothing*\" }")?.message.contains("'*nothing*'") == true)
        #expect(
            failure("return delta:lora { rank = 2, targets = \"*norm*\", rest = \"drop\" }")?.message
                == ":lora: the target model.norm.weight is a norm")
    }

    @Test(arguments: [
        ("return delta:lora()", "say how large the factors are"),
        ("return delta:lora { rank = 2, energy = 0.5 }", "both say how large"),
        ("return delta:lora { rank = 2, max_rank = 3 }", "max_rank is for energy"),
        ("return delta:lora { energy = 0.5, seed = 1 }", "seed"),
        ("return delta:linears():lora { energy = 0 }", "keeps nothing"),
        ("return delta:lora { rank = 0 }", "option 'rank' must be"),
        ("return delta:lora { rank = \"exakt\" }", "option 'rank' must be"),
        ("return base:lora { rank = 2 }", "is no delta"),
        ("return delta:linears():lora { rank = \"exact\" }", "is for sums of adapters"),
        ("return (base - base):linears():lora { rank = 2 }", "the delta is zero everywhere"),
        ("return (0 * delta:linears()):lora { rank = 2 }", "the delta is zero on 6 modules"),
        ("return (delta:select \"model.norm.weight\"):lora { rank = 2 }", "no tensor of the delta is the matrix"),
        ("return 0.5 * delta:linears():lora { rank = 2 }", "must give a model to write"),
        ("delta:linears():lora({ rank = 2 }):save(\"x\", { tokenizer = base })", "an adapter has no 'tokenizer'"),
        ("return (delta / 0):linears():lora { rank = 2 }", "not finite"),
        ("return delta", "must give a model to write"),
    ])
    func mistakesAreToldByName(_ body: String, _ words: String) {
        let error = failure(body)
        #expect(error?.message.contains(words) == true, "\(error.map { "\($0)" } ?? "none")")
    }

    /// Experts in one tensor have no modules for factors, nor have the slices of one.
    @Test func stacksOfExpertsAreRefusedByName() throws {
        let scratch = try Scratch()
        let stack = "model.layers.0.mlp.experts.gate_up_proj"
        for (name, shift) in [("stacked", Float(0)), ("other", 1)] {
            try EdgeCaseTests.write(
                scratch, name,
                [
                    (stack, [2, 4, 3], (0..<24).map { Float($0) + shift }),
                    (Self.query, [3, 3], (0..<9).map { Float($0) * (1 + shift) }),
                ])
        }
        for (stacks, word) in [("whole", "a stack of 2 matrices"), ("apart", "a matrix of the stack")] {
            let recipe = try scratch.write(
                """
                local dppa = require "dppa.v1"
                local base, experts = dppa.family { base = "stacked", experts = { "other" }, stacks = "\(stacks)" }
                return (experts[1] - base):lora { rank = 1 }
                """, "stacks.lua")
            let error = #expect(throws: DPPAError.self) { _ = try run(recipe, in: scratch) }
            #expect(error?.message.contains(word) == true && error?.message.contains("experts") == true)
        }
    }

    @Test func thePlanTellsWhatIsWritten() throws {
        let scratch = try Scratch()
        let file = try recipe("return delta:lora { rank = 2, rest = \"drop\" }", in: scratch)
        var request = RecipeRun.Request(out: scratch.path + "/out")
        request.modelRoots = [Self.folder]
        let plan = try RecipePlan(RecipeRun(file).trace(request, isDry: true), dtype: nil)
        #expect(plan.adapters.map(\.plan.modules.count) == [6] && plan.engine.matrices?.decompositions == 6)
        #expect(
            plan.adapters.first?.plan.words.contains("6 modules of rank 1 to 2 on base, 134 parameters in f32") == true)
        let stored = [(7, 5), (3, 5), (1, 5), (5, 7), (11, 5), (5, 11)].reduce(0) { sum, shape in
            sum + min(2, shape.0) * (shape.0 + shape.1)
        }
        #expect(plan.engine.bytesWritten == 4 * stored)
    }
}
