import DPPACheckpoint
import DPPAExecution
import DPPAExpression
import DPPAKernels
import DPPASupport

/// What is in a merged model: for every tensor, how much of each expert's delta its change from the base is.
///
/// With b the base, dᵢ = expertᵢ − b and D = model − b, the coefficients cᵢ that make ‖D − Σ cᵢ dᵢ‖ least. Tensors that the same
/// coefficients explain up to rounding are a group. Models are read twice: once for the products, and once to count the elements in
/// which b + Σ cᵢ dᵢ is another number than the model's.
public struct ModelExplanation: Sendable {
    /// One tensor.
    public struct Tensor: Sendable {
        /// Name and shape.
        public var facts: TensorFacts
        /// Of each expert: those of its group, or the tensor's own.
        public var coefficients: [Double]
        /// The group that it belongs to, as a place in `groups`; nil where no sum of the deltas explains it.
        public var group: Int?
        /// ‖D‖², in float64.
        public var squares: Double
        /// ‖D‖ / ‖b‖, as `DeltaFigures.relativeNorm`.
        public var relativeNorm: Double
        /// The share of ‖D‖² that the coefficients leave.
        public var residualShare: Double
        /// The elements that differ from b + Σ cᵢ dᵢ rounded to the model's type, and those by more than one step of it at the larger of
        /// the two and b.
        public var differing = 0.0, beyond = 0.0
    }

    /// Tensors of the same coefficients.
    public struct Group: Sendable {
        /// Of each expert; none is larger than 0 in what was left as in the base.
        public var coefficients: [Double]
        /// How many tensors there are.
        public var count = 0
    }

    /// The labels of base and experts.
    public let base: String, experts: [String]
    /// All tensors in name order.
    public private(set) var tensors: [Tensor] = []
    /// From the one of most tensors.
    public private(set) var groups: [Group] = []
    /// What was done so that models fit, and what speaks against the base, a sentence each.
    public let notes: [String]

    /// Explains a model by a base and experts.
    ///
    /// Throws what fitting them to the base throws, and what reading them does.
    public init(
        _ model: OpenModel, base: OpenModel, experts: [OpenModel], options: EngineOptions,
        observer: (any EngineObserver)? = nil
    ) throws {
        let family = try ModelFamily(base: base, experts: [model] + experts)
        let graph = Graph()
        let start = try graph.source(family.base)
        let others = try family.experts.map { try graph.source($0) }
        let deltas = try zip(family.experts, others).map { expert, node in
            try expert.space == .model ? graph.binary(.subtract, node, start) : node
        }
        let merged = family.experts[0]
        guard merged.space == .model else {
            throw DPPAError(
                .data, "\(model.label) is no model that could be explained",
                notes: ["an adapter is explained on its base: base+adapter"])
        }
        let products = try Products(graph, start, deltas)
        let engine = Engine(graph, options: options, observer: observer)
        try engine.run(products.nodes)
        let found = try products.values(engine)
        let types = Dictionary(
            found.map { ($0.facts.name, merged.source($0.facts.name)?.dtype ?? .f32) },
            uniquingKeysWith: { first, _ in first })
        let grouping = CoefficientGroups(
            found.map { ($0.regression, RoundingError.square(of: $0.modelSquare, types[$0.facts.name] ?? .f32)) })
        tensors = found.indices.map { index in
            let (one, coefficients) = (found[index], grouping.coefficients[index])
            var figures = DeltaFigures()
            (figures.squares, figures.baseSquares) = (one.regression.square, one.baseSquare)
            return Tensor(
                facts: one.facts, coefficients: coefficients, group: grouping.groups[index],
                squares: figures.squares, relativeNorm: figures.relativeNorm,
                residualShare: one.regression.residualShare(coefficients))
        }
        let counts = try Mismatches(graph, start, others[0], Array(deltas.dropFirst()), tensors, types)
        try engine.run(counts.nodes)
        let (differing, beyond) = try counts.values(engine)
        for index in tensors.indices {
            tensors[index].differing = differing[tensors[index].facts.name] ?? 0
            tensors[index].beyond = beyond[tensors[index].facts.name] ?? 0
        }
        (self.base, self.experts) = (family.base.label, experts.map(\.label))
        let sums = products.sums(found, experts.count + 1)
        let findings = BaseFindings(base: base, experts: [model] + experts, pairs: [], (sums, [])).sentences
        notes = family.notes.map(\.line) + findings
        groups = grouping.distinct.enumerated().map { number, coefficients in
            Group(coefficients: coefficients, count: grouping.groups.count { $0 == number })
        }
    }
}

/// The error that rounding to a type leaves in numbers that were exact.
enum RoundingError {
    /// Σ e² of elements with a sum of squares: e is evenly spread over a step of the type, whose size is a power of two below
    /// the number, and the numbers' fractions are spread as their logarithms.
    static func square(of sum: Double, _ dtype: DType) -> Double {
        // The mean of 1 / x² over 1 ≤ x < 2, log x evenly spread.
        let fraction = 0.541
        let step = step(of: dtype)
        return sum * step * step * fraction / 12
    }

