import DPPA
import Foundation

/// Models of the LLaMA layout with tensors of a few elements, of as many layers as a test wants.
enum TinyModels {
    static func shapes(_ layers: Int) -> [(name: String, shape: [Int])] {
        let outside = [("model.embed_tokens.weight", [12, 8]), ("model.norm.weight", [8])]
        let blocks = (0..<layers).flatMap { layer in
            [
                ("model.layers.\(layer).input_layernorm.weight", [8]),
                ("model.layers.\(layer).mlp.up_proj.weight", [16, 8]),
                ("model.layers.\(layer).self_attn.q_proj.weight", [8, 8]),
            ]
        }
        return (outside + blocks).sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
    }

    /// Writes base and experts as `path/LABEL`, in bfloat16; an expert changes about half of the base's elements by steps
    /// of a tenth of them.
    static func write(_ labels: [String], layers: Int, in path: String) throws {
        let config = """
            {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 8, "intermediate_size": 16,
             "num_hidden_layers": \(layers), "num_attention_heads": 2, "vocab_size": 12, "tie_word_embeddings": true}
            """
        try write(labels, shapes(layers), config: config, in: path) { model, tensor, element in
            value(model: model, tensor: tensor, element: element)
        }
    }

    /// Writes models of some tensors as `path/LABEL`, in bfloat16.
    static func write(
        _ labels: [String], _ shapes: [(name: String, shape: [Int])], config: String, in path: String,
        value: (_ model: Int, _ tensor: Int, _ element: Int) -> Float
    ) throws {
        for (number, label) in labels.enumerated() {
            try FileManager.default.createDirectory(
                atPath: path + "/" + label, withIntermediateDirectories: true)
            let writer = try CheckpointWriter(
                directory: path + "/" + label,
                tensors: shapes.map { .init(name: $0.name, shape: $0.shape, dtype: .bf16) }, shardSize: 1 << 30,
                metadata: [:])
            for (index, entry) in shapes.enumerated() {
                let count = entry.shape.reduce(1, *)
                let values = (0..<count).map { value(number, index, $0) }
                var bytes = [UInt8](repeating: 0, count: 2 * count)
                try bytes.withUnsafeMutableBytes { buffer in
                    guard let start = buffer.baseAddress else { return }
                    DTypeConversion.encode(values, as: .bf16, into: start, count: count)
                    try writer.write(tensor: index, byteOffset: 0, UnsafeRawBufferPointer(buffer))
                }
            }
            try writer.finish()
            try config.write(toFile: path + "/" + label + "/config.json", atomically: true, encoding: .utf8)
        }
    }

    private static func value(model: Int, tensor: Int, element: Int) -> Float {
        func noise(_ model: Int) -> Float {
            var x = UInt64(model * 1_000_003 + tensor * 1009 + element) &* 0x9E37_79B9_7F4A_7C15
            x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
            x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
            return Float(x >> 40) / Float(1 << 23) - 1
        }
        let base = noise(0)
        return model > 0 && noise(model) > 0 ? base + 0.1 * noise(model + 100) : base
    }
}
