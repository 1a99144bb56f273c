import DPPA
import Testing

/// Codes and scaled numbers are refused with the scheme, the weight and what tells it; plain numbers are not.
@Suite("Quantisation")
struct QuantisationTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    /// A model of tensors of 8 bytes each, so that any dtype fits.
    private func open(_ tensors: [(String, String)], config: String = "{}") throws -> OpenModel {
        let sizes = ["F64": 1, "I64": 1, "F32": 2, "I32": 2, "U32": 2, "BF16": 4, "F16": 4]
        let entries = tensors.enumerated().map { index, tensor in
            entry(tensor.0, tensor.1, "[\(sizes[tensor.1] ?? 8)]", index * 8, index * 8 + 8)
        }
        try folder.write(
            safetensors("{\(entries.joined(separator: ","))}", data: tensors.count * 8), "m/model.safetensors")
        try folder.write(config, "m/config.json")
        return try OpenModel(at: folder.path + "/m", label: "m")
    }

    struct Scheme: Sendable, CustomTestStringConvertible {
        var scheme: String
        var weight: String
        var sibling: String
        var tensors: [(String, String)]
        var testDescription: String { "\(scheme): \(tensors.map(\.0))" }

        init(_ scheme: String, _ weight: String, _ sibling: String, _ tensors: KeyValuePairs<String, String>) {
            self.scheme = scheme
            self.weight = weight
            self.sibling = sibling
            self.tensors = tensors.map { ($0.key, $0.value) }
        }
    }

    private static let x = "model.layers.0.mlp.up_proj"
    private static let e = "model.layers.0.mlp.experts"

    static let schemes = [
        Scheme(
            "bitsandbytes NF4", x + ".weight", ".weight.absmax",
            [
                x + ".weight": "BF16", x + ".weight.absmax": "F32", x + ".weight.quant_map": "F32",
                x + ".weight.quant_state.bitsandbytes__nf4": "U8",
            ]),
        Scheme(
            "bitsandbytes FP4", x + ".weight", ".weight.absmax",
            [
                x + ".weight": "U8", x + ".weight.absmax": "U8", x + ".weight.nested_absmax": "F32",
                x + ".weight.quant_state.bitsandbytes__fp4": "U8",
            ]),
        Scheme("bitsandbytes 8-bit", x + ".weight", ".SCB", [x + ".weight": "I8", x + ".SCB": "F32"]),
        Scheme(
            "GPTQ", x + ".qweight", ".qzeros",
            [x + ".g_idx": "I32", x + ".qweight": "I32", x + ".qzeros": "I32", x + ".scales": "F16"]),
        Scheme(
            "AWQ", x + ".qweight", ".qzeros", [x + ".qweight": "I32", x + ".qzeros": "I32", x + ".scales": "F16"]),
        Scheme("HQQ", x + ".W_q", ".scale", [x + ".W_q": "U8", x + ".scale": "F16", x + ".zero": "F16"]),
        Scheme(
            "compressed-tensors", x + ".weight_packed", ".weight_scale",
            [x + ".weight_packed": "I32", x + ".weight_scale": "BF16", x + ".weight_shape": "I64"]),
        Scheme(
            "packed 4-bit, NVFP4", x + ".weight", ".weight_scale",
            [x + ".weight": "U8", x + ".weight_scale": "F8_E4M3", x + ".weight_scale_2": "F32"]),
        Scheme("packed 4-bit", x + ".weight", ".weight_scale", [x + ".weight": "U8", x + ".weight_scale": "F8_E8M0"]),
        Scheme("FP8", x + ".weight", ".scale_weight", [x + ".weight": "F8_E5M2", x + ".scale_weight": "F32"]),
        Scheme("FP8", x + ".weight", ".scale", [x + ".weight": "F8_E5M2", x + ".scale": "F32"]),
        Scheme("8-bit integers", x + ".weight", ".weight_scale", [x + ".weight": "I8", x + ".weight_scale": "F32"]),
        Scheme("8-bit integers", x + ".weight", ".weight_scales", [x + ".weight": "I8", x + ".weight_scales": "F16"]),
        Scheme("scaled", x + ".weight", ".weight_scale", [x + ".weight": "BF16", x + ".weight_scale": "BF16"]),
        Scheme(
            "MXFP4", e + ".down_proj_blocks", "down_proj_blocks",
            [e + ".down_proj_blocks": "U8", e + ".down_proj_scales": "U8"]),
        Scheme(
            "MLX", x + ".weight", ".scales", [x + ".biases": "BF16", x + ".scales": "BF16", x + ".weight": "U32"]),
        Scheme(
            "quanto", x + ".weight._data", "._scale", [x + ".weight._data": "I8", x + ".weight._scale": "BF16"]),
        Scheme(
            "AQLM", x + ".codes", ".codebooks", [x + ".codebooks": "F16", x + ".codes": "I8", x + ".scales": "F16"]),
    ]

    @Test("By what stands beside a weight, whatever its dtype", arguments: schemes)
    func siblings(scheme: Scheme) throws {
        let dtype = scheme.tensors.first { $0.0 == scheme.weight }?.1 ?? ""
        expectError(.data, ["\(scheme.weight) (\(dtype)) is quantised", scheme.scheme, scheme.sibling, "16-bit"]) {
            _ = try open(scheme.tensors)
        }
    }

    @Test("The weight is named, not its scale, whatever else is in the model")
    func namesTheWeight() throws {
        let others = [("a.weight", "BF16"), ("z.weight", "BF16"), (Self.x + ".bias", "BF16")]
        for scheme in Self.schemes {
            expectError(.data, ["m: \(scheme.weight) ("]) { _ = try open(scheme.tensors + others) }
        }
    }

    @Test(
        "By config.json alone",
        arguments: [
            ("{\"quant_method\": \"bitsandbytes\", \"load_in_4bit\": true, \"bnb_4bit_quant_type\": \"nf4\"}", "NF4"),
            ("{\"quant_method\": \"gptq\", \"bits\": 4}", "GPTQ, 4 bits"), ("{\"quant_method\": \"awq\"}", "AWQ"),
            ("{\"quant_method\": \"compressed-tensors\"}", "compressed-tensors"),
            ("{\"quant_method\": \"hqq\"}", "HQQ"),
            ("{\"quant_method\": \"something-new\"}", "something-new"), ("{\"load_in_8bit\": true}", "8-bit"),
        ])
    func declared(entry: String, scheme: String) throws {
        for config in ["{\"quantization_config\": \(entry)}", "{\"text_config\": {\"quantization_config\": \(entry)}}"]
        {
            expectError(.data, ["m is quantised", scheme, "quantization_config", "take that entry out"]) {
                _ = try open([("a.weight", "BF16")], config: config)
            }
        }
    }

    @Test(
        "Null, an empty entry and other programs' words are none",
        arguments: [
            "{\"quantization_config\": null}", "{\"quantization_config\": {}}", "{\"quantization\": \"none\"}",
            "{\"quantization_config\": null, \"rope\": NaN}", "{\"x\": \"quantization_config\"}",
            "{\"text_config\": {\"quantization_config\": null}}",
        ])
    func undeclared(config: String) throws {
        #expect(try open([("a.weight", "BF16"), ("b.weight", "F8_E4M3")], config: config).tensors.count == 2)
    }

    @Test("A gain called scale, and names that only look like a scheme's, are no scales")
    func falseAlarms() throws {
        let plain: [[(String, String)]] = [
            // Image models in raw fp8.
            [
                ("double_blocks.0.img_attn.norm.key_norm.scale", "F8_E4M3"), ("logit_scale", "F8_E4M3"),
                ("double_blocks.0.img_attn.qkv.weight", "F8_E4M3"),
            ],
            [("layer.scale", "BF16"), ("layer.weight", "BF16")], [("a.W_q", "BF16"), ("b.codes", "I64")],
            [("indices", "I64"), ("buffer.absmax", "F32")], [("x.scales", "BF16"), ("x.weight", "BF16")],
            [("embed", "BF16"), ("embed_scale", "F32")], [("text_blocks", "U8"), ("scale", "F32")],
        ]
        for tensors in plain { #expect(try open(tensors).tensors.count == tensors.count) }
    }
}
