import DPPA
import Foundation
import Testing

/// A GGUF file is the model that it was made from: names, elements and config.json; `Fixtures/gguf/generate.py` made the files.
@Suite("GGUF models")
struct GGUFModelTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    static let fixture = fixtures + "/gguf/"
    static let names = [
        "gemma", "gemma2", "gemma3", "llama", "mistral", "mixtral", "phi3", "qwen2", "qwen2moe", "qwen3", "qwen3moe",
    ]

    /// Element i of a tensor, as the script has it.
    private func value(_ name: String, _ index: Int) -> Float {
        let start = name.utf8.enumerated().reduce(0) { $0 + ($1.offset + 1) * Int($1.element) }
        return Float((start + index) % 251 - 125) / 64
    }

    @Test("Names, shapes, elements and config.json of every architecture", arguments: names)
    func architecture(name: String) throws {
        let models = try JSONObject(readBytes(Self.fixture + "models.json"), file: "models.json")
        let expected = try #require(models[name]?.object)
        let model = try OpenModel(at: Self.fixture + name + ".gguf", label: "m")
        #expect(model.notices.isEmpty, "\(model.notices)")
        let shapes = try #require(expected["tensors"]?.object)
        #expect(model.tensors.map(\.facts.name).sorted() == shapes.names.sorted())
        for (tensor, shape) in shapes.members {
            let source = try #require(model.source(tensor))
            #expect(source.shape == shape.array?.compactMap(\.int), "\(tensor)")
            var found = [Float](repeating: 0, count: source.shape.reduce(1, *))
            let bytes = try source.bytes()
            bytes.withUnsafeBytes { from in
                found.withUnsafeMutableBufferPointer { to in
                    guard let from = from.baseAddress, let out = to.baseAddress else { return }
                    DTypeConversion.decode(from, as: source.dtype, into: out, count: to.count)
                }
            }
            #expect(found == found.indices.map { value(tensor, $0) }, "\(tensor)")
        }
        let config = try #require(model.config.flatMap(ConfigText.object))
        for (key, value) in try #require(expected["config"]?.object).members {
            #expect(config[key].map(\.text) == value.text, "\(key)")
        }
        #expect(config["head_dim"]?.int ?? 4 == 4)
    }

    @Test("Any range of a tensor is what the whole has there, in blocks, in pairs of rows, in stacks")
    func ranges() throws {
        var random = Lehmer(5)
        let types: [(UInt32, Int, Int)] = [
            (2, 32, 18), (3, 32, 20), (6, 32, 22), (7, 32, 24), (8, 32, 34), (10, 256, 84), (11, 256, 110),
            (12, 256, 144), (13, 256, 176), (14, 256, 210),
        ]
        for (type, elements, size) in types {
            let columns = elements == 32 ? 32 : 256
            let names = ["blk.0.attn_q.weight", "blk.0.ffn_up.weight"]
            let file = GGUFFile.model(
                names.map { name in
                    GGUFFile.Tensor(
                        name: name, dimensions: [UInt64(columns), 32], type: type,
                        bytes: (0..<columns * 32 / elements * size).map { _ in UInt8.random(in: 0...90, using: &random)
                        })
                })
            let model = try OpenModel(at: folder.write(file.bytes, "m.gguf"), label: "m")
            for name in ["self_attn.q_proj", "mlp.up_proj"] {
                let source = try #require(model.source("model.layers.0.\(name).weight"))
                #expect(source.dtype == .f32 && source.writtenDType == .bf16)
                let whole = try source.bytes()
                for _ in 0..<60 {
                    let start = Int.random(in: 0..<columns * 32, using: &random)
                    let end = Int.random(in: start...min(columns * 32, start + 900), using: &random)
                    var part = [UInt8](repeating: 0, count: (end - start) * 4)
                    try part.withUnsafeMutableBytes {
                        if let to = $0.baseAddress { try source.load(start..<end, into: to) }
                    }
                    #expect(part == Array(whole[start * 4..<end * 4]), "\(source.encoding) \(start)..<\(end)")
                }
                #expect(source.bytesRead(columns * 32) == columns * 32 / elements * size)
            }
        }
    }

    @Test("Versions 2 and 3, other alignments, types of plain numbers")
    func forms() throws {
        for (type, numbers) in [
            (0, little(Float(0.5).bitPattern)), (1, [0, 0x38]), (28, little((0.5).bitPattern)), (30, [0, 0x3F]),
        ]
            as [(UInt32, [UInt8])]
        {
            var file = GGUFFile.model([
                .init(
                    name: "output_norm.weight", dimensions: [32], type: type, bytes: (0..<32).flatMap { _ in numbers })
            ])
            file.version = type == 0 ? 2 : 3
            file.alignment = type == 1 ? 8 : type == 28 ? 64 : 32
            if file.alignment != 32 { file.keys.append(("general.alignment", .number(UInt32(file.alignment)))) }
            let model = try OpenModel(at: folder.write(file.bytes, "m.gguf"), label: "m")
            let source = try #require(model.source("model.norm.weight"))
            #expect(source.encoding == ["F32", "F16", "F64", "BF16"][[0, 1, 28, 30].firstIndex(of: type) ?? 0])
            #expect(try source.bytes() == (0..<32).flatMap { _ in numbers })
            #expect(model.config?.contains("\"tie_word_embeddings\": true") == true)
        }
    }

    @Test("The scaling of LLaMA 3 is found again in its factors; other factors are told")
    func rope() throws {
        // Of base 500000 and 128 dimensions, factor 8: the last line of the table in the model's own config.
        var file = GGUFFile.model()
        file.keys.append(("llama.rope.freq_base", .float(500_000)))
        let wave = (0..<8).map { 2 * Double.pi * Foundation.pow(500_000, Double($0) / 8) }
        let factors = wave.map { length -> Float in
            let smooth = (8192 / length - 1) / 3
            return length < 2048 ? 1 : length > 8192 ? 8 : Float(1 / ((1 - smooth) / 8 + smooth))
        }
        #expect(factors.contains { $0 > 1 && $0 < 8 } && factors.contains(1) && factors.contains(8))
        func model(_ factors: [Float]) throws -> OpenModel {
            var file = file
            file.tensors.append(
                .init(
                    name: "rope_freqs.weight", dimensions: [UInt64(factors.count)], type: 0,
                    bytes: factors.flatMap { little($0.bitPattern) }))
            return try OpenModel(at: folder.write(file.bytes, "m.gguf"), label: "m")
        }
        let found = try model(factors)
        let scaling = found.config.flatMap(ConfigText.object)?["rope_scaling"]?.object
        #expect(scaling?["rope_type"]?.string == "llama3" && scaling?["factor"]?.double == 8)
        #expect(scaling?["original_max_position_embeddings"]?.int == 8192 && found.notices.isEmpty)
        #expect(found.source("rope_freqs.weight") == nil)
        let other = try model(factors.map { $0 + 0.5 })
        #expect(other.notices.contains { $0.contains("rope_freqs.weight") && $0.contains("config.json says nothing") })
        #expect(try model(factors.map { _ in 1 }).notices.isEmpty)
    }

    @Test("A config.json beside the file is taken when it is of the same model, and else left aside with a word")
    func config() throws {
        try folder.write(GGUFFile.model().bytes, "m/model.gguf")
        let same =
            "{\"model_type\": \"llama\", \"hidden_size\": 32, \"intermediate_size\": 32, \"num_hidden_layers\": 1, "
            + "\"num_attention_heads\": 2, \"vocab_size\": 32, \"x\": 1}"
        try folder.write(same, "m/config.json")
        #expect(try OpenModel(at: folder.path + "/m", label: "m").config == same)
        for other in [
            same.replacing("\"num_attention_heads\": 2", with: "\"num_attention_heads\": 4"),
            "{\"model_type\": \"llama\"}",
        ] {
            try folder.write(other, "m/config.json")
            let model = try OpenModel(at: folder.path + "/m", label: "m")
            #expect(model.notices.contains { $0.contains("config.json was left aside") }, "\(model.notices)")
            #expect(model.config?.contains("\"num_attention_heads\": 2") == true)
        }
    }
}
