import DPPACheckpoint
import DPPAExecution
import DPPAExpression
import DPPASupport

/// How experts differ from their base and from each other: what tells, before a merge, whether they go together.
///
/// With b the base and dᵢ = expertᵢ − b, in one reading of all models. Sums are of float32 elements in float64.
public struct ExpertComparison: Sendable {
    /// One tensor: a figure of each expert, and one of each pair in the order of `pairs`.
    public struct Tensor: Sendable {
        /// Name and shape.
        public var facts: TensorFacts
        /// Of each expert.
        public var experts: [DeltaFigures]
        /// Of each pair.
        public var pairs: [DeltaPairFigures]
    }

    /// Whether deltas were decomposed: their figures have stable ranks and overlaps of subspaces.
    public let isSpectral: Bool
    /// The label of the base.
    public let base: String
    /// The labels of the experts.
    public let experts: [String]
    /// The experts that are set beside each other, as places in `experts`: every two, the first before the second.
    public let pairs: [(first: Int, second: Int)]
    /// Every tensor of numbers that all have, in name order.
    public let tensors: [Tensor]
    /// Everything together.
    public let whole: (experts: [DeltaFigures], pairs: [DeltaPairFigures])
    /// What was done so that names and shapes meet, what the small files say otherwise than the base's, and what the figures
    /// say of the base, a sentence each.
    public let notes: [String]

    /// Compares experts with their base and with each other; with `isSpectral` by singular values and vectors as well, for which
    /// each matrix is in memory at once.
    ///
    /// Throws what fitting them to the base throws, and what reading them does.
    public init(
        base: OpenModel, experts: [OpenModel], isSpectral: Bool = false, options: EngineOptions,
        observer: (any EngineObserver)? = nil
    ) throws {
        self.isSpectral = isSpectral
        let family = try ModelFamily(base: base, experts: experts)
        let graph = Graph()
        let start = try graph.source(family.base)
        let deltas = try family.experts.map { expert in
            // What comes as a delta, as an adapter does, is one.
            let node = try graph.source(expert)
            return expert.space == .model ? try graph.binary(.subtract, node, start) : node
        }
        let measures = try Measures(graph, start, deltas, isSpectral: isSpectral)
        let engine = Engine(graph, options: options, observer: observer)
        try engine.run(measures.nodes)
        tensors = try measures.tensors(engine)
        self.base = family.base.label
        self.experts = experts.map(\.label)
        pairs = measures.pairs
        let small = experts.filter { $0.space == .model }.flatMap { expert -> [String] in
            let comparison = ModelComparison(expert, base)
            return comparison.differences
                + [comparison.others, comparison.tokens, comparison.more, comparison.lacking].compactMap(\.self)
        }
        whole = Self.sums(tensors, experts.count, pairs.count)
        let findings = BaseFindings(base: base, experts: experts, pairs: pairs, whole).sentences
        let stacks = tensors.count { $0.facts.isLinear && !SpectralMeasures.isMatrix($0.facts) }
        let left =
            isSpectral && stacks > 0
            ? [
                "\(Phrase.counted(stacks, "stack")) of matrices in one tensor \(stacks == 1 ? "has" : "have") no spectral figures"
            ]
            : []
        notes = family.notes.map(\.line) + small + findings + left
    }

    /// What a pair is called, by its place in `pairs`.
    public func name(ofPair place: Int) -> String { experts[pairs[place].first] + ", " + experts[pairs[place].second] }

    /// Each layer, as `stack.index`, in numeric order.
    public var layers: [(name: String, experts: [DeltaFigures], pairs: [DeltaPairFigures])] {
        let inLayers = tensors.filter { $0.facts.layer != nil }
        let groups = Dictionary(grouping: inLayers) { "\($0.facts.stack ?? "").\($0.facts.layer ?? 0)" }
        return groups.keys.sorted(by: NaturalOrder.precedes).map { name in
            let sums = Self.sums(groups[name] ?? [], experts.count, pairs.count)
            return (name, sums.experts, sums.pairs)
        }
    }

    private static func sums(
        _ tensors: [Tensor], _ experts: Int, _ pairs: Int
    ) -> (experts: [DeltaFigures], pairs: [DeltaPairFigures]) {
        var sums = (
            experts: [DeltaFigures](repeating: DeltaFigures(), count: experts),
            pairs: [DeltaPairFigures](repeating: DeltaPairFigures(), count: pairs)
        )
        for tensor in tensors {
            for (index, figures) in tensor.experts.enumerated() { sums.experts[index].add(figures) }
            for (index, figures) in tensor.pairs.enumerated() { sums.pairs[index].add(figures) }
        }
        return sums
    }
}

