import DPPAKernels
import DPPASupport
import Foundation

/// What a model predicts after one position.
package struct Prediction: Sendable, BitwiseCopyable {
    /// The most likely token; among equals the lowest.
    package var best: Int32
    /// The natural logarithm of the target's probability.
    package var logProbability: Double
    /// Whether every logit is a number.
    var isFinite: Bool
}

/// Logits at the wanted positions, a block of the vocabulary at a time; what is kept of them is a few numbers a position.
final class VocabularyHead: @unchecked Sendable {
    private struct State {
        var best: Int32 = 0
        var bestLogit = -Float.infinity
        var total = 0.0
        var hasNaN = false
    }

    private let width: Int
    /// The bound c of `c · tanh(logit / c)`; nil if logits are not bounded.
    private let softCap: Float?
    private let targets: [Int32]
    /// Of each wanted position the row of its logits, and of each row its positions.
    private let rows: [Int]
    private let positions: [[Int]]
    private let activations: Buffer<Float>
    /// By row.
    private let states: Buffer<State>
    /// By position.
    private let targetLogits: Buffer<Float>

    /// The rows of each matrix product: those of one batch, as a product's last bits may depend on how many rows it has.
    private let pieces: [Range<Int>]

    /// How many rows a piece has at most.
    private static let rowsAtOnce = 256

    /// Normalises the residual stream at the wanted tokens, in the order of the batches of the layout; one may be wanted for several
    /// targets.
    init(
        _ stream: Buffer<Float>, _ layout: TokenLayout, tokens: [Int], targets: [Int32], norm: LoadedNorm,
        softCap: Float?
    ) {
        width = norm.norm.width
        self.softCap = softCap
        self.targets = targets
        var known: [Int: Int] = [:]
        var rows: [Int] = []
        var (pieces, batches, end): ([Range<Int>], ArraySlice<TokenLayout.Batch>, Int) = ([], layout.batches[...], 0)
        for token in tokens {
            let row = known[token] ?? known.count
            if row == known.count {
                let isNext = token >= end
                while token >= end, let batch = batches.popFirst() { end = batch.tokens.upperBound }
                if let last = pieces.last, !isNext, last.count < Self.rowsAtOnce {
                    pieces[pieces.count - 1] = last.lowerBound..<row + 1
                } else {
                    pieces.append(row..<row + 1)
                }
            }
            known[token] = row
            rows.append(row)
        }
        (self.rows, self.pieces) = (rows, pieces)
        var positions = [[Int]](repeating: [], count: known.count)
        for (position, row) in rows.enumerated() { positions[row].append(position) }
        self.positions = positions
        activations = Buffer<Float>(known.count * width)
        states = Buffer<State>(known.count)
        states.fill(State())
        targetLogits = Buffer<Float>(tokens.count)
        targetLogits.fill(-.infinity)
        for (token, row) in known {
            norm.apply(stream.pointer + token * width, into: activations.pointer + row * width)
        }
    }

    var pieceCount: Int { pieces.count }

    /// Takes the logits of some rows of the head into account, for one piece.
    func add(_ rows: WeightMatrix, _ block: Range<Int>, piece: Int, _ scratch: ActivationScratch) {
        let (first, count) = (pieces[piece].lowerBound, pieces[piece].count)
        let logits = scratch.floats(count * block.count)
        rows.times(
            activations.pointer + first * width, rows: count, outputs: 0..<block.count, into: logits,
            stride: block.count)
        for index in 0..<count {
            update(first + index, UnsafeMutablePointer(logits + index * block.count), block)
        }
    }

    private func update(_ row: Int, _ logits: UnsafeMutablePointer<Float>, _ block: Range<Int>) {
        var state = states.pointer[row]
        defer { states.pointer[row] = state }
        var largest = ActivationKernels.largest(logits, count: block.count)
        // Before the bound, which would make infinity a number.
        guard !largest.isNaN, largest < .infinity else {
            state.hasNaN = true
            return
        }
        if let softCap {
            ActivationKernels.cap(logits, at: softCap, count: block.count)
            largest = ActivationKernels.largest(logits, count: block.count)
        }
        for position in positions[row] where position < targets.count && block.contains(Int(targets[position])) {
            targetLogits.pointer[position] = logits[Int(targets[position]) - block.lowerBound]
        }
        if largest > state.bestLogit {
            var token = 0
            while logits[token] != largest { token += 1 }
            state.total *= exp(Double(state.bestLogit) - Double(largest))
            state.bestLogit = largest
            state.best = Int32(block.lowerBound + token)
        }
        state.total += ActivationKernels.exponentials(logits, count: block.count, shift: state.bestLogit, into: logits)
    }

    /// What was found at each wanted position.
    var predictions: [Prediction] {
        rows.enumerated().map { position, row in
            let state = states.pointer[row]
            return Prediction(
                best: state.best,
                logProbability: Double(targetLogits.pointer[position]) - Double(state.bestLogit) - log(state.total),
                isFinite: !state.hasNaN)
        }
    }
}
