import DPPAKernels
import DPPASupport

/// An MLP: `down(f(gate x) · up x)`, or `down(f(up x))` without a gate.
struct FeedForward: Part {
    var gate: Linear?
    var up, down: Linear
    var activation: ActivationFunction

    var tensors: [[ExpectedTensor]] { [gate?.tensors].compactMap { $0 } + [up.tensors, down.tensors] }
    var linears: [Linear] { [gate].compactMap { $0 } + [up, down] }
    var inputWidth: Int { up.inputs }
    var innerWidth: Int { up.outputs }

    func run(_ pass: ForwardPass, _ states: [Activations], layer: Int) throws {
        try makeHidden(pass, states, rows: pass.allRows(states), from: \.inputRows)
        try pass.multiply(down, states, from: hidden, to: \.sumRows, adding: true)
    }

    /// The hidden activation, at the start of `Activations.inner`.
    func hidden(_ state: Activations) -> TokenRows { TokenRows(pointer: state.inner.pointer, width: up.outputs) }

    /// Computes the hidden activation of the rows that each candidate has in each batch.
    func makeHidden(
        _ pass: ForwardPass, _ states: [Activations], rows: [[Range<Int>]], from source: @escaping ForwardPass.Place
    ) throws {
        let (hidden, activation) = (hidden, activation)
        guard let gate else {
            return try pass.each(up, states, rows: rows, from: source) { up, state, piece, _ in
                let target = hidden(state)[piece.rows.lowerBound] + piece.outputs.lowerBound
                let width = hidden(state).width
                up.times(
                    source(state)[piece.rows.lowerBound], rows: piece.rows.count, outputs: piece.outputs, into: target,
                    stride: width)
                for row in 0..<piece.rows.count { activation.apply(target + row * width, count: piece.outputs.count) }
            }
        }
        try pass.multiply(gate, states, rows: rows, from: source, to: hidden)
        try pass.each(up, states, rows: rows, from: source) { up, state, piece, scratch in
            let (first, count) = (piece.rows.lowerBound, piece.outputs.count)
            let own = scratch.floats(piece.rows.count * count)
            up.times(source(state)[first], rows: piece.rows.count, outputs: piece.outputs, into: own, stride: count)
            for row in 0..<piece.rows.count {
                activation.gate(
                    hidden(state)[first + row] + piece.outputs.lowerBound, own + row * count, count: count)
            }
        }
    }
}
