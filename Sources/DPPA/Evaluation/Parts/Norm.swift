import DPPAKernels
import DPPASupport

/// A norm of an activation, and the tensors that it reads.
struct Norm: Sendable {
    /// How it normalises.
    enum Kind: Sendable {
        /// `x / √(mean(x²) + ε) · w`
        case rootMeanSquare
        /// The same with `1 + w` for w.
        case rootMeanSquareFromOne
        /// `(x − mean x) / √(var x + ε) · w + b`
        case layer
    }

    let kind: Kind
    /// The name without `.weight`.
    let module: String
    let width: Int
    let epsilon: Float

    var tensors: [ExpectedTensor] {
        let weight = ExpectedTensor(name: module + ".weight", shape: [width])
        return kind == .layer ? [weight, ExpectedTensor(name: module + ".bias", shape: [width])] : [weight]
    }
}

/// A norm with one candidate's numbers.
struct LoadedNorm: Sendable {
    let norm: Norm
    let weight: Buffer<Float>
    /// Of a layer norm alone.
    let bias: Buffer<Float>?

    /// Normalises one row; `out` may be x.
    func apply(_ x: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>) {
        if let bias {
            ActivationKernels.normalizeLayer(
                x, weight.pointer, bias.pointer, epsilon: norm.epsilon, into: out, count: norm.width)
        } else {
            ActivationKernels.normalize(
                x, weight.pointer, from: norm.kind == .rootMeanSquareFromOne ? 1 : 0, epsilon: norm.epsilon, into: out,
                count: norm.width)
        }
    }
}
