import DPPAKernels
import DPPASupport

/// Causal attention: `softmax(cap(s · q kᵀ)) v`, heads side by side, and the linear that follows.
struct Attention: Part {
    var headCount: Int
    /// How many key and value heads there are; each serves headCount / keyHeadCount query heads.
    var keyHeadCount: Int
    /// The length of a head's vectors.
    var headWidth: Int
    var query, key, value, output: Linear
    /// Norms of each head's queries and keys.
    var queryNorm, keyNorm: Norm?
    /// Nil if positions are not turned into angles.
    var rotary: RotaryEmbedding?
    /// How far back it reaches, the position itself included; nil for all the way.
    var window: Int?
    /// What scores are multiplied with.
    var scale: Float
    /// The bound c of `cap(x) = c · tanh(x / c)`; nil if scores are not bounded.
    var softCap: Float?

    /// How many queries of a long sequence attend at a time.
    private static let queriesAtOnce = 128

    var queryWidth: Int { headCount * headWidth }
    var keyWidth: Int { keyHeadCount * headWidth }

    var tensors: [[ExpectedTensor]] {
        [query.tensors, key.tensors, value.tensors] + [queryNorm?.tensors, keyNorm?.tensors].compactMap { $0 }
            + [output.tensors]
    }
    var linears: [Linear] { [query, key, value, output] }
    var inputWidth: Int { max(query.inputs, queryWidth) }
    var innerWidth: Int { queryWidth + 2 * keyWidth }
    var cacheWidth: Int { keyWidth }

    func run(_ pass: ForwardPass, _ states: [Activations], layer: Int) throws {
        try pass.multiply(query, states, from: \.inputRows, to: queries)
        try pass.multiply(key, states, from: \.inputRows, to: keys)
        try pass.multiply(value, states, from: \.inputRows, to: values)
        let queryNorms = try queryNorm.map(pass.load)
        let keyNorms = try keyNorm.map(pass.load)
        for (index, state) in states.enumerated() {
            try pass.each(state.layout.batches.count) { batch, _ in
                position(state, layer: layer, queryNorms?[index], keyNorms?[index], batch: batch)
            }
            try pass.each(state.layout.batches.count * headCount) { attend(state, layer: layer, piece: $0, $1) }
        }
        try pass.multiply(output, states, from: headOutputs, to: \.sumRows, adding: true)
    }

    private func queries(_ state: Activations) -> TokenRows {
        TokenRows(pointer: state.inner.pointer, width: queryWidth)
    }

    private func keys(_ state: Activations) -> TokenRows {
        TokenRows(pointer: state.inner.pointer + state.layout.tokenCount * queryWidth, width: keyWidth)
    }

    private func values(_ state: Activations) -> TokenRows {
        TokenRows(pointer: state.inner.pointer + state.layout.tokenCount * (queryWidth + keyWidth), width: keyWidth)
    }

    /// The heads' outputs take the place of the normalised activations.
    private func headOutputs(_ state: Activations) -> TokenRows {
        TokenRows(pointer: state.input.pointer, width: queryWidth)
    }

    /// Norms of queries and keys where there are some, and the rotary embedding, for one batch; keys and values go into the
    /// cache if there is one.
    private func position(
        _ state: Activations, layer: Int, _ queryNorm: LoadedNorm?, _ keyNorm: LoadedNorm?, batch: Int
    ) {
        let angles = rotary.flatMap { state.angles[$0] }
        func turn(_ heads: UnsafeMutablePointer<Float>, _ count: Int, _ norm: LoadedNorm?, _ position: Int) {
            for head in 0..<count {
                let vector = heads + head * headWidth
                norm?.apply(vector, into: vector)
                guard let rotary, let angles else { continue }
                ActivationKernels.rotate(vector, angles.pointer + position * rotary.width, half: rotary.width / 2)
            }
        }
        let (layout, queries, keys, values) = (state.layout, queries(state), keys(state), values(state))
        for sequence in layout.batches[batch].sequences {
            let start = layout.offsets[sequence]
            for segment in layout.segments[sequence] {
                for token in segment.tokens {
                    let position = segment.position + token - segment.tokens.lowerBound
                    turn(queries[token], headCount, queryNorm, position)
                    turn(keys[token], keyHeadCount, keyNorm, position)
                }
            }
            state.cache?.append(
                layer: layer, sequence: sequence, keys: keys[start], values: values[start],
                count: layout.offsets[sequence + 1] - start, at: layout.past[sequence])
        }
    }

