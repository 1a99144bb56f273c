import DPPACheckpoint
import DPPAExpression
import DPPAKernels
import DPPASupport

/// Counts that several threads leave, each in a place of its own.
struct WorkerCounts: Sendable {
    /// How many counts a thread has.
    private static let places = 8
    private let counts: Buffer<Int>

    init(threads: Int) {
        // A cache line for each thread.
        counts = Buffer(threads * Self.places)
        counts.clear()
    }

    /// Adds to one thread's counts.
    func add(_ worker: Int, _ found: SIMD4<Int>) {
        for place in 0..<4 { counts.pointer[worker * Self.places + place] += found[place] }
    }

    /// Tells another rank the counts.
    func put(into message: inout Message) { for place in 0..<4 { message.put(total[place]) } }

    /// Adds those of another rank.
    func add(_ message: inout Message) throws {
        for place in 0..<4 { counts.pointer[place] += try message.take(Int.self) }
    }

    /// The counts of all threads together.
    var total: SIMD4<Int> {
        var total = SIMD4<Int>()
        for start in stride(from: 0, to: counts.count, by: Self.places) {
            for place in 0..<4 { total[place] += counts.pointer[start + place] }
        }
        return total
    }
}

/// Where an output's encoding counts what rounding leaves of it.
struct RoundingCounts: Sendable {
    /// The number of the reference among the program's sources.
    var source: Int
    /// How many elements differ from the reference, how many of them rounding leaves different, and how many were looked at.
    var counts: WorkerCounts
    /// Whether a sixteenth of the elements is enough: the first `sample` of `every` so many, by their places alone, so that the
    /// counts depend on nothing else.
    var isSampled: Bool
    /// Whether anything survives, of all elements.
    var watch: LossWatch

    static let sample = 1 << 12
    static let every = 1 << 16
}

/// What the pass leaves of a comparison on one tensor.
struct DeltaResult {
    /// The number of the output.
    var output: Int
    var facts: TensorFacts
    var rounding: WorkerCounts
    var watch: LossWatch
    var dtype: DType
    /// Of b, D and R = m̃ − m, and D · R; nil unless the comparison is detailed.
    var squares: (reference: LeafSumSink, merged: LeafSumSink, rounding: LeafSumSink?, product: LeafSumSink?)?
    /// For each expert that the tensor needs: squares of d, products of d and D, counts.
    var experts: [(squares: LeafSumSink, products: LeafSumSink, counts: WorkerCounts)?] = []

    /// The tensor's statistics, when the pass is over.
    var tensor: DeltaStatistics.Tensor {
        var merged = MergedDelta()
        let counts = rounding.total
        (merged.changed, merged.survived, merged.elements) = (counts[0], counts[1], counts[2])
        merged.referenceSquares = squares?.reference.total ?? 0
        merged.squares = squares?.merged.total ?? 0
        merged.roundingSquares = squares?.rounding?.total ?? 0
        merged.roundingProduct = squares?.product?.total ?? 0
        let experts = experts.map { entry in
            entry.map { entry in
                var expert = ExpertDelta()
                expert.elements = facts.numel
                let counts = entry.counts.total
                (expert.changed, expert.kept, expert.agreeing) = (counts[0], counts[1], counts[2])
                expert.referenceSquares = merged.referenceSquares
                expert.squares = entry.squares.total
                expert.product = entry.products.total
                expert.mergedSquares = merged.squares
                return expert
            }
        }
        return DeltaStatistics.Tensor(
            facts: facts, merged: merged, experts: experts, dtype: dtype, lost: watch.result)
    }
}

extension TensorPass {
    /// Adds what compares an output with its reference; `m` is the slot of its values.
    ///
    /// Adds nothing where the reference is not read for the output itself, or where rounding changes nothing and nothing
    /// else is wanted.
    mutating func compare(
        _ write: OutputWrite, _ comparison: DeltaComparison, _ m: Slot, _ slot: inout OutputSlot
    ) throws {
        let rounds = slot.dtype != .f32 && slot.dtype != .f64
        guard rounds || comparison.isDetailed, let reference = compiler.loaded(comparison.reference) else { return }
        let rounding = WorkerCounts(threads: options.threads)
        let watch = LossWatch()
        slot.rounding = RoundingCounts(
            source: reference.source, counts: rounding, isSampled: !comparison.isDetailed, watch: watch)
        var result = DeltaResult(
            output: write.number, facts: facts, rounding: rounding, watch: watch, dtype: slot.dtype)
        if comparison.isDetailed {
            let merged = compiler.difference(m, reference.slot, write.x)
            result.squares = (
                try leaves(.sumOfSquares, [reference.slot]), try leaves(.sumOfSquares, [merged]), nil, nil
            )
            if rounds {
                let rounded = compiler.append(write.x, .round(slot.dtype), m)
                let error = compiler.difference(rounded, m, write.x)
                result.squares?.rounding = try leaves(.sumOfSquares, [error])
                result.squares?.product = try leaves(.dot, [merged, error])
            }
            result.experts = try comparison.experts.map { expert in
                guard let loaded = compiler.loaded(expert) else { return nil }
                let d = compiler.difference(loaded.slot, reference.slot, write.x)
                let counts = WorkerCounts(threads: options.threads)
                attach(AgreementSink(counts), [d, merged])
                return (try leaves(.sumOfSquares, [d]), try leaves(.dot, [d, merged]), counts)
            }
        }
        let found = result
        afterwards { $0.statistics[found.output]?.tensors.append(found.tensor) }
    }

    private mutating func leaves(_ op: Accumulation, _ slots: [Slot]) throws -> LeafSumSink {
        let sink = LeafSumSink(op, try leaves(op))
        attach(sink, slots)
        return sink
    }
}

/// How a delta agrees with the merged one.
private final class AgreementSink: DivisibleSink, TileCursor, @unchecked Sendable {
    private let counts: WorkerCounts
    var slots: [Slot] = []

    init(_ counts: WorkerCounts) { self.counts = counts }

    func open(_ chunk: OpenChunk) -> any TileCursor { self }
    func put(_ chunks: [Chunk], into message: inout Message) { counts.put(into: &message) }
    func add(_ message: inout Message) throws { try counts.add(&message) }

    func take(_ tile: Tile) throws {
        let part = tile.owned
        guard !part.isEmpty else { return }
        let (d, merged) = (
            try tile.elements(slots[0], at: part.lowerBound), try tile.elements(slots[1], at: part.lowerBound)
        )
        counts.add(tile.machine.worker, DeltaCounts.agreement(d, merged, count: part.count))
    }
}

extension ProgramCompiler {
    /// Where a model's elements are, if the program reads them.
    fileprivate func loaded(_ model: Int) -> (source: Int, slot: Slot)? {
        for step in program.instructions {
            if case .load(let source) = step.code, program.models[source] == model { return (source, step.target) }
        }
        return nil
    }

    /// The slot of a − b, on behalf of a node.
    fileprivate mutating func difference(_ a: Slot, _ b: Slot, _ node: NodeID) -> Slot {
        append(node, .binary(.subtract), a, b)
    }
}
