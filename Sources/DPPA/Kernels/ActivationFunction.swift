/// The function between two linears of an MLP.
package enum ActivationFunction: CaseIterable, Sendable {
    /// `x / (1 + e^-x)`
    case silu
    /// `x/2 · (1 + tanh u)` = `x / (1 + e^-2u)` with u = √(2/π) · (x + 0.044715 x³)
    case geluTanh

    /// What config.json calls it.
    package var names: [String] {
        switch self {
        case .silu: ["silu", "swish"]
        case .geluTanh: ["gelu_pytorch_tanh", "gelu_new"]
        }
    }

    /// `x = f(x)`.
    package func apply(_ x: UnsafeMutablePointer<Float>, count: Int) {
        switch self {
        case .silu: ActivationKernels.map(x, count: count) { ActivationKernels.silu($0) }
        case .geluTanh: ActivationKernels.map(x, count: count) { ActivationKernels.geluTanh($0) }
        }
    }

    /// `gate = f(gate) · up`.
    package func gate(_ gate: UnsafeMutablePointer<Float>, _ up: UnsafePointer<Float>, count: Int) {
        switch self {
        case .silu: ActivationKernels.map(gate, up, count: count) { ActivationKernels.silu($0) * $1 }
        case .geluTanh: ActivationKernels.map(gate, up, count: count) { ActivationKernels.geluTanh($0) * $1 }
        }
    }
}
