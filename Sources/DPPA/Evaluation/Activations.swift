import DPPAKernels
import DPPASupport

/// The activations of one model on the sequences of a wave, and the steps that carry them through a block.
///
/// Each step works on numbered pieces (a batch, or a batch and some columns or a head), so that several threads share it and
/// its numbers depend on no thread.
final class Activations: @unchecked Sendable {
    private let config: LlamaConfig
    let layout: TokenLayout
    private let angles: Buffer<Float>
    /// The residual stream: tokens × width.
    let stream: Buffer<Float>
    /// What goes into the next linear: normalised activations, or the heads' outputs.
    private let input: Buffer<Float>
    /// Queries, keys and values; later the hidden activation of the MLP.
    private let inner: Buffer<Float>
    private let cache: KeyValueCache?

    /// How many output columns one piece of a product has.
    private static let columns = 1024
    /// How many queries of a long sequence attend at a time.
    private static let queries = 128

    init(_ config: LlamaConfig, _ layout: TokenLayout, angles: Buffer<Float>, cache: KeyValueCache? = nil) {
        self.config = config
        self.layout = layout
        self.angles = angles
        self.cache = cache
        stream = Buffer<Float>(layout.tokenCount * config.width)
        input = Buffer<Float>(layout.tokenCount * max(config.width, config.queryWidth))
        inner = Buffer<Float>(layout.tokenCount * Self.innerWidth(config))
    }

    private static func innerWidth(_ config: LlamaConfig) -> Int {
        max(config.queryWidth + 2 * config.keyWidth, config.hiddenWidth)
    }

    /// The memory of a token's activations, in bytes.
    static func bytesPerToken(_ config: LlamaConfig) -> Int {
        4 * (config.width + max(config.width, config.queryWidth) + innerWidth(config))
    }

    private var queries: UnsafeMutablePointer<Float> { inner.pointer }
    private var keys: UnsafeMutablePointer<Float> { queries + layout.tokenCount * config.queryWidth }
    private var values: UnsafeMutablePointer<Float> { keys + layout.tokenCount * config.keyWidth }

    /// Which of the products of a block.
    enum Product { case query, key, value, output, gate, up, down }

    /// How many pieces a product has.
    func pieces(of product: Product) -> Int { layout.batches.count * columnBlocks(product) }

    private func columnBlocks(_ product: Product) -> Int {
        (shape(product).columns + Self.columns - 1) / Self.columns
    }

    private func shape(_ product: Product) -> (columns: Int, inner: Int) {
        switch product {
        case .query: (config.queryWidth, config.width)
        case .key, .value: (config.keyWidth, config.width)
        case .output: (config.width, config.queryWidth)
        case .gate, .up: (config.hiddenWidth, config.width)
        case .down: (config.width, config.hiddenWidth)
        }
    }

    /// `input = RMSNorm(stream)` for one batch.
    func normalize(_ weight: Buffer<Float>, batch: Int) {
        for token in layout.batches[batch].tokens {
            ActivationKernels.normalize(
                stream.pointer + token * config.width, weight.pointer, epsilon: config.epsilon,
                into: input.pointer + token * config.width, count: config.width)
        }
    }

    /// One piece of a product with its bias: query, key and value go to their places, output and down are added to the
    /// stream, up meets the gate.
    func multiply(
        _ product: Product, _ weight: Buffer<Float>, bias: Buffer<Float>?, piece: Int, _ scratch: ActivationScratch
    ) {
        let (columns, depth) = shape(product)
        let blocks = columnBlocks(product)
        let tokens = layout.batches[piece / blocks].tokens
        let first = piece % blocks * Self.columns
        let count = min(columns - first, Self.columns)
        let source = (product == .down ? inner : input).pointer + tokens.lowerBound * depth
        var (target, stride): (UnsafeMutablePointer<Float>, Int) =
            switch product {
            case .query: (queries, columns)
            case .key: (keys, columns)
            case .value: (values, columns)
            case .gate: (inner.pointer, columns)
            case .output, .down: (stream.pointer, columns)
            case .up: (scratch.floats(tokens.count * count), count)
            }
        if product != .up { target += tokens.lowerBound * stride + first }
        MatrixProduct.times(
            source, depth, rows: tokens.count, weight.pointer + first * depth, depth, columns: count, inner: depth,
            adding: product == .output || product == .down, into: target, stride)
        if let bias {
            for row in 0..<tokens.count {
                for column in 0..<count { target[row * stride + column] += bias.pointer[first + column] }
            }
        }
        guard product == .up else { return }
        for row in 0..<tokens.count {
            ActivationKernels.gate(
                inner.pointer + (tokens.lowerBound + row) * columns + first, target + row * count, count: count)
        }
    }

