import DPPASupport

/// The keys and values of the tokens that a generation has seen, by layer and sequence.
final class KeyValueCache: @unchecked Sendable {
    private let width: Int
    private let capacities: [Int]
    private let offsets: [Int]
    private let layerSize: Int
    private let memory: Buffer<Float>
    /// The cache's sequence behind each sequence of the current layout: those that have ended drop out.
    var active: [Int]

    /// A cache for sequences of at most the given lengths.
    init(_ config: LlamaConfig, capacities: [Int]) {
        width = config.keyWidth
        self.capacities = capacities
        var offsets: [Int] = []
        var total = 0
        for capacity in capacities {
            offsets.append(total)
            total += capacity * 2 * config.keyWidth
        }
        self.offsets = offsets
        layerSize = total
        memory = Buffer<Float>(total * config.layerCount)
        active = Array(capacities.indices)
    }

    /// The memory of one token, in bytes.
    static func bytesPerToken(_ config: LlamaConfig) -> Int { config.layerCount * 2 * config.keyWidth * 4 }

    /// The rows of a sequence of the current layout.
    func rows(layer: Int, sequence: Int) -> (keys: UnsafeMutablePointer<Float>, values: UnsafeMutablePointer<Float>) {
        let own = active[sequence]
        let keys = memory.pointer + layer * layerSize + offsets[own]
        return (keys, keys + capacities[own] * width)
    }

    /// Stores the rows of new tokens.
    func append(
        layer: Int, sequence: Int, keys: UnsafePointer<Float>, values: UnsafePointer<Float>, count: Int, at past: Int
    ) {
        let target = rows(layer: layer, sequence: sequence)
        (target.keys + past * width).update(from: keys, count: count * width)
        (target.values + past * width).update(from: values, count: count * width)
    }
}
