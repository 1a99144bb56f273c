import DPPA
import DPPAScript
import Foundation
import Testing

/// Models made of layers of others: which bytes are where, what config.json says, what is refused.
@Suite struct StackTests {
    private static let start = """
        local dppa = require "dppa.v1"
        local a, b = dppa.model "a", dppa.model "b"

        """

    /// Models a of four layers and b of three, whose heads are their embeddings.
    private func models(_ configs: [String: String] = [:]) throws -> Scratch {
        let scratch = try Scratch()
        try TinyModels.write(["base", "a"], layers: 4, in: scratch.path)
        try TinyModels.write(["base", "other", "b"], layers: 3, in: scratch.path + "/three")
        try FileManager.default.moveItem(atPath: scratch.path + "/three/b", toPath: scratch.path + "/b")
        for (label, text) in configs { _ = try scratch.write(text, label + "/config.json") }
        return scratch
    }

    private func written(_ body: String, in scratch: Scratch) throws -> (outcome: RecipeOutcome, model: Written) {
        try run(try scratch.write(Self.start + body, "recipe.lua"), in: scratch)
    }

    private func config(_ scratch: Scratch) throws -> JSONObject {
        let data = try Data(contentsOf: URL(fileURLWithPath: scratch.path + "/out/config.json"))
        return try JSONObject(data, file: "config.json")
    }

    private func error(_ body: String, in scratch: Scratch) throws -> DPPAError {
        try #require(throws: DPPAError.self) { try written(body, in: scratch) }
    }

    private static let parts = ["input_layernorm.weight", "mlp.up_proj.weight", "self_attn.q_proj.weight"]

