import DPPA

/// A tensor in memory, for tests.
struct ArraySource: TensorSource {
    let shape: [Int]
    let values: [Float]
    var dtype: DType { .f32 }

    func load(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {
        values.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            buffer.copyMemory(from: start + elements.lowerBound * 4, byteCount: elements.count * 4)
        }
    }
}

/// A model out of arrays: tensors named like a LLaMA's get their layer, the rest none.
func makeModel(
    _ label: String, path: String? = nil, _ tensors: [(name: String, shape: [Int], values: [Float])]
) -> OpenModel {
    OpenModel(
        label: label, path: path ?? label,
        tensors: tensors.map { tensor in
            var facts = TensorFacts(name: tensor.name, shape: tensor.shape)
            let parts = tensor.name.split(separator: ".").map(String.init)
            if let place = parts.firstIndex(of: "layers"), place + 1 < parts.count, let layer = Int(parts[place + 1]) {
                facts.stack = parts[...place].joined(separator: ".")
                facts.layer = layer
                facts.depth = Double(layer)
                facts.isLinear = tensor.shape.count > 1
            }
            return (facts, ArraySource(shape: tensor.shape, values: tensor.values))
        })
}

extension ResultModels {
    /// The models of a result that reads some models, from the first of them on, by their places in the list.
    init(_ models: [OpenModel], _ result: MergeResult, config: Int = 0) {
        self.init(
            read: models, start: models[0], config: models[config], tokenizer: models[result.tokenizer ?? config],
            template: models[result.chatTemplate ?? result.tokenizer ?? config])
    }
}

/// Numbers that look random and are the same on every run.
struct Lehmer: RandomNumberGenerator {
    var state: UInt64
    init(_ seed: UInt64) { state = seed &* 2 &+ 1 }
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (state >> 33) ^ (state << 31)
    }
    mutating func floats(_ count: Int, _ range: ClosedRange<Float> = -1...1) -> [Float] {
        (0..<count).map { _ in Float.random(in: range, using: &self) }
    }
}
