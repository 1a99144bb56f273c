import DPPA
import Foundation

/// A tensor of a test's checkpoint.
struct Sample {
    var name: String
    var shape: [Int]
    var values: [Float]
    var isHalf = false

    /// Elements that count up from `first`.
    init(_ name: String, _ shape: [Int], _ first: Float, isHalf: Bool = false) {
        self.init(name, shape, (0..<shape.reduce(1, *)).map { first + Float($0) }, isHalf: isHalf)
    }

    init(_ name: String, _ shape: [Int], _ values: [Float], isHalf: Bool = false) {
        (self.name, self.shape, self.values, self.isHalf) = (name, shape, values, isHalf)
    }

    var first: Float { values.first ?? 0 }
    /// The elements as float32, or as bfloat16: whole numbers up to 256 are exact in both.
    var bytes: [UInt8] {
        isHalf
            ? values.flatMap { withUnsafeBytes(of: UInt16($0.bitPattern >> 16).littleEndian, Array.init) }
            : values.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) }
    }
}

extension TestFolder {
    /// Writes a checkpoint and opens it.
    func model(_ label: String, _ tensors: [Sample], config: String? = nil) throws -> OpenModel {
        var (entries, data): ([String], [UInt8]) = ([], [])
        for tensor in tensors {
            let bytes = tensor.bytes
            let shape = "[" + tensor.shape.map(String.init).joined(separator: ",") + "]"
            entries.append(
                entry(tensor.name, tensor.isHalf ? "BF16" : "F32", shape, data.count, data.count + bytes.count))
            data += bytes
        }
        try write(
            safetensors(Array("{\(entries.joined(separator: ","))}".utf8), data: data), label + "/model.safetensors")
        if let config { try write(config, label + "/config.json") }
        return try OpenModel(at: path + "/" + label, label: label)
    }
}

extension OpenModel {
    /// The elements of a tensor as float32; nil where the model has none of the name.
    func floats(_ name: String) throws -> [Float]? {
        guard let source = source(name) else { return nil }
        let bytes = try source.bytes()
        let size = source.dtype.byteSize
        return stride(from: 0, to: bytes.count, by: size).map { start in
            let low = bytes[start..<start + size].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            return Float(bitPattern: size == 2 ? low << 16 : low)
        }
    }
}