    /// The layers that a model must have, by label and number.
    private func expect(_ model: Written, _ layers: [(String, Int)], in scratch: Scratch) throws {
        let sources = ["a": try Written(scratch.path + "/a"), "b": try Written(scratch.path + "/b")]
        for (place, (label, layer)) in layers.enumerated() {
            for part in Self.parts {
                let bytes = sources[label]?.tensors["model.layers.\(layer).\(part)"]?.bytes
                #expect(
                    bytes != nil && model.tensors["model.layers.\(place).\(part)"]?.bytes == bytes, "\(place) \(part)")
            }
        }
        #expect(model.tensors.keys.count { $0.hasPrefix("model.layers.") } == layers.count * Self.parts.count)
        #expect(try config(scratch)["num_hidden_layers"]?.int == layers.count)
    }

    @Test func layersLieWhereTheyAreNamed() throws {
        let scratch = try models()
        let (outcome, model) = try written(
            "return dppa.stack { { a, layers = \"0-2\" }, { b, layers = \"1-2\" }, { a, layers = { 0, 0, 3 } } }",
            in: scratch)
        try expect(
            model, [("a", 0), ("a", 1), ("a", 2), ("b", 1), ("b", 2), ("a", 0), ("a", 0), ("a", 3)], in: scratch)
        let own = try Written(scratch.path + "/a")
        for name in ["model.embed_tokens.weight", "model.norm.weight"] {
            #expect(model.tensors[name]?.bytes == own.tensors[name]?.bytes)
        }
        #expect(model.tensors["lm_head.weight"] == nil)
        #expect(try config(scratch)["tie_word_embeddings"]?.bool == true)
        let card = try String(contentsOfFile: scratch.path + "/out/README.md", encoding: .utf8)
        #expect(card.contains("`a`") && card.contains("`b`"))
        #expect(outcome.warnings.allSatisfy { !$0.contains("tie_word") })
    }

    /// The layers that are left of one model, and all of them, which is the model itself.
    @Test func oneModel() throws {
        let scratch = try models()
        try expect(
            written("return dppa.stack { { a, layers = \"0, 2-3\" } }", in: scratch).model,
            [("a", 0), ("a", 2), ("a", 3)],
            in: scratch)
        let whole = try written(
            "local s = dppa.stack { { a, layers = \"0-1\" }, { a, layers = \"2-3\" } }\nprint(dppa.label(s))\nreturn s",
            in: scratch)
        #expect(whole.outcome.record.printed == ["a"])
        let named = try written("print(dppa.label(dppa.stack({ { a } }, { label = \"c\" })))\nreturn a", in: scratch)
        #expect(named.outcome.record.printed == ["c"])
        try expect(whole.model, (0..<4).map { ("a", $0) }, in: scratch)
    }

    /// A head that is the embedding of another model is written, and config.json says that it is another one.
    @Test func aTiedHeadOfTheLastModel() throws {
        let scratch = try models()
        let body = "return dppa.stack({ { a, layers = \"0-1\" }, { b } }"
        let (outcome, model) = try written(body + ")", in: scratch)
        try expect(model, [("a", 0), ("a", 1), ("b", 0), ("b", 1), ("b", 2)], in: scratch)
        let (first, last) = (try Written(scratch.path + "/a"), try Written(scratch.path + "/b"))
        #expect(model.tensors["model.embed_tokens.weight"]?.bytes == first.tensors["model.embed_tokens.weight"]?.bytes)
        #expect(model.tensors["lm_head.weight"]?.bytes == last.tensors["model.embed_tokens.weight"]?.bytes)
        #expect(model.tensors["model.norm.weight"]?.bytes == last.tensors["model.norm.weight"]?.bytes)
        #expect(try config(scratch)["tie_word_embeddings"]?.bool == false)
        #expect(outcome.warnings.contains { $0.contains("tie_word_embeddings of config.json became false") })
        let own = try written(body + ", { head = a })", in: scratch).model
        #expect(own.tensors["lm_head.weight"] == nil)
        #expect(own.tensors["model.norm.weight"]?.bytes == first.tensors["model.norm.weight"]?.bytes)
        let other = try written(body + ", { embeddings = b, config = a, label = \"tall\" })", in: scratch)
        #expect(
            other.model.tensors["model.embed_tokens.weight"]?.bytes == last.tensors["model.embed_tokens.weight"]?.bytes)
        #expect(other.outcome.record.models.contains { $0.label == "tall" })
    }

    /// A model with a head of its own before and behind one whose head is its embedding.
    @Test func headsOfBothKinds() throws {
        let scratch = try models()
        _ = try written("return dppa.stack { { a, layers = \"0\" }, { b, layers = \"0\" } }", in: scratch)
        try FileManager.default.moveItem(atPath: scratch.path + "/out", toPath: scratch.path + "/c")
        let (own, other) = (try Written(scratch.path + "/c"), try Written(scratch.path + "/a"))
        let embedding = "model.embed_tokens.weight"
        let first = try written("return dppa.stack { { dppa.model \"c\" }, { a, layers = \"0-1\" } }", in: scratch)
            .model
        #expect(first.tensors[embedding]?.bytes == own.tensors[embedding]?.bytes)
        #expect(first.tensors["lm_head.weight"]?.bytes == other.tensors[embedding]?.bytes)
        #expect(try config(scratch)["tie_word_embeddings"]?.bool == false)
        let last = try written("return dppa.stack { { a, layers = \"0-1\" }, { dppa.model \"c\" } }", in: scratch).model
        #expect(last.tensors[embedding]?.bytes == other.tensors[embedding]?.bytes)
        #expect(last.tensors["lm_head.weight"]?.bytes == own.tensors["lm_head.weight"]?.bytes)
        #expect(try config(scratch)["tie_word_embeddings"]?.bool == false)
        // Both ends of one model, with the config.json of one that says otherwise.
        let ends = try written(
            "return dppa.stack({ { a }, { dppa.model \"c\" } }, { head = a, config = dppa.model \"c\" })", in: scratch
        ).model
        #expect(
            ends.tensors["lm_head.weight"] == nil
                && ends.tensors["model.norm.weight"]?.bytes == other.tensors["model.norm.weight"]?.bytes)
        #expect(try config(scratch)["tie_word_embeddings"]?.bool == true)
    }

    /// A method over stacks is the method over their layers.
    @Test func stacksAreBasesAndExperts() throws {
        let scratch = try models()
        try FileManager.default.copyItem(atPath: scratch.path + "/a", toPath: scratch.path + "/c")
        let plain = try written("return require \"dppa.ties\"(dppa.model \"base\", a, { density = 0.3 })", in: scratch)
            .model
        let (_, model) = try written(
            """
            local base = dppa.model "base"
            local function tall(model) return dppa.stack { { model, layers = "0-2" }, { model, layers = "2-3" } } end
            return require "dppa.ties"(tall(base), tall(a), { density = 0.3 })
            """, in: scratch)
        for (place, layer) in [0, 1, 2, 2, 3].enumerated() {
            for part in Self.parts {
                #expect(
                    model.tensors["model.layers.\(place).\(part)"]?.bytes
                        == plain.tensors["model.layers.\(layer).\(part)"]?.bytes)
            }
        }
        #expect(try config(scratch)["num_hidden_layers"]?.int == 5)
    }

    @Test func scalesOfASlice() throws {
        let scratch = try models()
        let (_, model) = try written(
            """
            return dppa.stack {
              { a, layers = "0-1", scale = { ["*.q_proj.weight"] = 0.5, ["*.1.mlp.*"] = 0 } },
              { a, layers = "1-3", scale = 2 },
            }
            """, in: scratch)
        let own = try Written(scratch.path + "/a")
        let factors: [[Float]] = [[1, 1, 0.5], [1, 0, 0.5], [2, 2, 2], [2, 2, 2], [2, 2, 2]]
        for (place, layer) in [0, 1, 1, 2, 3].enumerated() {
            for (part, factor) in zip(Self.parts, factors[place]) {
                #expect(
                    model.floats("model.layers.\(place).\(part)")
                        == own.floats("model.layers.\(layer).\(part)").map { $0 * factor }, "\(place) \(part)")
            }
        }
        #expect(model.floats("model.norm.weight") == own.floats("model.norm.weight"))
    }

    @Test(arguments: [
        ("dppa.stack { { a, layers = \"0-4\" } }", "slice 1 has layer 4", "layers of a"),
        ("dppa.stack { { a, layers = \"3-1\" } }", "layers 3-1, which go backwards", "a list"),
        ("dppa.stack { { a, layers = \"x\" } }", "has layers = 'x'", "0-15"),
        ("dppa.stack { { a }, { b, layers = { 0, \"1\" } } }", "slice 2 has the text '1' among its layers", "0 to 2"),
        ("dppa.stack { { a, layer = \"0\" } }", "has no 'layer'; did you mean 'layers'?", "layers and scale"),
        ("dppa.stack { a }", "slice 1 must be an opened model with its layers", "{ model, layers"),
        ("dppa.stack { { a + (a - a) } }", "must be an opened model", "dppa.model"),
        ("dppa.stack({ { a } }, { haed = a })", "stack has no option 'haed'; did you mean 'head'?", "options are"),
        (
            "dppa.stack { { a, scale = { [\"*.v_proj.*\"] = 0 } } }", "scale for '*.v_proj.*', which matches no tensor",
            "up_proj"
        ),
        (
            "dppa.stack { { a, scale = { [\"*q*\"] = 0, [\"*proj*\"] = 1 } } }", "'*proj*' and '*q*', which both match",
            "disjoint"
        ),
        ("dppa.stack({ { a } }, { label = \"b\" })", "two models have the label 'b'", "label ="),
        (
            "dppa.as_model(0 * dppa.weights(dppa.stack { { a }, { b } }), dppa.stack { { a }, { b } }), { config = a }",
            "counts 4 layers, and the result has 7", "config = model"
        ),
    ])
    func refusals(call: String, message: String, note: String) throws {
        let error = try error("return \(call)", in: models())
        #expect(error.code == .data && error.message.contains(message), "\(error.message)")
        #expect(note.isEmpty || error.notes.contains { $0.contains(note) }, "\(error.notes)")
    }

    @Test func layersOfOtherShapesDoNotFit() throws {
        let scratch = try models()
        try FileManager.default.removeItem(atPath: scratch.path + "/b/model.safetensors")
        let writer = try CheckpointWriter(
            directory: scratch.path + "/b",
            tensors: [.init(name: "model.layers.0.mlp.up_proj.weight", shape: [3, 3], dtype: .bf16)],
            shardSize: 1 << 30,
            metadata: [:])
        try writer.finish()
        let error = try error("return dppa.stack { { a }, { b } }", in: scratch)
        #expect(error.message.contains("have not") || error.message.contains("is [16, 8]"), "\(error.message)")
    }

    @Test func aHeadOfAnotherNameIsNotGuessed() throws {
        let scratch = try models()
        var tensors = TinyModels.shapes(3).map { CheckpointWriter.Tensor(name: $0.name, shape: $0.shape, dtype: .bf16) }
        tensors.append(CheckpointWriter.Tensor(name: "model.out_layer.weight", shape: [12, 8], dtype: .bf16))
        try FileManager.default.removeItem(atPath: scratch.path + "/b/model.safetensors")
        let writer = try CheckpointWriter(
            directory: scratch.path + "/b", tensors: tensors, shardSize: 1 << 30, metadata: [:])
        try writer.finish()
        #expect(
            try error("return dppa.stack { { a }, { b } }", in: scratch).message
                == "stack: nothing tells whether model.out_layer.weight of b (\(scratch.path)/b) is its head")
        _ = try written("return dppa.stack({ { a }, { b } }, { head = a })", in: scratch)
    }

    /// Output options behind the returned model.
    @Test func aReturnedModelHasOptions() throws {
        let scratch = try models()
        let (_, model) = try written(
            "return a, { dtype = \"float32\", types = { [\"*norm*\"] = \"f16\" } }", in: scratch)
        #expect(model.tensors["model.norm.weight"]?.dtype == .f16)
        #expect(model.tensors["model.embed_tokens.weight"]?.dtype == .f32)
        let wrong = try error("return a, { dtpe = \"bf16\" }", in: scratch)
        #expect(wrong.message == "return has no option 'dtpe'; did you mean 'dtype'?" && wrong.location?.line == 3)
        #expect(try error("return a, {}, 1", in: scratch).message.contains("returns 3 values"))
    }
}
