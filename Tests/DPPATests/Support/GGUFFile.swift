/// The bytes of a GGUF file, right or wrong: header and tensors as a test says.
struct GGUFFile {
    /// A value with the number of its type.
    struct Value {
        var type: UInt32
        var bytes: [UInt8]

        static func text(_ text: String) -> Value { Value(type: 8, bytes: GGUFFile.text(text)) }
        static func number(_ number: UInt32) -> Value { Value(type: 4, bytes: little(number)) }
        static func short(_ number: UInt16) -> Value { Value(type: 2, bytes: little(number)) }
        static func float(_ number: Float) -> Value { Value(type: 6, bytes: little(number.bitPattern)) }
        /// An array, whose length may be said otherwise.
        static func list(_ type: UInt32, _ items: [[UInt8]], count: UInt64? = nil) -> Value {
            Value(type: 9, bytes: little(type) + little(count ?? UInt64(items.count)) + items.flatMap { $0 })
        }
    }

    struct Tensor {
        var name: String
        /// As the file has them: the one that changes fastest comes first.
        var dimensions: [UInt64]
        var type: UInt32
        var bytes: [UInt8]
        /// Where it is said to be; nil for behind the one before it.
        var offset: UInt64?
    }

    var version: UInt32 = 3
    var keys: [(String, Value)] = []
    var tensors: [Tensor] = []
    var alignment = 32
    /// How many there are said to be.
    var tensorCount, keyCount: UInt64?

    var bytes: [UInt8] {
        var header = Array("GGUF".utf8) + little(version)
        header += little(tensorCount ?? UInt64(tensors.count)) + little(keyCount ?? UInt64(keys.count))
        for (key, value) in keys { header += Self.text(key) + little(value.type) + value.bytes }
        var data: [UInt8] = []
        for tensor in tensors {
            header += Self.text(tensor.name) + little(UInt32(tensor.dimensions.count))
            for size in tensor.dimensions { header += little(size) }
            header += little(tensor.type) + little(tensor.offset ?? UInt64(data.count))
            data += tensor.bytes + Array(repeating: 0, count: (alignment - tensor.bytes.count % alignment) % alignment)
        }
        return header + Array(repeating: 0, count: (alignment - header.count % alignment) % alignment) + data
    }

    static func text(_ text: String) -> [UInt8] { little(UInt64(text.utf8.count)) + Array(text.utf8) }

    /// A model of one block that is whole: 32 wide, two heads, float32 but for what is said.
    static func model(_ changes: [Tensor] = []) -> GGUFFile {
        var file = GGUFFile(keys: [
            ("general.architecture", .text("llama")), ("llama.block_count", .number(1)),
            ("llama.context_length", .number(64)), ("llama.embedding_length", .number(32)),
            ("llama.feed_forward_length", .number(32)), ("llama.attention.head_count", .number(2)),
            ("llama.attention.layer_norm_rms_epsilon", .float(1e-5)),
        ])
        for name in ["token_embd", "output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"]
            + ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"].map({ "blk.0." + $0 })
        {
            let count = name.hasSuffix("norm") ? 32 : 1024
            file.tensors.append(
                Tensor(
                    name: name + ".weight", dimensions: count == 32 ? [32] : [32, 32], type: 0,
                    bytes: (0..<count).flatMap { little(Float($0 % 91 - 45).bitPattern) }))
        }
        for change in changes {
            if let place = file.tensors.firstIndex(where: { $0.name == change.name }) {
                file.tensors[place] = change
            } else {
                file.tensors.append(change)
            }
        }
        return file
    }
}

/// The bytes of a number, the lowest first.
func little(_ number: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: number.littleEndian, Array.init) }