/// The nodes of a comparison, and what becomes of their values.
private struct Measures {
    let graph: Graph
    let start: NodeID
    let pairs: [(first: Int, second: Int)]
    private let baseSquares: NodeID
    private let ofExperts: [[NodeID]]
    private let ofPairs: [[NodeID]]
    private let spectral: SpectralMeasures?

    var nodes: [NodeID] {
        [baseSquares] + ofExperts.flatMap(\.self) + ofPairs.flatMap(\.self) + (spectral?.nodes ?? [])
    }

    init(_ graph: Graph, _ start: NodeID, _ deltas: [NodeID], isSpectral: Bool) throws {
        (self.graph, self.start) = (graph, start)
        pairs = deltas.indices.flatMap { first in (first + 1..<max(first + 1, deltas.count)).map { (first, $0) } }
        spectral = isSpectral ? try SpectralMeasures(graph, deltas, pairs) : nil
        let weights = try graph.reinterpret(start, as: .value)
        baseSquares = try graph.reduce(.dot, weights, with: weights, over: .tensor)
        let (zero, bound, tenth) = (try graph.constant(0), try graph.constant(0.03), try graph.constant(0.1))
        // The signs of the largest tenth as a delta, so that a tensor which one expert lacks is 0 in it.
        let signs = try deltas.map { delta in
            let largest = try graph.top(graph.unary(.abs, delta), share: tenth, isCount: false, over: .tensor)
            return try graph.reinterpret(graph.select(largest, graph.unary(.sign, delta), zero), as: .delta)
        }
        ofExperts = try zip(deltas, signs).map { delta, signs in
            [
                try graph.reduce(.dot, delta, with: delta, over: .tensor),
                try graph.reduce(.count, graph.binary(.notEqual, delta, zero), over: .tensor),
                try graph.reduce(.count, graph.binary(.notEqual, signs, zero), over: .tensor),
                try graph.reduce(.count, graph.binary(.greater, graph.unary(.abs, delta), bound), over: .tensor),
            ]
        }
        ofPairs = try pairs.map { first, second in
            let product = try graph.binary(.multiply, signs[first], signs[second])
            return [
                try graph.reduce(.dot, deltas[first], with: deltas[second], over: .tensor),
                try graph.reduce(.count, graph.binary(.notEqual, product, zero), over: .tensor),
                try graph.reduce(.count, graph.binary(.greater, product, zero), over: .tensor),
            ]
        }
    }

    /// The figures of every tensor.
    func tensors(_ engine: Engine) throws -> [ExpertComparison.Tensor] {
        let base = try engine.namedValues(baseSquares)
        let experts = try ofExperts.map { try $0.map(engine.namedValues) }
        let pairs = try ofPairs.map { try $0.map(engine.namedValues) }
        let spectra = try spectral?.values(engine)
        return graph.tensors(of: start).map(graph.facts).map { facts in
            // A tensor that a delta lacks is not changed by it.
            let figures = experts.enumerated().map { index, columns -> DeltaFigures in
                var figures = DeltaFigures()
                figures.count = facts.numel
                figures.baseSquares = base[facts.name] ?? 0
                let numbers = columns.map { $0[facts.name] ?? 0 }
                (figures.squares, figures.changed) = (numbers[0], numbers[1])
                (figures.large, figures.beyond) = (numbers[2], numbers[3])
                if let largest = spectra?.experts[index][facts.name]?.largest, largest > 0 {
                    (figures.stableRanks, figures.matrices) = (figures.squares / (largest * largest), 1)
                }
                return figures
            }
            let together = zip(self.pairs, pairs).enumerated().map { index, item -> DeltaPairFigures in
                let (pair, columns) = item
                var joint = DeltaPairFigures()
                let numbers = columns.map { $0[facts.name] ?? 0 }
                let (first, second) = (figures[pair.first], figures[pair.second])
                joint.product = numbers[0]
                joint.squares = (first.squares, second.squares)
                joint.large = (first.large, second.large, numbers[1])
                joint.agreeing = numbers[2]
                if let spectra, let product = spectra.pairs[index][facts.name] {
                    let counts = [pair.first, pair.second].map { spectra.experts[$0][facts.name]?.count ?? 0 }
                    if let fewer = counts.min(), fewer > 0 { (joint.subspaces, joint.matrices) = (product / fewer, 1) }
                }
                return joint
            }
            return ExpertComparison.Tensor(facts: facts, experts: figures, pairs: together)
        }
    }
}
