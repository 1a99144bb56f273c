import DPPA
import Foundation
import Testing

/// Scaled 8-bit weights are the numbers that PyTorch makes of codes and scales; `Fixtures/fp8/generate.py` asked it.
@Suite("Scaled 8-bit weights")
struct ScaledWeightsTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    static let fixture = fixtures + "/fp8/"
    static let forms = [
        ("blocks", "{\"quant_method\": \"fp8\", \"weight_block_size\": [4, 8]}"),
        ("default", "{\"quant_method\": \"fp8\", \"activation_scheme\": \"dynamic\"}"),
        ("rows", "{\"quant_method\": \"compressed-tensors\", \"format\": \"float-quantized\"}"),
        ("tensor", "{\"quant_method\": \"compressed-tensors\", \"sparsity_config\": {}, \"transform_config\": {}}"),
        (
            "powers",
            "{\"quant_method\": \"compressed-tensors\", \"config_groups\": {\"group_0\": {\"weights\": "
                + "{\"strategy\": \"block\", \"block_structure\": \"2x4\"}}}}"
        ), ("stack", "{\"weight_block_size\": [4, 8]}"),
    ]

    private func open(_ name: String, _ entry: String) throws -> OpenModel {
        try folder.write(try readBytes(Self.fixture + name + ".safetensors"), "m/model.safetensors")
        try folder.write(
            "{\"a\": 1, \"quantization_config\": \(entry), \"torch_dtype\": \"float8_e4m3fn\"}", "m/config.json")
        return try OpenModel(at: folder.path + "/m", label: "m")
    }

    @Test("For a tensor, rows, blocks, blocks that are not whole, stacks", arguments: forms)
    func values(name: String, entry: String) throws {
        let all = try JSONObject(readBytes(Self.fixture + "expected.json"), file: "expected.json")
        let expected = try #require(all[name]?.array)
        let model = try open(name, entry)
        #expect(model.tensors.count == expected.count + 1)
        for tensor in expected {
            let own = try #require(tensor["name"]?.string)
            let source = try #require(model.source(own))
            #expect(source.shape == tensor["shape"]?.array?.compactMap(\.int) && source.dtype == .f32)
            #expect(source.encoding.hasPrefix("F8_") && model.outputDType(own, wished: nil) == .bf16)
            let bits = tensor["bits"]?.string?.split(separator: " ").compactMap { UInt32($0, radix: 16) } ?? []
            let found = try #require(try model.floats(own))
            #expect(found.map(\.bitPattern) == bits, "\(own)")
            // Any range is what the whole has there.
            let bytes = try source.bytes()
            for start in stride(from: 0, to: found.count, by: 3) {
                let end = min(found.count, start + 1 + start * 7 % 40)
                var part = [UInt8](repeating: 0, count: (end - start) * 4)
                try part.withUnsafeMutableBytes {
                    if let to = $0.baseAddress { try source.load(start..<end, into: to) }
                }
                #expect(part == Array(bytes[start * 4..<end * 4]), "\(own) \(start)..<\(end)")
            }
        }
        #expect(model.config == "{\"a\": 1, \"torch_dtype\": \"bfloat16\"}")
        let left = model.notices.filter { $0.contains("2 scales of activations") }
        #expect(left.count == (name == "tensor" ? 1 : 0), "\(model.notices)")
    }

    @Test("Without a config.json, and with one that says nothing of it")
    func undeclared() throws {
        try folder.write(try readBytes(Self.fixture + "rows.safetensors"), "m/model.safetensors")
        #expect(try OpenModel(at: folder.path + "/m", label: "m").tensors.count == 3)
        try folder.write("{}", "m/config.json")
        #expect(try OpenModel(at: folder.path + "/m", label: "m").config?.contains("bfloat16") == true)
    }

    @Test("Shapes that do not fit, a scale that is missing, a size of blocks that is none")
    func wrong() throws {
        expectError(
            .data, ["down_proj.weight_scale_inv is F32 [5, 2]", "down_proj.weight [20, 10]", "blocks of [128, 128]"]
        ) {
            _ = try open("blocks", "{\"quant_method\": \"fp8\"}")
        }
        for size in ["[4]", "[0, 8]", "\"4\"", "[4, 1e300]"] {
            expectError(.data, ["the size of a block of weights is"]) {
                _ = try open("blocks", "{\"weight_block_size\": \(size)}")
            }
        }
        let entries = [
            entry("a.weight", "F8_E4M3", "[2,2]", 0, 4), entry("a.weight_scale", "F32", "[1]", 4, 8),
            entry("b.weight", "F8_E4M3", "[2,2]", 8, 12),
        ]
        try folder.write(safetensors("{\(entries.joined(separator: ","))}", data: 12), "n/model.safetensors")
        expectError(.data, ["b.weight (F8_E4M3) has no scale beside it, and other weights do"]) {
            _ = try OpenModel(at: folder.path + "/n", label: "n")
        }
        try folder.write(
            safetensors("{\(entries[0]),\(entry("a.weight_scale", "I32", "[1]", 4, 8))}", data: 8),
            "n/model.safetensors")
        expectError(.data, ["a.weight_scale is I32 [1]"]) { _ = try OpenModel(at: folder.path + "/n", label: "n") }
    }

    @Test(
        "What is turned into another basis, kept by its nonzeros, or of another way is refused",
        arguments: [
            "{\"quant_method\": \"compressed-tensors\", \"transform_config\": {\"config_groups\": {}}}",
            "{\"quant_method\": \"compressed-tensors\", \"sparsity_config\": {\"format\": \"sparse-24-bitmask\"}}",
            "{\"quant_method\": \"gptq\", \"bits\": 8}",
        ])
    func refused(entry: String) throws {
        expectError(.data, ["is quantised", "16-bit"]) { _ = try open("rows", entry) }
    }

    @Test("A member of config.json goes with its comma, the first, the last, the only one, in another object")
    func removing() throws {
        for (text, expected) in [
            ("{\"q\": {\"a\": [1]}, \"b\": 2}", "{ \"b\": 2}"), ("{\"b\": 2,\n \"q\": 1\n}\n", "{\"b\": 2}\n"),
            ("{\"b\": 2, \"q\": 1, \"c\": 3}", "{\"b\": 2, \"c\": 3}"), ("{ \"q\": null }", "{}"),
            ("{\"b\": 1}", "{\"b\": 1}"),
        ] {
            let found = try ConfigText.removing(text, ["q"])
            #expect(found.filter { !$0.isWhitespace } == expected.filter { !$0.isWhitespace }, "\(found)")
        }
        #expect(
            try ConfigText.removing("{\"t\": {\"q\": 1, \"b\": 2}, \"q\": 3}", ["t", "q"])
                == "{\"t\": { \"b\": 2}, \"q\": 3}")
        expectError(.data, ["config.json"]) { _ = try ConfigText.removing("[]", ["q"]) }
    }
}
