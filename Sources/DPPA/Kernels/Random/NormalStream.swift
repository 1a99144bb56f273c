import DPPASupport

/// The normally distributed numbers of one tensor in one stream, mean 0 and variance 1: element i has the same number in whatever
/// order it is asked for.
///
/// By Box and Muller, of the uniform numbers u of `RandomStream`: element i is √(−2 ln(1 − u₂ᵢ)) · cos(2π u₂ᵢ₊₁), computed in
/// float64 and rounded once. As u has 24 bits, no number is larger than 5.77.
package struct NormalStream: Sendable {
    private let uniform: RandomStream

    /// The numbers of a tensor, by its name, in a stream under a seed.
    package init(seed: UInt64, stream: String, tensor: String) {
        uniform = RandomStream(seed: seed, stream: stream, tensor: tensor)
    }

    private static let piece = 2048

    /// Writes the numbers of the elements `firstIndex..<firstIndex + count`, and nothing behind them; any `firstIndex` ≥ 0.
    package func normal(firstIndex: Int, count: Int, into out: UnsafeMutablePointer<Float>) {
        let pairs = Buffer<Float>(2 * min(count, Self.piece))
        let made = Buffer<Float>(min(count, Self.piece))
        var done = 0
        while done < count {
            let size = min(Self.piece, count - done)
            uniform.uniform(firstIndex: 2 * (firstIndex + done), count: 2 * size, into: pairs.pointer)
            let from = UnsafePointer(pairs.pointer)
            for index in stride(from: 0, to: size, by: 8) {
                let lanes = from.lanes(2 * index)
                let (first, second) = (Wide(widening: lanes.evenHalf), Wide(widening: lanes.oddHalf))
                let logarithm = VectorMath.log(Wide(repeating: 1) - first)
                let radius = (logarithm * Wide(repeating: 2)).rootsOfMagnitudes
                made.pointer.store(radius * Cos.wide(second * Wide(repeating: 2 * Double.pi)), index)
            }
            (out + done).update(from: made.pointer, count: size)
            done += size
        }
        // The memory must outlive its use through the pointers.
        withExtendedLifetime((pairs, made)) {}
    }
}
