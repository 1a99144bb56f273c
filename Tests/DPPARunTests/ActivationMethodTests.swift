import DPPA
import DPPAScript
import Foundation
import Testing

/// Methods that look at inputs against NumPy in float64, whole models with a forward pass of their own (Fixtures/pruning).
@Suite struct ActivationMethodTests {
    struct Expected: Decodable {
        var masks: [String: [String: String]]
        var values: [String: [String: [Float]]]
    }

    static let folder = Folders.fixtures + "/pruning"
    static let models = Folders.tests + "/../DPPATests/Fixtures/Evaluation/Architectures"
    static let expected = Result {
        try JSONDecoder().decode(
            Expected.self, from: Data(contentsOf: URL(fileURLWithPath: folder + "/expected.json")))
    }
    static let masks = (try? expected.get().masks.keys.sorted()) ?? []
    static let values = (try? expected.get().values.keys.sorted()) ?? []
    static let recipes = ["alps", "dsnot", "owl", "regmean", "ria", "sparsegpt", "wanda"]
    private static let head = """
        local dppa = require "dppa.v1"
        local model = dppa.model "llama1"
        local w = model:linears()

        """

    private func ran(
        _ body: String, engine: EngineOptions = EngineOptions(threads: 2)
    ) throws -> (outcome: RecipeOutcome, model: Written) {
        let scratch = try Scratch()
        return try run(scratch.write(body, "recipe.lua"), dtype: .f32, engine: engine, in: scratch) {
            $0.modelRoots = [Self.models, Self.folder]
        }
    }

    /// The model of a case: "wanda schedule=dense,sparsity=0.7 of gpt2".
    private func made(_ entry: String, engine: EngineOptions = EngineOptions(threads: 2)) throws -> Written {
        let sides = entry.components(separatedBy: " of ")
        let words = sides[0].split(separator: " ").map(String.init)
        let options = (words.count > 1 ? words[1].split(separator: ",") : []).map { pair in
            let parts = pair.split(separator: "=").map(String.init)
            return parts[0] + " = " + (Double(parts[1]) == nil && parts[1] != "true" ? "\"\(parts[1])\"" : parts[1])
        }
        let isMerge = words[0] == "regmean"
        return try ran(
            """
            local dppa = require "dppa.v1"
            local method = require "dppa.\(words[0])"
            local a = dppa.model "\(sides.count > 1 ? sides[1] : "llama1")"
            local w = dppa.weights(a)
            local b = dppa.as_model(dppa.where(w:gt(0), 1.5 * w, w), a)
            return method(\(isMerge ? "{ a, b }, { \"text.jsonl\", \"other.jsonl\" }" : "a, \"text.jsonl\""), {
              \(options.joined(separator: ", "))
            })
            """, engine: engine
        ).model
    }

    @Test func everyMethodIsCompared() {
        #expect(Set((Self.masks + Self.values).map { String($0.prefix { $0 != " " }) }) == Set(Self.recipes))
    }