    /// Norms of queries and keys where the architecture has them, and the rotary embedding, for one batch; keys and values
    /// go into the cache if there is one.
    func position(layer: Int, queryNorm: Buffer<Float>?, keyNorm: Buffer<Float>?, batch: Int) {
        let width = config.headWidth
        func turn(_ heads: UnsafeMutablePointer<Float>, _ count: Int, _ norm: Buffer<Float>?, _ position: Int) {
            for head in 0..<count {
                let vector = heads + head * width
                if let norm {
                    ActivationKernels.normalize(
                        vector, norm.pointer, epsilon: config.epsilon, into: vector, count: width)
                }
                ActivationKernels.rotate(vector, angles.pointer + position * width, half: width / 2)
            }
        }
        for sequence in layout.batches[batch].sequences {
            let start = layout.offsets[sequence]
            for token in start..<layout.offsets[sequence + 1] {
                let position = layout.past[sequence] + token - start
                turn(queries + token * config.queryWidth, config.headCount, queryNorm, position)
                turn(keys + token * config.keyWidth, config.keyHeadCount, keyNorm, position)
            }
            let count = layout.offsets[sequence + 1] - start
            cache?.append(
                layer: layer, sequence: sequence, keys: keys + start * config.keyWidth,
                values: values + start * config.keyWidth, count: count, at: layout.past[sequence])
        }
    }

    /// How many pieces attention has.
    var attentionPieces: Int { layout.batches.count * config.headCount }

    /// Causal attention of one head on the sequences of a batch: `input = softmax(q kᵀ / √h) v`.
    func attend(layer: Int, piece: Int, _ scratch: ActivationScratch) {
        let head = piece % config.headCount
        let (width, stride) = (config.headWidth, config.queryWidth)
        let offset = head / (config.headCount / config.keyHeadCount) * width
        let scale = 1 / Float(width).squareRoot()
        for sequence in layout.batches[piece / config.headCount].sequences {
            let (start, past) = (layout.offsets[sequence], layout.past[sequence])
            let count = layout.offsets[sequence + 1] - start
            let stored = cache?.rows(layer: layer, sequence: sequence)
            let keys = UnsafePointer(stored?.keys ?? self.keys + start * config.keyWidth) + offset
            let values = UnsafePointer(stored?.values ?? self.values + start * config.keyWidth) + offset
            for first in Swift.stride(from: 0, to: count, by: Self.queries) {
                let rows = min(count - first, Self.queries)
                let seen = past + first + rows
                let scores = scratch.floats(rows * seen)
                let query = queries + (start + first) * stride + head * width
                MatrixProduct.times(
                    query, stride, rows: rows, keys, config.keyWidth, columns: seen, inner: width, scale: scale,
                    into: scores, seen)
                for row in 0..<rows {
                    let end = past + first + row + 1
                    let begin = config.windows[layer].map { max(0, end - $0) } ?? 0
                    let line = scores + row * seen
                    ActivationKernels.softmax(line + begin, count: end - begin)
                    (line).update(repeating: 0, count: begin)
                    (line + end).update(repeating: 0, count: seen - end)
                }
                MatrixProduct.weigh(
                    scores, seen, rows: rows, values, config.keyWidth, columns: width, inner: seen,
                    into: input.pointer + (start + first) * stride + head * width, stride)
            }
        }
    }
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
