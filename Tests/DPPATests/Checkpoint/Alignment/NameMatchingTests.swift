import DPPA
import Testing

@Suite("Names of one model as another has them") struct NameMatchingTests {
    @Test(
        "What wrappers put before a name goes, and nothing else",
        arguments: [
            ("model.layers.0.mlp.up_proj.weight", "layers.0.mlp.up_proj.weight"),
            ("layers.0.mlp.up_proj.weight", "layers.0.mlp.up_proj.weight"),
            ("model.norm.weight", "norm.weight"), ("lm_head.weight", "lm_head.weight"),
            ("model.language_model.embed_tokens.weight", "embed_tokens.weight"),
            ("language_model.model.layers.3.self_attn.q_proj.bias", "layers.3.self_attn.q_proj.bias"),
            ("transformer.h.0.attn.c_attn.weight", "h.0.attn.c_attn.weight"),
            (
                "vision_tower.vision_model.encoder.layers.0.x.weight",
                "vision_tower.vision_model.encoder.layers.0.x.weight"
            ),
            ("model.visual.blocks.0.attn.qkv.weight", "visual.blocks.0.attn.qkv.weight"),
            ("model.weight", "model.weight"), ("weight", "weight"), ("model", "model"), ("модель.вес", "модель.вес"),
        ])
    func core(name: String, core: String) { #expect(NameMatching.core(name) == core) }

    @Test(
        "Stars of a pattern",
        arguments: [
            ("model.*", "model.a.b", ["a.b"]), ("*.a.*", "x.a.y.a.z", ["x", "y.a.z"]), ("a", "a", []), ("a", "b", nil),
            ("*", "x", ["x"]), ("a*b", "ab", [""]), ("a*b", "a", nil), ("é*", "é1", ["1"]), ("**", "x", nil),
        ] as [(String, String, [String]?)])
    func stars(pattern: String, name: String, parts: [String]?) {
        #expect(NameMatching.stars(pattern, name)?.map(String.init) == parts)
    }

    private let base = [
        Sample("model.embed_tokens.weight", [4, 2], 1), Sample("model.layers.0.mlp.up_proj.weight", [3, 2], 20),
        Sample("model.norm.weight", [2], 30), Sample("lm_head.weight", [4, 2], 40),
    ]

    @Test(
        "One fine-tune under the names of several tools",
        arguments: [
            ("bare", ["model.", ""], "nothing to 'model.'"),
            ("outer", ["", "language_model."], "'language_model.' to nothing"),
            ("vision", ["model.", "model.language_model."], "'model.language_model.' to 'model.'"),
        ])
    func prefixes(label: String, change: [String], words: String) throws {
        func form(_ name: String) -> String {
            name.hasPrefix(change[0]) ? change[1] + name.dropFirst(change[0].count) : name
        }
        let folder = try TestFolder()
        let reference = try folder.model("base", base)
        let tuned = base.map { Sample(form($0.name), $0.shape, $0.first + 100) }
        let (view, notes) = try folder.model(label, tuned).aligned(to: reference)
        #expect(view.weights == reference.weights)
        for sample in base { #expect(try view.floats(sample.name) == sample.values.map { $0 + 100 }) }
        #expect(
            notes.count == 1 && notes[0].line.hasPrefix("note: \(label): ") && notes[0].text.contains(words), "\(notes)"
        )
        var options = AlignmentOptions()
        options.refused = [.names]
        expectError(.data, ["names"]) { _ = try folder.model(label, tuned).aligned(to: reference, options) }
    }

    @Test("The same stack under a name that no wrapper explains is an error, not one part lost and another left out")
    func twins() throws {
        let folder = try TestFolder()
        let reference = try folder.model("base", base)
        let other = base.map {
            Sample($0.name.replacing("model.layers", with: "decoder.blocks"), $0.shape, $0.first + 100)
        }
        expectError(.data, ["decoder.blocks.0.mlp.up_proj.weight where", "names ="]) {
            _ = try folder.model("other", other).aligned(to: reference)
        }
        var options = AlignmentOptions()
        options.names = ["decoder.blocks.*": "model.layers.*"]
        let view = try folder.model("other", other).aligned(to: reference, options).model
        #expect(try view.floats(base[1].name) == base[1].values.map { $0 + 100 })
    }

    @Test("A model that fits is not touched")
    func same() throws {
        let folder = try TestFolder()
        let reference = try folder.model("base", base)
        let (view, notes) = try folder.model("tuned", base).aligned(to: reference)
        #expect(notes.isEmpty && view.identity == folder.path + "/tuned")
    }

    @Test("Two tensors with one core are told apart by nothing but a person")
    func ambiguous() throws {
        let folder = try TestFolder()
        let reference = try folder.model("base", base)
        let twice = base + base.map { Sample("language_model." + $0.name, $0.shape, $0.first + 7) }
        let outer = twice.map { Sample("llm." + $0.name, $0.shape, $0.first) }
        expectError(.data, ["no tensor in common", "names ="]) {
            _ = try folder.model("outer", outer).aligned(to: reference)
        }
        var options = AlignmentOptions()
        options.names = ["llm.language_model.*": "*", "llm.model.*": "other.*", "llm.lm_head.*": "other.*"]
        options.extra = .drop
        let view = try folder.model("outer", outer).aligned(to: reference, options).model
        #expect(try view.floats("lm_head.weight") == base[3].values.map { $0 + 7 })
    }

    @Test(
        "Renaming is one to one, and every rule matches",
        arguments: [
            (["model.*": "x.*", "model.layers.*": "y.*"], "make the globs disjoint"),
            (["model.*": "lm_head.weight"], "has 1 star"), (["modle.*": "x.*"], "'modle.*' matches no tensor"),
            (["model.embed_tokens.weight": "lm_head.weight"], "would both be lm_head.weight"),
        ])
    func rules(names: [String: String], words: String) throws {
        let folder = try TestFolder()
        let reference = try folder.model("base", base)
        var options = AlignmentOptions()
        options.names = names
        expectError(.data, [words]) { _ = try folder.model("tuned", base).aligned(to: reference, options) }
    }
}
