import DPPAKernels
import DPPASupport

/// The activations of one model on the sequences of a wave.
///
/// Each step works on numbered pieces (a batch, or a batch and some columns or a head), so that several threads share it and
/// its numbers depend on no thread.
final class Activations: @unchecked Sendable {
    let layout: TokenLayout
    /// Cosines and sines of every rotary embedding.
    let angles: [RotaryEmbedding: Buffer<Float>]
    let cache: KeyValueCache?
    /// The residual stream: tokens × width.
    let stream: Buffer<Float>
    /// What goes into the next linear: normalised activations, or what a part makes of them.
    let input: Buffer<Float>
    /// What a part keeps between its steps.
    let inner: Buffer<Float>
    /// The sum of a branch whose output is normalised before it is added; empty in families that have none.
    private let sum: Buffer<Float>
    private let width: Int
    /// Whether the current branch adds to the stream itself.
    var addsToStream = true

    init(
        _ network: Network, _ layout: TokenLayout, angles: [RotaryEmbedding: Buffer<Float>],
        cache: KeyValueCache? = nil
    ) {
        self.layout = layout
        self.angles = angles
        self.cache = cache
        width = network.width
        stream = Buffer<Float>(layout.tokenCount * width)
        input = Buffer<Float>(layout.tokenCount * network.inputWidth)
        inner = Buffer<Float>(layout.tokenCount * network.innerWidth)
        sum = Buffer<Float>(layout.tokenCount * network.sumWidth)
    }

    /// The normalised activations, a row for each token.
    var inputRows: TokenRows { TokenRows(pointer: input.pointer, width: width) }

    /// What the output of the current branch is added to.
    var sumRows: TokenRows { TokenRows(pointer: (addsToStream ? stream : sum).pointer, width: width) }

    /// Begins a branch for one batch: `input = norm(stream)`.
    func begin(_ norm: LoadedNorm, batch: Int) {
        for token in layout.batches[batch].tokens {
            norm.apply(stream.pointer + token * width, into: inputRows[token])
            if !addsToStream { (sum.pointer + token * width).update(repeating: 0, count: width) }
        }
    }

    /// Ends a branch that does not add to the stream itself: `stream += norm(sum)`.
    func end(_ norm: LoadedNorm, batch: Int) {
        for token in layout.batches[batch].tokens {
            let row = sum.pointer + token * width
            norm.apply(row, into: row)
            ActivationKernels.add(row, times: 1, to: stream.pointer + token * width, count: width)
        }
    }

    /// Adds a learned embedding of its position to each token; there is one for each of `count` positions.
    func addPositions(_ rows: Buffer<Float>, count: Int) throws {
        guard layout.longest <= count else {
            throw DPPAError(.data, "a sequence of \(layout.longest) tokens; the model has \(count) positions")
        }
        for sequence in 0..<layout.sequenceCount {
            for segment in layout.segments[sequence] {
                for token in segment.tokens {
                    let position = segment.position + token - segment.tokens.lowerBound
                    ActivationKernels.add(
                        rows.pointer + position * width, times: 1, to: stream.pointer + token * width, count: width)
                }
            }
        }
    }
}

/// A row of floats for each token.
struct TokenRows {
    let pointer: UnsafeMutablePointer<Float>
    let width: Int

    subscript(token: Int) -> UnsafeMutablePointer<Float> { pointer + token * width }
}

/// One thread's memory between products.
final class ActivationScratch: @unchecked Sendable {
    private var buffer = Buffer<Float>(0)

    /// Room for some floats, until the next call.
    func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
        if buffer.count < count { buffer = Buffer<Float>(count) }
        return buffer.pointer
    }
}
