import DPPA

/// Changes files at random, the same way for the same seed: bytes, numbers, words and pieces of text.
struct Mutator {
    private var random: Lehmer

    /// Words that mean something to one of the readers, or to a part of it.
    private static let words: [[UInt8]] = [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u0000", "\\ud800", "null", "true", "NaN", "-Infinity", "-1", "0",
        "1.5",
        "1e9", "1e-400", "9223372036854775807", "9223372036854775808", "18446744073709551615", "4611686018427387904",
        "1099511627776", "123456789012345678901234567890", "__metadata__", "dtype", "shape", "data_offsets", "F8_E4M3",
        "F64", "BOOL", "weight_map", "metadata", "../", "/", "..", "model.safetensors", "prompt", "target", "choices",
        "answer", "answer_text", "tokens", "metric", "generate", "max_tokens", "stop", "head_dim", "rope_scaling",
        "num_hidden_layers", "layer_types", "sliding_window", "quantization_config", "[[[[[[[[", "{\"a\":{\"a\":", "\n",
        "\u{0}",
        "\u{1B}", "\u{FEFF}", "é", "\u{301}", "😀", "{}", "[]", "\"\"",
    ].map { Array($0.utf8) }

    init(seed: UInt64) { random = Lehmer(seed) }

    /// A number below a limit.
    mutating func number(_ limit: Int) -> Int { limit > 1 ? Int.random(in: 0..<limit, using: &random) : 0 }

    /// A file changed in one to four ways; `other` lends pieces.
    mutating func mutated(_ bytes: [UInt8], _ other: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0...number(1 + number(4)) { change(&bytes, other) }
        return bytes
    }

    /// A file of a model changed, with its name; without a model, weights made at random, changed every other time.
    mutating func file(_ model: [String: [UInt8]]?, _ others: [String: [UInt8]]) -> (name: String, bytes: [UInt8]) {
        let other = others.values.min { $0.count < $1.count } ?? []
        let weights = "model.safetensors"
        guard let model else {
            let bytes = weightsAtRandom()
            return (weights, number(2) == 0 ? bytes : mutatedWeights(bytes, other))
        }
        // Weights are the least interesting part where there is more to be changed.
        let isLarge = model.count > 2 && number(8) > 0
        let names = model.keys.sorted().filter { !isLarge || $0 != weights }
        let name = names[number(names.count)]
        let bytes = model[name] ?? []
        if name.hasSuffix(".safetensors") { return (name, mutatedWeights(bytes, other)) }
        if name.hasSuffix(".gguf") { return (name, mutatedGGUF(bytes, other)) }
        return (name, name.hasSuffix(".bin") ? mutatedArchive(bytes, other) : mutated(bytes, other))
    }

    /// A safetensors file changed anywhere, or in its header alone, whose length stays right.
    private mutating func mutatedWeights(_ bytes: [UInt8], _ other: [UInt8]) -> [UInt8] {
        let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        guard number(3) > 0 else { return mutated(bytes, other) }
        return safetensors(mutated(Array(bytes[8..<8 + length]), other), data: Array(bytes[(8 + length)...]))
    }

    /// A whole file of up to five tensors with names, types and shapes at random, empty ones among them.
    private mutating func weightsAtRandom() -> [UInt8] {
        let parts = [
            "model", "layers", "0", "7", "999999", "experts", "mlp", "gate", "weight", "a_scale", "", "é", "/",
        ]
        let dimensions = [0, 1, 1, 2, 3, 5, 16, 33]
        var entries: [String] = []
        var data: [UInt8] = []
        for index in 0..<number(6) {
            let name = (0...number(5)).map { _ in parts[number(parts.count)] }.joined(separator: ".")
            let shape = (0..<number(4)).map { _ in dimensions[number(dimensions.count)] }
            let dtype = DType.allCases[number(DType.allCases.count)]
            let start = data.count
            let byte = UInt8(number(256))
            data += (0..<shape.reduce(dtype.byteSize, *)).map { byte &+ UInt8(truncatingIfNeeded: $0 * index) }
            entries.append(entry(name, dtype.rawValue, "\(shape)", start, data.count))
        }
        return safetensors(Array("{\(entries.joined(separator: ","))}".utf8), data: data)
    }

    private mutating func change(_ bytes: inout [UInt8], _ other: [UInt8]) {
        let place = number(bytes.count + 1)
        let piece = place..<min(bytes.count, place + 1 + number(number(4) == 0 ? bytes.count : 8))
        switch number(12) {
        case 0: if place < bytes.count { bytes[place] ^= 1 << UInt8(number(8)) }
        case 1: if place < bytes.count { bytes[place] = UInt8(number(256)) }
        case 2: bytes.removeSubrange(piece)
        case 3: bytes.insert(contentsOf: bytes[piece], at: place)
        case 4: bytes.insert(contentsOf: Self.words[number(Self.words.count)], at: place)
        case 5: bytes.replaceSubrange(piece, with: Self.words[number(Self.words.count)])
        case 6: bytes.removeSubrange(place...)
        case 7:
            let start = number(other.count + 1)
            bytes.replaceSubrange(piece, with: other[start..<min(other.count, start + number(40))])
        case 8: replaceToken(&bytes, place) { (48...57).contains($0) }
        case 9: replaceToken(&bytes, place) { $0 != UInt8(ascii: "\"") && $0 >= 32 }
        case 10: bytes.insert(contentsOf: Array(repeating: bytes[piece], count: 1 + number(50)).joined(), at: place)
        default: changeLength(&bytes)
        }
    }

    /// Replaces the next run of bytes of a kind, such as the digits of a number, by a word.
    private mutating func replaceToken(_ bytes: inout [UInt8], _ place: Int, _ belongs: (UInt8) -> Bool) {
        guard let start = bytes[place...].firstIndex(where: belongs) else { return }
        let end = bytes[start...].firstIndex { !belongs($0) } ?? bytes.count
        bytes.replaceSubrange(start..<end, with: Self.words[number(Self.words.count)])
    }

    /// Changes the number in the first eight bytes: that of a safetensors header's bytes.
    private mutating func changeLength(_ bytes: inout [UInt8]) {
        guard bytes.count >= 8 else { return }
        let length = bytes.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let changed: UInt64 =
            switch number(5) {
            case 0: length &+ UInt64(number(16)) &- 8
            case 1: UInt64(bytes.count) &- UInt64(number(16))
            case 2: 0 &- UInt64(number(16))
            case 3: 1 << UInt64(number(64))
            default: UInt64(number(300))
            }
        bytes.replaceSubrange(0..<8, with: withUnsafeBytes(of: changed.littleEndian, Array.init))
    }
}