    /// The distance of neighbouring numbers between 1 and 2; of float32 and float64 that of float32, in which sums are made.
    static func step(of dtype: DType) -> Double {
        switch dtype {
        case .bf16: 0x1p-7
        case .f16: 0x1p-10
        default: 0x1p-23
        }
    }
}

/// The products of all deltas with each other, by tensor.
private struct Products {
    struct Tensor {
        var facts: TensorFacts
        var regression: DeltaRegression
        var baseSquare: Double
        var modelSquare: Double
    }

    let graph: Graph
    let start: NodeID
    private let squares: [NodeID]
    private let products: [[NodeID]]

    var nodes: [NodeID] { squares + products.flatMap(\.self) }

    /// The first delta is that of the model.
    init(_ graph: Graph, _ start: NodeID, _ deltas: [NodeID]) throws {
        (self.graph, self.start) = (graph, start)
        let weights = try graph.reinterpret(start, as: .value)
        let merged = try graph.binary(.add, weights, graph.reinterpret(deltas[0], as: .value))
        squares = [
            try graph.reduce(.dot, weights, with: weights, over: .tensor),
            try graph.reduce(.dot, merged, with: merged, over: .tensor),
        ]
        products = try deltas.indices.map { row in
            try (0...row).map { try graph.reduce(.dot, deltas[row], with: deltas[$0], over: .tensor) }
        }
    }

    func values(_ engine: Engine) throws -> [Tensor] {
        let squares = try squares.map { try engine.namedValues($0) }
        let products = try products.map { try $0.map { try engine.namedValues($0) } }
        return graph.tensors(of: start).map(graph.facts).map { facts in
            // A tensor that a delta lacks is not changed by it.
            func product(_ a: Int, _ b: Int) -> Double { products[max(a, b)][min(a, b)][facts.name] ?? 0 }
            let experts = 1..<products.count
            return Tensor(
                facts: facts,
                regression: DeltaRegression(
                    gram: experts.map { row in experts.map { product(row, $0) } },
                    products: experts.map { product(0, $0) }, square: product(0, 0)),
                baseSquare: squares[0][facts.name] ?? 0, modelSquare: squares[1][facts.name] ?? 0)
        }
    }

    /// How far each model is from the base, over all tensors.
    func sums(_ tensors: [Tensor], _ count: Int) -> [DeltaFigures] {
        (0..<count).map { model in
            tensors.reduce(into: DeltaFigures()) { figures, tensor in
                let regression = tensor.regression
                figures.squares += model == 0 ? regression.square : regression.gram[model - 1][model - 1]
                figures.baseSquares += tensor.baseSquare
                figures.count += tensor.facts.numel
            }
        }
    }
}

/// In how many elements a model is another number than what explains it.
private struct Mismatches {
    private let differing: [NodeID]
    private let beyond: [NodeID]

    var nodes: [NodeID] { differing + beyond }

    init(
        _ graph: Graph, _ start: NodeID, _ model: NodeID, _ deltas: [NodeID], _ tensors: [ModelExplanation.Tensor],
        _ types: [String: DType]
    ) throws {
        var expected = start
        for (expert, delta) in deltas.enumerated() {
            let coefficients = tensors.map { ($0.facts.name, $0.coefficients[expert]) }
            let factor = try graph.perTensor(start, Dictionary(coefficients, uniquingKeysWith: { first, _ in first }))
            expected = try graph.binary(.add, expected, graph.binary(.multiply, factor, delta))
        }
        var (differing, beyond): ([NodeID], [NodeID]) = ([], [])
        for dtype in Set(types.values).sorted(by: { $0.rawValue < $1.rawValue }) {
            func part(_ node: NodeID) throws -> NodeID {
                try graph.reinterpret(
                    graph.restrict(node, "explain") { types[$0.name] == dtype }, as: .value)
            }
            let (a, b) = (try part(model), try graph.roundTo(dtype, part(expected)))
            // Sums that nearly cancel have the error of what they are made of.
            let size = try graph.binary(
                .maximum, graph.binary(.maximum, graph.unary(.abs, a), graph.unary(.abs, b)),
                graph.unary(.abs, part(start)))
            let step = try graph.binary(.multiply, size, graph.constant(RoundingError.step(of: dtype) * 2))
            let distance = try graph.unary(.abs, graph.binary(.subtract, a, b))
            differing.append(try graph.reduce(.count, graph.binary(.notEqual, a, b), over: .tensor))
            beyond.append(try graph.reduce(.count, graph.binary(.greater, distance, step), over: .tensor))
        }
        (self.differing, self.beyond) = (differing, beyond)
    }

    func values(_ engine: Engine) throws -> (differing: [String: Double], beyond: [String: Double]) {
        func all(_ nodes: [NodeID]) throws -> [String: Double] {
            try nodes.reduce(into: [:]) { $0.merge(try engine.namedValues($1)) { first, _ in first } }
        }
        return (try all(differing), try all(beyond))
    }
}
