import DPPACheckpoint
import DPPAExpression
import DPPAKernels

/// What a written model is compared with, out of what the pass that writes it has at hand: nothing is read for it.
///
/// b is the reference, m the model before it is rounded to the type that it is written in, m̃ after; D = m − b is the merged
/// delta. Of a tensor whose value does not need the reference, or that is copied as it is, nothing is known.
public struct DeltaComparison: Sendable {
    /// The reference, by its index among the graph's models.
    public var reference: Int
    /// The experts; an expert is compared on the tensors whose values need it.
    public var experts: [Int]
    /// Whether all elements, norms and experts are wanted; else only what rounding leaves of a part of the elements is
    /// counted, which costs next to nothing.
    public var isDetailed: Bool

    /// A comparison, all given.
    public init(reference: Int, experts: [Int], isDetailed: Bool) {
        self.reference = reference
        self.experts = experts
        self.isDetailed = isDetailed
    }
}

/// How a written model differs from its reference, tensor by tensor.
public struct DeltaStatistics: Sendable {
    /// One tensor.
    public struct Tensor: Sendable {
        /// Its name, layer and module.
        public var facts: TensorFacts
        /// The merged delta.
        public var merged: MergedDelta
        /// The experts' deltas, as many as the comparison has experts; nil for an expert that the tensor does not need.
        public var experts: [ExpertDelta?]
        /// The type that it is written in.
        public var dtype: DType
        /// What was to change, where rounding leaves nothing of it in any element.
        public var lost: LostChange?

        package init(
            facts: TensorFacts, merged: MergedDelta, experts: [ExpertDelta?], dtype: DType, lost: LostChange?
        ) {
            (self.facts, self.merged, self.experts) = (facts, merged, experts)
            (self.dtype, self.lost) = (dtype, lost)
        }
    }

    /// What was compared with what.
    public var comparison: DeltaComparison
    /// The compared tensors, in name order.
    public internal(set) var tensors: [Tensor] = []

    /// The same with its tensors in name order, whatever the order in which they were written.
    var sorted: DeltaStatistics {
        var sorted = self
        sorted.tensors.sort { Graph.precedes($0.facts.name, $1.facts.name) }
        return sorted
    }

    /// What was found on a tensor, of those that were compared last first.
    package func tensor(_ facts: TensorFacts) -> Tensor? {
        tensors.last { $0.facts.name == facts.name && $0.facts.shape == facts.shape }
    }

    /// The merged delta of all compared tensors.
    public var merged: MergedDelta { tensors.reduce(into: MergedDelta()) { $0.add($1.merged) } }

    /// One expert's delta on all tensors that need it, by its place among the experts.
    public func expert(_ number: Int) -> ExpertDelta {
        tensors.reduce(into: ExpertDelta()) { sum, tensor in
            if number < tensor.experts.count, let delta = tensor.experts[number] { sum.add(delta) }
        }
    }
}

/// How large a delta is beside the reference b; those of several tensors add up.
public struct DeltaSize: Sendable, Equatable {
    /// How many elements were compared.
    public var elements = 0
    /// How many elements differ from b.
    public var changed = 0
    /// ‖b‖²; 0 unless the comparison is detailed, like the other squares.
    public var referenceSquares = 0.0
    /// The delta's ‖·‖².
    public var squares = 0.0

    /// Nothing compared.
    public init() {}

    mutating func add(_ other: DeltaSize) {
        elements += other.elements
        changed += other.changed
        referenceSquares += other.referenceSquares
        squares += other.squares
    }

    /// The delta's norm / ‖b‖.
    public var relativeNorm: Double? { share(squares, referenceSquares)?.squareRoot() }
    /// The share of elements that differ from b.
    public var changedShare: Double? { share(Double(changed), Double(elements)) }
}

/// What is counted of a delta, its size among it.
@dynamicMemberLookup public protocol SizedDelta {
    /// How large it is.
    var size: DeltaSize { get set }
}

extension SizedDelta {
    /// What is known of the delta's size.
    public subscript<Value>(dynamicMember path: KeyPath<DeltaSize, Value>) -> Value { size[keyPath: path] }
    /// The same, to be counted up.
    public subscript<Value>(dynamicMember path: WritableKeyPath<DeltaSize, Value>) -> Value {
        get { size[keyPath: path] }
        set { size[keyPath: path] = newValue }
    }
}

/// Counts and squares of a merged delta D = m − b; those of several tensors add up.
public struct MergedDelta: SizedDelta, Sendable, Equatable {
    /// How large it is beside b.
    public var size = DeltaSize()
    /// How many of the changed elements still differ from b when both are rounded to the type that is written.
    public var survived = 0
    /// ‖m̃ − m‖².
    public var roundingSquares = 0.0
    /// D · (m̃ − m).
    public var roundingProduct = 0.0

    /// Nothing compared.
    public init() {}

    /// Takes in another tensor's.
    public mutating func add(_ other: MergedDelta) {
        size.add(other.size)
        survived += other.survived
        roundingSquares += other.roundingSquares
        roundingProduct += other.roundingProduct
    }

    /// The share of the changed elements that rounding leaves different.
    public var survivedShare: Double? { share(Double(survived), Double(size.changed)) }
    /// ‖m̃ − m‖ / ‖m − b‖: what rounding adds, against what the merge adds.
    public var roundingError: Double? { share(roundingSquares, size.squares)?.squareRoot() }
    /// The cosine of what was asked for, m − b, and what is written, m̃ − b; nil where nothing was asked or is left.
    public var writtenCosine: Double? {
        let written = size.squares + 2 * roundingProduct + roundingSquares
        // Where nothing is left, the sum is rounding of its own.
        guard survived > 0, written > 1e-12 * size.squares else { return nil }
        return share(size.squares + roundingProduct, (size.squares * written).squareRoot())
    }
}

/// Counts and squares of an expert's delta d = e − b beside the merged delta D; those of several tensors add up.
public struct ExpertDelta: SizedDelta, Sendable, Equatable {
    /// How large it is beside b.
    public var size = DeltaSize()
    /// How many of the changed elements differ from b in the merged model too.
    public var kept = 0
    /// How many of the kept ones have the sign of the merged delta.
    public var agreeing = 0
    /// d · D.
    public var product = 0.0
    /// ‖D‖² over the same tensors.
    public var mergedSquares = 0.0

    /// Nothing compared.
    public init() {}

    /// Takes in another tensor's.
    public mutating func add(_ other: ExpertDelta) {
        size.add(other.size)
        kept += other.kept
        agreeing += other.agreeing
        product += other.product
        mergedSquares += other.mergedSquares
    }

    /// The share of the changed elements that are changed in the merged model too.
    public var keptShare: Double? { share(Double(kept), Double(size.changed)) }
    /// The share of the kept elements whose merged delta has the expert's sign.
    public var signAgreement: Double? { share(Double(agreeing), Double(kept)) }
    /// d · D / (‖d‖ ‖D‖).
    public var cosine: Double? { share(product, (size.squares * mergedSquares).squareRoot()) }
}

/// part / whole; nil of nothing, and of what is not finite.
private func share(_ part: Double, _ whole: Double) -> Double? {
    let share = part / whole
    return whole > 0 && share.isFinite ? share : nil
}
