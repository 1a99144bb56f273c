import DPPASupport

/// The keys and values of the tokens that a generation has seen, by layer and sequence.
final class KeyValueCache: @unchecked Sendable {
    /// The width of each layer's keys, and as many of its values.
    private let widths: [Int]
    private let capacities: [Int]
    /// The tokens before each sequence.
    private let offsets: [Int]
    /// Where each layer begins.
    private let starts: [Int]
    private let memory: Buffer<Float>
    /// The cache's sequence behind each sequence of the current layout: those that have ended drop out.
    var active: [Int]

    /// A cache for sequences of at most the given lengths; `widths` are those of each layer's keys.
    init(widths: [Int], capacities: [Int]) {
        self.widths = widths
        self.capacities = capacities
        var total = 0
        offsets = capacities.map { capacity in
            defer { total += capacity }
            return total
        }
        var size = 0
        starts = widths.map { width in
            defer { size += 2 * total * width }
            return size
        }
        memory = Buffer<Float>(size)
        active = Array(capacities.indices)
    }

    /// The rows of a sequence of the current layout.
    func rows(layer: Int, sequence: Int) -> (keys: UnsafeMutablePointer<Float>, values: UnsafeMutablePointer<Float>) {
        let own = active[sequence]
        let keys = memory.pointer + starts[layer] + 2 * offsets[own] * widths[layer]
        return (keys, keys + capacities[own] * widths[layer])
    }

    /// Stores the rows of new tokens.
    func append(
        layer: Int, sequence: Int, keys: UnsafePointer<Float>, values: UnsafePointer<Float>, count: Int, at past: Int
    ) {
        let (target, width) = (rows(layer: layer, sequence: sequence), widths[layer])
        (target.keys + past * width).update(from: keys, count: count * width)
        (target.values + past * width).update(from: values, count: count * width)
    }
}
