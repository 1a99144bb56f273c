import DPPA
import Testing

/// GGUF files that are damaged, or of a form that is not read: each is refused by what is wrong with it.
@Suite("Malformed GGUF files")
struct MalformedGGUFTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    /// The small model, changed.
    private static func changed(
        _ name: String, _ words: String..., change: @escaping @Sendable (inout GGUFFile) -> Void
    ) -> Malformed {
        Malformed(name, words) {
            var file = GGUFFile.model()
            change(&file)
            return file.bytes
        }
    }

    private static func key(_ key: String, _ value: @escaping @Sendable () -> GGUFFile.Value, _ words: String...)
        -> Malformed
    {
        Malformed(key, words) {
            var file = GGUFFile.model()
            file.keys.removeAll { $0.0 == key }
            file.keys.append((key, value()))
            return file.bytes
        }
    }

    static let headers = [
        changed("big-endian", "big-endian GGUF", "gguf_convert_endian.py") { $0.version = 0x0300_0000 },
        changed("version 1", "of version 1; versions 2 and 3 are read") { $0.version = 1 },
        changed("version 4", "of version 4") { $0.version = 4 },
        changed("tensors", "18446744073709551615 tensors") { $0.tensorCount = .max },
        changed("keys", "18446744073709551615 keys") { $0.keyCount = .max },
        changed("more tensors than there are", "in.gguf: ") { $0.tensorCount = 500_000 },
        changed("fewer keys than there are", "in.gguf: ") { $0.keyCount = 2 },
        Malformed("a key longer than the file", ["a key, at byte 24, is said to have 9223372036854775807 bytes"]) {
            Array("GGUF".utf8) + little(UInt32(3)) + little(UInt64(0)) + little(UInt64(1)) + little(UInt64(Int64.max))
                + [UInt8](repeating: 65, count: 64)
        },
        changed("a key that is too long", "at most 65535 are read") {
            $0.keys.append((String(repeating: "k", count: 70_000), .number(1)))
        },
        changed("a key twice", "the key llama.block_count appears twice") {
            $0.keys.append(("llama.block_count", .number(1)))
        },
        changed("an unknown type of value", "x is a value of the unknown type 13") {
            $0.keys.append(("x", .init(type: 13, bytes: [])))
        },
        changed("a key that is no text", "is not UTF-8 text") {
            $0.keys.append(("x", .init(type: 8, bytes: little(UInt64(2)) + [0xC3, 0x28])))
        },
        changed("a truth value of 2", "x is the truth value 2") { $0.keys.append(("x", .init(type: 7, bytes: [2]))) },
        changed("a list of lists", "x is a list of lists") { $0.keys.append(("x", .list(9, [], count: 1))) },
        changed("a list longer than the file", "x is said to be a list of 4611686018427387904") {
            $0.keys.append(("x", .list(4, [], count: 1 << 62)))
        },
        changed("a long list with a text longer than the file", "a text of x is said to have") {
            $0.keys.append(
                ("x", .list(8, Array(repeating: GGUFFile.text("t"), count: 1500) + [little(UInt64.max >> 1)])))
        },
        changed("a list of an unknown type", "values of the unknown type 99") { $0.keys.append(("x", .list(99, []))) },
        key("general.alignment", { .number(24) }, "general.alignment is the number 24", "power of two"),
        key("general.alignment", { .number(0) }, "general.alignment is the number 0"),
        key("general.alignment", { .text("x") }, "general.alignment is the text 'x'"),
    ]

    static let tensors = [
        changed("no dimensions", "token_embd.weight has 0 dimensions") { $0.tensors[0].dimensions = [] },
        changed("five dimensions", "has 5 dimensions") { $0.tensors[0].dimensions = [1, 1, 1, 1, 1] },
        changed("a dimension of 0", "has the dimensions [32, 0]") { $0.tensors[0].dimensions = [32, 0] },
        changed("dimensions that overflow", "has the dimensions [4294967296, 4294967296]") {
            $0.tensors[0].dimensions = [1 << 32, 1 << 32]
        },
        changed("a dimension beyond Int", "has the dimensions [18446744073709551615]") {
            $0.tensors[0].dimensions = [.max]
        },
        changed("a row that is no whole blocks", "a row of token_embd.weight has 16 elements; blocks have 32") {
            $0.tensors[0].dimensions = [16, 64]
            $0.tensors[0].type = 8
        },
        changed("an unknown type", "token_embd.weight is of the unknown type 77") { $0.tensors[0].type = 77 },
        changed("IQ4_XS", "token_embd.weight is stored as IQ4_XS, which is not read", "Q8_0", "llama-quantize") {
            $0.tensors[0].type = 23
        },
        changed("MXFP4", "stored as MXFP4") { $0.tensors[0].type = 39 },
        changed("TQ1_0", "stored as TQ1_0") { $0.tensors[0].type = 34 },
        changed("a tensor twice", "the tensor output_norm.weight appears twice") {
            $0.tensors[2].name = "output_norm.weight"
        },
        changed("an overlap", "output_norm.weight begins at byte 4064 of the data; 4096 is expected") {
            $0.tensors[1].offset = 4064
        },
        changed("a gap", "blk.0.ffn_down.weight begins at byte") { $0.tensors[10].offset = 1 << 20 },
        changed("a place beyond Int", "begins at byte 18446744073709551615") { $0.tensors[10].offset = .max },
        changed("a place that overflows", "blk.0.ffn_down.weight begins at byte 9223372036854775776") {
            $0.tensors[10].offset = UInt64(Int.max) - 31
        },
        changed("data that is not there", "blk.0.ffn_down.weight ends at byte", "cut short") {
            $0.tensors[10].dimensions = [32, 320_000]
        },
        changed("a name that is too long", "the name of a tensor") {
            $0.tensors[0].name = String(repeating: "x", count: 300)
        },
    ]

    static let models = [
        changed("no architecture", "it has no general.architecture") { $0.keys.removeFirst() },
        changed("another architecture", "of the architecture 'deepseek2', which is not read", "qwen3moe") {
            $0.keys[0].1 = .text("deepseek2")
        },
        changed("an adapter", "holds no model but what it calls 'adapter'", "adapter_config.json") {
            $0.keys.append(("general.type", .text("adapter")))
        },
        changed("a size is missing", "its metadata has no llama.feed_forward_length", "config.json") {
            $0.keys.removeAll { $0.0 == "llama.feed_forward_length" }
        },
        key(
            "llama.embedding_length", { .number(64) }, "token_embd.weight is [32, 32], and llama.embedding_length is 64"
        ),
        key("llama.attention.head_count", { .number(0) }, "it has 0 heads"),
        key("llama.attention.head_count", { .number(3) }, "whose rows 3 heads cannot share in pairs"),
        key("llama.attention.head_count", { .text("2") }, "is the text '2'; a whole number is expected"),
        key(
            "llama.feed_forward_length", { .list(4, [little(UInt32(8)), little(UInt32(9))]) }, "differs between blocks"),
        key("llama.block_count", { .number(2) }, "in block 1"),
        key("llama.block_count", { .number(.max) }, "in block 1"),
        key("llama.block_count", { .number(0) }, "blk.0.attn_norm.weight is no tensor"),
        key("llama.expert_count", { .number(1 << 20) }, "it has 1048576 experts"),
        changed("another number of experts", "blk.0.ffn_up_exps.weight is [1, 32, 32], and there are 4 experts") {
            $0.keys.append(("llama.expert_count", .number(4)))
            $0.tensors[9].name = "blk.0.ffn_up_exps.weight"
            $0.tensors[9].dimensions = [32, 32, 1]
        },
        key("llama.rope.dimension_count", { .number(8) }, "rotates 8 of 16 elements of a head"),
        key("llama.rope.scaling.type", { .text("su") }, "stretches positions as 'su'"),
        key("llama.attention.value_length", { .number(8) }, "have other widths"),
        changed("an unknown tensor", "blk.0.attn_sinks.weight is no tensor of the architecture 'llama'") {
            $0.tensors[10].name = "blk.0.attn_sinks.weight"
        },
        changed("no embedding", "in.gguf") { $0.tensors[0].name = "output.weight" },
        changed("no last norm", "lacks output_norm.weight") { $0.tensors[1].name = "output.weight" },
    ]

    @Test(arguments: headers + tensors + models)
    func refused(file: Malformed) throws {
        try file.expectRefusal(in: folder, as: "in.gguf") { _ = try OpenModel(at: $0, label: "m") }
    }

    @Test("A file cut at any byte of its header, or within its data, is refused")
    func cut() throws {
        let bytes = GGUFFile.model().bytes
        // The last tensor may end without padding.
        for size in Array(stride(from: 4, to: 1400, by: 1)) + Array(stride(from: 1400, to: bytes.count, by: 997)) {
            let path = try folder.write(Array(bytes[..<size]), "in.gguf")
            expectError(.data, ["in.gguf"]) { _ = try OpenModel(at: path, label: "m") }
        }
    }

    @Test("Files of before GGUF are called that")
    func older() throws {
        try folder.write(Array("tjgg".utf8) + [UInt8](repeating: 1, count: 100), "m/model.bin")
        expectError(.missingInput, ["a GGML file, as llama.cpp had them before GGUF"]) {
            _ = try OpenModel(at: folder.path + "/m", label: "m")
        }
    }
}