    /// One head on the sequences of a batch.
    private func attend(_ state: Activations, layer: Int, piece: Int, _ scratch: ActivationScratch) {
        let head = piece % headCount
        let offset = head / (headCount / keyHeadCount) * headWidth
        let (layout, queries, outputs) = (state.layout, queries(state), headOutputs(state))
        for sequence in layout.batches[piece / headCount].sequences {
            let start = layout.offsets[sequence]
            let stored = state.cache?.rows(layer: layer, sequence: sequence)
            let keys = UnsafePointer(stored?.keys ?? self.keys(state)[start]) + offset
            let values = UnsafePointer(stored?.values ?? self.values(state)[start]) + offset
            for segment in layout.segments[sequence] {
                let first = segment.tokens.lowerBound
                // Of a branch its own keys begin with itself; all others begin with what is in the cache.
                let own = (segment.isBranch ? first - start : 0) * keyWidth
                attend(
                    Span(
                        count: segment.tokens.count, position: segment.position,
                        shared: segment.isBranch ? segment.position : 0),
                    queries: queries[first] + head * headWidth, keys: (keys, keys + own),
                    values: (values, values + own), into: outputs[first] + head * headWidth, scratch)
            }
        }
    }

    /// What queries one behind the other see: `shared` keys at one place, which all of them see, and up to themselves those at
    /// another.
    private struct Span {
        var count: Int
        /// How much the first of them sees besides itself.
        var position: Int
        var shared: Int
    }

    private func attend(
        _ span: Span, queries: UnsafePointer<Float>, keys: (shared: UnsafePointer<Float>, own: UnsafePointer<Float>),
        values: (shared: UnsafePointer<Float>, own: UnsafePointer<Float>), into outputs: UnsafeMutablePointer<Float>,
        _ scratch: ActivationScratch
    ) {
        let shared = span.shared
        for first in stride(from: 0, to: span.count, by: Self.queriesAtOnce) {
            let rows = min(span.count - first, Self.queriesAtOnce)
            let seen = span.position + first + rows
            let scores = scratch.floats(rows * seen)
            let (query, output) = (queries + first * queryWidth, outputs + first * queryWidth)
            func score(_ keys: UnsafePointer<Float>, _ columns: Range<Int>) {
                MatrixProduct.times(
                    query, queryWidth, rows: rows, keys, keyWidth, columns: columns.count, inner: headWidth,
                    scale: scale, into: scores + columns.lowerBound, seen)
            }
            if shared > 0 { score(keys.shared, 0..<shared) }
            score(keys.own, shared..<seen)
            for row in 0..<rows { weigh(scores + row * seen, end: span.position + first + row + 1, seen: seen) }
            func add(_ values: UnsafePointer<Float>, _ columns: Range<Int>) {
                MatrixProduct.weigh(
                    scores + columns.lowerBound, seen, rows: rows, values, keyWidth, columns: headWidth,
                    inner: columns.count, adding: columns.lowerBound > 0, into: output, queryWidth)
            }
            if shared > 0 { add(values.shared, 0..<shared) }
            add(values.own, shared..<seen)
        }
    }

    /// Turns the scores of one query, which sees `end` positions at most, into weights.
    private func weigh(_ line: UnsafeMutablePointer<Float>, end: Int, seen: Int) {
        let begin = window.map { max(0, end - $0) } ?? 0
        if let softCap { ActivationKernels.cap(line + begin, at: softCap, count: end - begin) }
        ActivationKernels.softmax(line + begin, count: end - begin)
        line.update(repeating: 0, count: begin)
        (line + end).update(repeating: 0, count: seen - end)
    }
}
