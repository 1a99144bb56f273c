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
        counts.fill(0)
    }

    /// Adds to one thread's counts.
    func add(_ worker: Int, _ found: SIMD4<Int>) {
        for place in 0..<4 { counts.pointer[worker * Self.places + place] += found[place] }
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
    /// Whether one tile of each chunk is enough, an even sixteenth or so of the elements.
    var isSampled: Bool
}

/// What the pass leaves of a comparison on one tensor.
struct DeltaResult {
    /// Leaf sums of squares or products.
    typealias Leaves = Buffer<Double>

    /// The number of the output.
    var output: Int
    var facts: TensorFacts
    var rounding: WorkerCounts
    /// Of b, D and m̃ − m; nil unless the comparison is detailed.
    var squares: (reference: Leaves, merged: Leaves, rounding: Leaves?)?
    /// For each expert that the tensor needs: squares of d, products of d and D, counts.
    var experts: [(squares: Leaves, products: Leaves, counts: WorkerCounts)?] = []

    /// The tensor's statistics, when the pass is over.
    var tensor: DeltaStatistics.Tensor {
        func total(_ op: ReductionOp, _ leaves: Leaves?) -> Double {
            leaves.map { TreeSum.combine(op, $0.pointer, count: $0.count) } ?? 0
        }
        var merged = MergedDelta()
        let counts = rounding.total
        (merged.changed, merged.survived, merged.elements) = (counts[0], counts[1], counts[2])
        merged.referenceSquares = total(.sumOfSquares, squares?.reference)
        merged.squares = total(.sumOfSquares, squares?.merged)
        merged.roundingSquares = total(.sumOfSquares, squares?.rounding)
        let experts = experts.map { entry in
            entry.map { entry in
                var expert = ExpertDelta()
                expert.elements = facts.numel
                let counts = entry.counts.total
                (expert.changed, expert.kept, expert.agreeing) = (counts[0], counts[1], counts[2])
                expert.referenceSquares = merged.referenceSquares
                expert.squares = total(.sumOfSquares, entry.squares)
                expert.product = total(.dot, entry.products)
                expert.mergedSquares = merged.squares
                return expert
            }
        }
        return DeltaStatistics.Tensor(facts: facts, merged: merged, experts: experts)
    }
}

extension Engine {
    /// Adds to a tensor's task what compares an output with its reference; `register` holds m.
    ///
    /// Returns nil where the reference is not read for the output itself, or where rounding changes nothing and nothing else
    /// is wanted.
    func compare(
        _ output: Int, _ comparison: DeltaComparison, _ register: Int, _ node: NodeID, _ slot: inout OutputSlot,
        _ compiler: inout ProgramCompiler, _ registers: inout [Int], _ sinks: inout [([Int]) -> Sink]
    ) throws -> DeltaResult? {
        let facts = graph.facts(compiler.tensor)
        let rounds = slot.dtype != .f32 && slot.dtype != .f64
        guard rounds || comparison.isDetailed, let reference = compiler.loaded(comparison.reference) else { return nil }
        let rounding = WorkerCounts(threads: options.threads)
        slot.rounding = RoundingCounts(
            source: reference.source, counts: rounding, isSampled: !comparison.isDetailed)
        var result = DeltaResult(output: output, facts: facts, rounding: rounding)
        guard comparison.isDetailed else { return result }

        func keep(_ register: Int) -> Int {
            registers.append(register)
            return registers.count - 1
        }
        func leaves(_ op: ReductionOp, _ x: Int, _ y: Int? = nil) throws -> DeltaResult.Leaves {
            let buffer: Buffer<Double> = try room((facts.numel - 1) / LeafAccumulator.leafSize + 1, facts)
            sinks.append { names in .leaves(op, names[x], y.map { names[$0] }, buffer) }
            return buffer
        }
        let merged = compiler.difference(register, reference.register, node)
        let (b, m) = (keep(reference.register), keep(merged))
        var error: DeltaResult.Leaves?
        if rounds {
            let rounded = compiler.rounded(register, to: slot.dtype, node)
            error = try leaves(.sumOfSquares, keep(compiler.difference(rounded, register, node)))
        }
        result.squares = (try leaves(.sumOfSquares, b), try leaves(.sumOfSquares, m), error)
        result.experts = try comparison.experts.map { expert in
            guard let loaded = compiler.loaded(expert) else { return nil }
            let d = keep(compiler.difference(loaded.register, reference.register, node))
            let counts = WorkerCounts(threads: options.threads)
            sinks.append { .agreement($0[d], $0[m], counts) }
            return (try leaves(.sumOfSquares, d), try leaves(.dot, d, m), counts)
        }
        return result
    }
}

extension ProgramCompiler {
    /// Where a model's elements are, if the program reads them.
    func loaded(_ model: Int) -> (source: Int, register: Int)? {
        for case .load(let source, let register) in program.instructions where program.models[source] == model {
            return (source, register)
        }
        return nil
    }

    /// The register of a − b, on behalf of a node.
    mutating func difference(_ a: Int, _ b: Int, _ node: NodeID) -> Int {
        append(node) { .binary(.subtract, .register(a), .register(b), into: $0) }
    }

    /// The register of x rounded to a type, on behalf of a node.
    mutating func rounded(_ x: Int, to dtype: DType, _ node: NodeID) -> Int {
        append(node) { .round(dtype, x, into: $0) }
    }
}