    @Test(arguments: masks) func masksAreThoseOfThePrograms(_ entry: String) throws {
        let (expected, model) = (try #require(try Self.expected.get().masks[entry]), try made(entry))
        for (name, digits) in expected {
            let bytes = stride(from: 0, to: digits.utf8.count, by: 2).map { place -> UInt8 in
                let start = digits.index(digits.startIndex, offsetBy: place)
                return UInt8(digits[start..<digits.index(start, offsetBy: 2)], radix: 16) ?? 0
            }
            let found = model.floats(name)
            #expect(!found.isEmpty && bytes.count == (found.count + 7) / 8, "\(name)")
            let differing = found.indices.filter { (found[$0] != 0) != (bytes[$0 / 8] >> (7 - $0 % 8) & 1 == 1) }
            #expect(differing.isEmpty, "\(name): \(differing.prefix(5))")
        }
    }

    @Test(arguments: values) func weightsAreThoseOfThePrograms(_ entry: String) throws {
        let (expected, model) = (try #require(try Self.expected.get().values[entry]), try made(entry))
        for (name, right) in expected {
            let found = Array(model.floats(name).prefix(right.count))
            #expect(found.count == right.count && !right.isEmpty)
            let size = right.map(abs).max() ?? 1
            let far = zip(found, right).map { abs($0 - $1) }.max() ?? .infinity
            #expect(far < 2e-4 * size, "\(name): \(far) of \(size)")
        }
    }

    /// Threads, memory and the order in which a run does things change no byte.
    @Test(arguments: ["wanda", "sparsegpt schedule=dense", "regmean schedule=layerwise"])
    func theSameBytesHoweverItRuns(_ entry: String) throws {
        let first = try made(entry, engine: EngineOptions(threads: 1))
        let other = try made(entry, engine: EngineOptions(threads: 5, memory: 120 << 20, chunkElements: 4096))
        for (name, tensor) in first.tensors { #expect(tensor.bytes == other.tensors[name]?.bytes, "\(name)") }
    }

    /// What is no linear stays as it is.
    @Test func theRestStays() throws {
        let (model, before) = (try made("sparsegpt"), try Written(Self.models + "/llama1"))
        #expect(Set(model.tensors.keys) == Set(before.tensors.keys))
        for (name, tensor) in before.tensors where !name.contains("_proj") {
            #expect(model.tensors[name]?.bytes == tensor.bytes, "\(name)")
        }
    }

    /// A delta is pruned by the inputs of its expert with the same names.
    @Test func deltasArePruned() throws {
        let model = try ran(
            Self.head + """
                local expert = dppa.as_model(2 * dppa.weights(model), model)
                local inputs = dppa.activations(expert, "text.jsonl")
                local delta = (expert - model):apply(function(d)
                  return dppa.where(dppa.top(dppa.abs(d) * dppa.spread_columns(inputs.norm, d), 0.25, "row"), d, 0)
                end, { rest = "drop" })
                return model + delta
                """
        ).model
        let before = try Written(Self.models + "/llama1")
        let name = "model.layers.1.mlp.down_proj.weight"
        let changed = zip(model.floats(name), before.floats(name)).count { $0 != $1 }
        #expect(changed * 4 == before.floats(name).count)
    }

    @Test(arguments: [
        ("return dppa.as_model(dppa.where(dppa.n_of_m(w, 3, 2), w, 0), w)", "3 of 2 cannot stay"),
        ("return dppa.as_model(dppa.where(dppa.n_of_m(w, 2, 5), w, 0), w)", "no multiple of 5"),
        ("return dppa.as_model(dppa.sparsegpt(w, w), w)", "sparsegpt: the shapes"),
        ("return dppa.as_model(dppa.sparsegpt(w, dppa.gram(w), { keep = 2, sparsity = 0.5 }), w)", "keep and group"),
        (
            "return dppa.as_model(dppa.sparsegpt(w, dppa.gram(w), { keep = 2, block = 6 }), w)",
            "block must be a multiple"
        ),
        (
            "return dppa.as_model(dppa.sparsegpt(w, dppa.gram(w), { sparsity = dppa.sum(w, \"row\") }), w)",
            "one number for a tensor"
        ),
        (
            """
            return model:apply(function(w)
              return dppa.as_model(dppa.sparsegpt(w, dppa.gram(w), { sparsity = 0 * dppa.numel(w) + 2 }), w)
            end)
            """, "must be from 0 to 1"
        ),
        ("return (require \"dppa.wanda\")(model, \"text.jsonl\", { keep = 2, sparsity = 0.7 })", "leave one out"),
        ("return (require \"dppa.wanda\")(model, \"text.jsonl\", { group = 8 })", "is for keep"),
        ("return (require \"dppa.wanda\")(model, \"txt.jsonl\")", "there is no file"),
        ("return (require \"dppa.regmean\")({ model, model }, { \"text.jsonl\" })", "need a text each"),
        ("return dppa.layerwise(model, { { model } }, function(p) return p[1] end)", "must be { model, path }"),
        (
            "return dppa.layerwise(model, { { model, \"text.jsonl\" } }, function(p) return 1 end)",
            "must return a field"
        ),
        (
            "return dppa.layerwise(model, { { model, \"text.jsonl\" } }, function(p) return 0 * dppa.weights(p[1]) end)",
            "must give weights"
        ),
        ("return dppa.layerwise(model, { { model, \"text.jsonl\" } }, function(p) return w end)", "which is not in it"),
        (
            """
            local kept
            dppa.layerwise(model, { { model, "text.jsonl" } }, function(parts, inputs)
              kept = kept or inputs[1].covariance
              return parts[1]
            end, { covariance = true })
            print(dppa.sum(kept, "model"):value())
            return model
            """, "outside of the rule"
        ),
    ])
    func whatIsRefused(_ body: String, _ message: String) throws {
        let error = try #require(throws: DPPAError.self) { try ran(Self.head + body) }
        #expect(
            error.message.contains(message) || error.notes.contains { $0.contains(message) },
            "\(error.message) \(error.notes)")
        #expect(error.code == .data || error.code == .missingInput, "\(error.code)")
    }

    /// Weights that make infinities are told before anything is pruned by them.
    @Test func infinitiesAreTold() throws {
        let error = try #require(throws: DPPAError.self) {
            try ran(
                Self.head + """
                    local large = model:apply {
                      ["*.mlp.*"] = function(part) return dppa.as_model(1e30 * dppa.weights(part), part) end, rest = "keep",
                    }
                    return (require "dppa.wanda")(large, "text.jsonl")
                    """)
        }
        #expect(error.code == .data && error.message.contains("is not finite"), "\(error)")
    }

    /// Recipes are traced without reading weights, and say nothing odd.
    @Test(arguments: recipes) func recipesArePlanned(_ recipe: String) throws {
        let trace = try RecipeRun("\(Folders.recipes)/\(recipe).lua").trace(.init(out: "unused"), isDry: true)
        #expect(trace.warnings == [] && trace.stop == nil)
        let plan = try RecipePlan(trace, dtype: nil)
        #expect(plan.rules.count >= 1 && !plan.formulas.isEmpty)
    }

    /// The lock of a pruned model has the digests of what was read of the disk, under the names of the model, and of the text.
    @Test func theLockTellsOfTheModelAndTheText() throws {
        let outcome = try ran(Self.head + "return (require \"dppa.wanda\")(model, \"text.jsonl\")").outcome
        let lock = try #require(outcome.record.models.first)
        #expect(outcome.record.models.map(\.label) == ["llama1"])
        #expect(Set(lock.tensorDigests.map(\.name)) == Set(try Written(Self.models + "/llama1").tensors.keys))
        #expect(Set(lock.tensorDigests.map(\.name)).count == lock.tensorDigests.count)
        #expect(outcome.record.tasks.keys.contains("text"))
    }
}
