import DPPA
import Testing

@Suite("LoRA adapters") struct AdapterTests {
    private let folder: TestFolder
    private let matrix = "model.layers.0.self_attn.q_proj"
    private let base: OpenModel

    init() throws {
        folder = try TestFolder()
        base = try folder.model(
            "base", [Sample(matrix + ".weight", [3, 2], 1), Sample("model.embed_tokens.weight", [4, 2], 30)])
    }

    /// Writes an adapter of tensors with their elements, and opens it.
    private func adapter(
        _ name: String, _ tensors: [(String, [Int], [Float])], _ config: String = "", over base: OpenModel? = nil
    ) throws -> OpenModel {
        var (entries, data): ([String], [UInt8]) = ([], [])
        for (name, shape, values) in tensors {
            let bytes = values.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) }
            let text = "[" + shape.map(String.init).joined(separator: ",") + "]"
            entries.append(entry("base_model.model." + name, "F32", text, data.count, data.count + bytes.count))
            data += bytes
        }
        let file = safetensors(Array("{\(entries.joined(separator: ","))}".utf8), data: data)
        try folder.write(file, name + "/adapter_model.safetensors")
        try folder.write(
            "{\"peft_type\": \"LORA\", \"r\": 1, \"lora_alpha\": 2\(config.isEmpty ? "" : ", " + config)}",
            name + "/adapter_config.json")
        return try OpenModel(at: folder.path + "/" + name, label: name, base: base ?? self.base)
    }

    private func factors(_ middle: String = "") -> [(String, [Int], [Float])] {
        [
            (matrix + ".lora_A\(middle).weight", [1, 2], [0.125, 0.25]),
            (matrix + ".lora_B\(middle).weight", [3, 1], [1, 0, -1]),
        ]
    }

    @Test("ΔW = s · B · A, a delta on the base's name", arguments: ["", ".default"])
    func product(middle: String) throws {
        let delta = try adapter("plain", factors(middle))
        #expect(delta.space == .delta && delta.weights.map(\.name) == [matrix + ".weight"])
        #expect(try delta.floats(matrix + ".weight") == [0.25, 0.5, 0, 0, -0.25, -0.5])
        let both = try base.adding(delta, label: "base+plain")
        #expect(try both.floats(matrix + ".weight") == [1.25, 2.5, 3, 4, 4.75, 5.5])
        #expect(try both.floats("model.embed_tokens.weight") == base.floats("model.embed_tokens.weight"))
        #expect(both.label == "base+plain" && both.identity != base.identity)
    }

    @Test(
        "The scale is alpha / r, alpha / √r, and the alpha of the first pattern that matches the module's path",
        arguments: [
            ("\"use_rslora\": true", 2), ("\"alpha_pattern\": {\"q_proj\": 5}", 5),
            ("\"alpha_pattern\": {\"proj\": 5}", 2),
            ("\"alpha_pattern\": {\"layers\\\\.0\\\\..*\": 7, \"q_proj\": 5}", 7),
        ] as [(String, Float)])
    func scales(config: String, scale: Float) throws {
        let delta = try adapter("scaled", factors(), config)
        #expect(try delta.floats(matrix + ".weight")?.first == 0.125 * scale)
    }

    /// The worked example of the DoRA paper's formula, by hand in decimal.
    @Test("DoRA: rows of W + ΔW get the magnitudes")
    func magnitudes() throws {
        let tensors: [(String, [Int], [Float])] = [
            (matrix + ".lora_A.weight", [1, 2], [0.1, 0.2]), (matrix + ".lora_B.weight", [3, 1], [1, 0, -1]),
            (matrix + ".lora_magnitude_vector", [3], [2, 5, 8]),
        ]
        let delta = try adapter("dora", tensors, "\"use_dora\": true")
        let found = try #require(try base.adding(delta, label: "x").floats(matrix + ".weight"))
        for (value, expected) in zip(found, [0.894427, 1.788854, 3, 4, 5.206331, 6.074053] as [Float]) {
            #expect(abs(value - expected) < 2e-6)
        }
        expectError(.data, ["has no lora_magnitude_vector"]) { _ = try adapter("no", factors(), "\"use_dora\": true") }
    }

    @Test("Embeddings, modules saved whole, and names under other wrappers")
    func others() throws {
        let words = try adapter(
            "words",
            [
                ("model.embed_tokens.lora_embedding_A", [1, 4], [1, 2, 3, 4]),
                ("model.embed_tokens.lora_embedding_B", [2, 1], [0.5, -1]),
            ])
        #expect(try words.floats("model.embed_tokens.weight") == [1, -2, 2, -4, 3, -6, 4, -8])
        let whole = try adapter(
            "whole", [("model.embed_tokens.modules_to_save.default.weight", [4, 2], [Float](repeating: 40, count: 8))])
        #expect(try whole.floats("model.embed_tokens.weight") == [10, 9, 8, 7, 6, 5, 4, 3])
        let vision = try folder.model(
            "vision", [Sample("model.language_model.layers.0.self_attn.q_proj.weight", [3, 2], 1)])
        #expect(
            try adapter("inner", factors(), over: vision).weights.map(\.name)
                == ["model.language_model.layers.0.self_attn.q_proj.weight"])
    }

    /// The base's rows are [30, 31], [32, 33], [34, 35] and [36, 37].
    @Test("Rows of trained tokens take the place of the base's")
    func tokenRows() throws {
        let rows: [(String, [Int], [Float])] = [
            ("model.embed_tokens.token_adapter.trainable_tokens_delta", [2, 2], [1, 2, 3, 4])
        ]
        for indices in ["[3, 1]", "{\"lm_head\": [0], \"embed_tokens\": [3, 1]}"] {
            let delta = try adapter("rows\(indices.count)", rows, "\"trainable_token_indices\": \(indices)")
            #expect(try delta.floats("model.embed_tokens.weight") == [0, 0, -29, -29, 0, 0, -35, -35])
            let source = try #require(delta.source("model.embed_tokens.weight"))
            var part = [Float](repeating: 7, count: 4)
            try part.withUnsafeMutableBytes { try source.load(3..<7, into: try #require($0.baseAddress)) }
            #expect(part == [-29, 0, 0, -35])
        }
        for indices in ["[3]", "[4, 1]", "[1, 1]", "[\"a\", 1]"] {
            expectError(.data, ["trainable_token_indices does not fit model.embed_tokens"]) {
                _ = try adapter("misfit", rows, "\"trainable_token_indices\": \(indices)")
            }
        }
        let factors: [(String, [Int], [Float])] = [
            ("model.embed_tokens.lora_embedding_A", [1, 4], [1, 2, 3, 4]),
            ("model.embed_tokens.lora_embedding_B", [2, 1], [0.5, -1]),
        ]
        expectError(.data, ["rows of tokens and factors besides"]) {
            _ = try adapter("both", rows + factors, "\"trainable_token_indices\": [3, 1]")
        }
    }

    @Test("Any range of a product is what the whole has there, for ranks and widths of every remainder")
    func ranges() throws {
        for (rank, columns) in [(1, 1), (3, 17), (5, 40)] {
            let wide = try folder.model("wide\(columns)", [Sample("a.weight", [4, columns], 0)])
            let (a, b) = ((0..<rank * columns).map { Float($0 % 7) - 3 }, (0..<4 * rank).map { Float($0 % 5) - 2 })
            let delta = try adapter(
                "ranges\(columns)", [("a.lora_A.weight", [rank, columns], a), ("a.lora_B.weight", [4, rank], b)],
                "\"alpha_pattern\": {\"a\": \(rank)}", over: wide)
            let naive = (0..<4 * columns).map { index in
                (0..<rank).reduce(Float(0)) { $0 + b[index / columns * rank + $1] * a[$1 * columns + index % columns] }
            }
            // Four whole rows at once.
            #expect(try delta.floats("a.weight") == naive)
            let source = try #require(delta.source("a.weight"))
            for start in stride(from: 0, to: 4 * columns, by: 3) {
                let end = min(4 * columns, start + 37)
                var values = [Float](repeating: 0, count: end - start)
                try values.withUnsafeMutableBytes { try source.load(start..<end, into: try #require($0.baseAddress)) }
                #expect(values == Array(naive[start..<end]))
            }
        }
    }

    @Test("What is not read is refused by name")
    func refusals() throws {
        for (config, words) in [
            ("\"init_lora_weights\": \"pissa_niter_4\"", "pissa, which changed the base"),
            ("\"layer_replication\": [[0, 2]]", "layer_replication is not read"),
            ("\"alpha_pattern\": {\"(\": 1}", "alpha_pattern has '('"),
        ] {
            expectError(.data, [words]) { _ = try adapter("refused", factors(), config) }
        }
        try folder.write("{\"peft_type\": \"IA3\"}", "ia3/adapter_config.json")
        try folder.write(safetensors("{}"), "ia3/adapter_model.safetensors")
        expectError(.data, ["IA3 adapters are not read"]) {
            _ = try OpenModel(at: folder.path + "/ia3", label: "ia3", base: base)
        }
        _ = try adapter("alone", factors())
        expectError(.data, ["needs its base"]) { _ = try OpenModel(at: folder.path + "/alone", label: "alone") }
    }

    @Test("Adapters that do not fit their base say where")
    func misfits() throws {
        expectError(.data, ["changes model.layers.9.self_attn.q_proj.weight, which base"]) {
            _ = try adapter(
                "other",
                [
                    ("model.layers.9.self_attn.q_proj.lora_A.weight", [1, 2], [1, 1]),
                    ("model.layers.9.self_attn.q_proj.lora_B.weight", [3, 1], [1, 1, 1]),
                ])
        }
        expectError(.data, ["are 4 × 1 and 1 × 2", "is [3, 2]"]) {
            _ = try adapter(
                "tall",
                [(matrix + ".lora_A.weight", [1, 2], [1, 1]), (matrix + ".lora_B.weight", [4, 1], [1, 1, 1, 1])])
        }
        expectError(.data, ["one factor of"]) { _ = try adapter("half", [factors()[0]]) }
        expectError(.data, ["lora_B.bias is not read"]) {
            _ = try adapter("biased", factors() + [(matrix + ".lora_B.bias", [3], [1, 1, 1])])
        }
        expectError(.data, ["whole model, which cannot stand behind +"]) { _ = try base.adding(base, label: "x") }
    }
}
