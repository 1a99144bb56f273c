import DPPA
import DPPAScript
import Foundation
import Testing

/// GGUF files and scaled 8-bit weights where a recipe expects a model: what is written of them, and what is told.
@Suite("Runs of GGUF files and scaled weights")
struct GGUFRunTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private static let gguf = Folders.tests + "/../DPPATests/Fixtures/gguf/"
    private static let scaled = Folders.tests + "/../DPPATests/Fixtures/fp8/"

    /// Element i of a tensor, as the script that made the files has it.
    private func values(_ name: String, _ count: Int) -> [Float] {
        let start = name.utf8.enumerated().reduce(0) { $0 + ($1.offset + 1) * Int($1.element) }
        return (0..<count).map { Float((start + $0) % 251 - 125) / 64 }
    }

    @Test("A GGUF file that is written is the model that it was made from", arguments: ["llama", "qwen2moe", "gemma2"])
    func written(name: String) throws {
        let path = Self.gguf + name + ".gguf"
        let (outcome, model) = try run("\(Folders.recipes)/passthrough.lua", ["expert": path], in: scratch)
        for (name, tensor) in model.tensors {
            #expect(model.floats(name) == values(name, tensor.shape.reduce(1, *)), "\(name)")
            let isPlain = tensor.shape.count == 1 || name.hasSuffix("gate.weight")
            #expect(tensor.dtype == (isPlain ? .f32 : .f16), "\(name)")
        }
        let warnings = outcome.warnings.joined(separator: "\n")
        #expect(warnings.contains("tokenizer is in its metadata and is not read: none is written"), "\(warnings)")
        let config = try #require(ConfigText.object(text("config.json")))
        #expect(config["vocab_size"]?.int == 12 && config["torch_dtype"]?.string == "float16")
    }

    @Test("Blocks are written in bfloat16, in another type where it is asked for, and as the base has them")
    func types() throws {
        // q = 1 in every element, under a scale that bfloat16 does not hold.
        let scale = Float(1) + 0x1p-10
        let block = [0x01, 0x3C] + [UInt8](repeating: 1, count: 32)
        let file = quantised(block)
        let name = "model.layers.0.mlp.up_proj.weight"
        for (dtype, expected) in [(nil, 1), (.f32, scale), (.f16, scale)] as [(DType?, Float)] {
            let model = try run("\(Folders.recipes)/passthrough.lua", ["expert": file], dtype: dtype, in: scratch).model
            #expect(model.tensors[name]?.dtype == dtype ?? .bf16)
            #expect(Set(model.floats(name)) == [expected])
        }
        let base = scratch.path + "/base"
        try FileManager.default.moveItem(atPath: scratch.path + "/out", toPath: base)
        let (outcome, model) = try run(
            "\(Folders.recipes)/task_arithmetic.lua", ["base": base, "experts": file, "lambda": "1"], in: scratch)
        #expect(model.tensors[name]?.dtype == .f16 && Set(model.floats(name)) == [scale])
        // The base has no tokenizer either, and is no GGUF file.
        #expect(!outcome.warnings.contains { $0.contains("GGUF") }, "\(outcome.warnings)")
    }

    /// The path of a small model, one of whose matrices is of Q8_0 blocks.
    private func quantised(_ block: [UInt8]) -> String {
        let path = scratch.path + "/q.gguf"
        func little<T: FixedWidthInteger>(_ number: T) -> [UInt8] {
            withUnsafeBytes(of: number.littleEndian, Array.init)
        }
        func text(_ text: String) -> [UInt8] { little(UInt64(text.utf8.count)) + Array(text.utf8) }
        let numbers = [
            "block_count": 1, "context_length": 64, "embedding_length": 32, "feed_forward_length": 32,
            "attention.head_count": 2,
        ]
        let norms = ["output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"]
        let matrices =
            ["token_embd"]
            + ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"].map { "blk.0." + $0 }
        var header = Array("GGUF".utf8) + little(UInt32(3)) + little(UInt64(norms.count + matrices.count))
        header += little(UInt64(numbers.count + 1)) + text("general.architecture") + little(UInt32(8)) + text("llama")
        for (key, value) in numbers { header += text("llama." + key) + little(UInt32(4)) + little(UInt32(value)) }
        var data: [UInt8] = []
        for name in norms + matrices {
            let isNorm = norms.contains(name)
            header += text(name + ".weight") + little(UInt32(isNorm ? 1 : 2)) + little(UInt64(32))
            if !isNorm { header += little(UInt64(32)) }
            header += little(UInt32(isNorm ? 0 : 8)) + little(UInt64(data.count))
            data += isNorm ? [UInt8](repeating: 0, count: 128) : Array(repeating: block, count: 32).flatMap { $0 }
        }
        header += [UInt8](repeating: 0, count: (32 - header.count % 32) % 32)
        #expect(FileManager.default.createFile(atPath: path, contents: Data(header + data)))
        return path
    }

    @Test("Scaled weights are written as numbers, and config.json says nothing of codes")
    func scaledWeights() throws {
        let folder = scratch.path + "/m"
        _ = try scratch.write("{\"quantization_config\": {\"weight_block_size\": [4, 8]}}", "m/config.json")
        try FileManager.default.copyItem(
            atPath: Self.scaled + "blocks.safetensors", toPath: folder + "/model.safetensors")
        let exact = try run("\(Folders.recipes)/passthrough.lua", ["expert": folder], dtype: .f32, in: scratch).model
        let plain = try run("\(Folders.recipes)/passthrough.lua", ["expert": folder], in: scratch).model
        #expect(plain.tensors.count == 3 && plain.tensors.values.allSatisfy { $0.dtype == .bf16 })
        for name in plain.tensors.keys {
            let rounded = exact.floats(name).map { DTypeConversion.rounded(Double($0), to: .bf16) }
            #expect(plain.floats(name).map(Double.init) == rounded, "\(name)")
        }
        let config = try text("config.json")
        #expect(!config.contains("quantization_config") && config.contains("bfloat16"))
    }

    @Test("Commands call types by their names in the file, and say where the tokenizer is")
    func commands() throws {
        let file = quantised([0, 0x3C] + [UInt8](repeating: 1, count: 32))
        let inspect = try Shell.run("\"$dppa\" inspect $1 --tensors", [file], in: scratch)
        #expect(inspect.output.contains("dtypes    F32 (3), Q8_0 (8)"), "\(inspect)")
        #expect(inspect.output.contains("model.layers.0.mlp.up_proj.weight  Q8_0  [32, 32]  linear"))
        #expect(inspect.output.contains("tokenizer in the GGUF file alone"))
        let check = try Shell.run(
            "\"$dppa\" check task_arithmetic --set base=$1 --set experts=$1", [file], in: scratch)
        #expect(
            check.code == 0 && check.output.contains("tokenizer in the GGUF file alone, which is not read"), "\(check)")
        #expect((check.output + check.errors).contains("none is written"), "\(check)")
        let diff = try Shell.run("\"$dppa\" diff $1 $1", [file], in: scratch)
        #expect(diff.code == 0, "\(diff)")
        let eval = try Shell.run(
            "\"$dppa\" compare-experts --base $1 $1", [file], in: scratch)
        #expect(eval.code == 0, "\(eval)")
    }

    private func text(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: scratch.path + "/out/" + name)), as: UTF8.self)
    }
}
