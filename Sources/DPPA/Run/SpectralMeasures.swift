import DPPACheckpoint
import DPPAExecution
import DPPAExpression
import DPPAKernels
import DPPASupport

/// What the singular values and vectors of deltas tell, matrix by matrix: linears of blocks.
///
/// The stable rank ‖d‖²_F / σ₁², and of two deltas how far their leading left singular vectors span the same directions,
/// ‖U_aᵀ U_b‖²_F / min(k_a, k_b), U of the k = 16 leading ones or as many as there are (Hu et al., arXiv 2106.09685, section 7.2):
/// 1 where they span the same, k / rows by chance. Matrices with at most 512 rows or columns are decomposed wholly; of larger ones a
/// range finder looks for the leading directions, so that of a matrix whose singular values hardly fall σ₁ comes out too small (of
/// pure noise, 1536 × 2048, by 6 %) and the stable rank too large.
struct SpectralMeasures {
    /// How many leading directions are compared.
    static let directions = 16
    /// The smaller side up to which a matrix is decomposed wholly.
    private static let whole = 512

    /// The values of one tensor.
    struct Expert {
        var largest: Double
        var count: Double
    }

    private struct Part {
        let vectors: NodeID
        let largest, count: NodeID
        let names: Set<String>
    }

    private let experts: [[Part]]
    /// ‖U_aᵀ U_b‖²_F of each pair.
    private let pairs: [[NodeID]]

    var nodes: [NodeID] { experts.flatMap { $0.flatMap { [$0.largest, $0.count] } } + pairs.flatMap(\.self) }

    init(_ graph: Graph, _ deltas: [NodeID], _ pairs: [(first: Int, second: Int)]) throws {
        let experts = try deltas.map { delta in
            try [false, true].compactMap { isLarge -> Part? in
                func isMember(_ facts: TensorFacts) -> Bool {
                    Self.isMatrix(facts) && ((facts.shape.min() ?? 0) > Self.whole) == isLarge
                }
                let names = Set(graph.tensors(of: delta).map(graph.facts).filter(isMember).map(\.name))
                guard !names.isEmpty else { return nil }
                return try Self.part(graph, graph.restrict(delta, "spectral", isMember), names, isLarge: isLarge)
            }
        }
        self.experts = experts
        self.pairs = try pairs.map { first, second in
            try experts[first].flatMap { a in
                try experts[second].compactMap { b -> NodeID? in
                    let names = a.names.intersection(b.names)
                    guard !names.isEmpty else { return nil }
                    let (u, v) = (
                        try graph.restrict(a.vectors, "spectral") { names.contains($0.name) },
                        try graph.restrict(b.vectors, "spectral") { names.contains($0.name) }
                    )
                    let product = try graph.product(graph.transpose(u), v)
                    return try graph.reduce(.dot, product, with: product, over: .tensor)
                }
            }
        }
    }

    /// Whether a tensor is measured.
    static func isMatrix(_ facts: TensorFacts) -> Bool { facts.isLinear && facts.shape.count == 2 }

    private static func part(_ graph: Graph, _ delta: NodeID, _ names: Set<String>, isLarge: Bool) throws -> Part {
        // Twice as many are looked for, so that the wanted ones are good.
        let count = try graph.constant(Double(directions))
        let options = SVDOptions(tolerance: 1e-6, seed: isLarge ? 0 : nil)
        let rank = isLarge ? try graph.constant(Double(2 * directions)) : count
        var (u, s, _) = try graph.svd(delta, rank: rank, options)
        if isLarge {
            u = try graph.block(u, rows: nil, columns: count, firstRow: nil, firstColumn: nil)
            s = try graph.block(s, rows: nil, columns: count, firstRow: nil, firstColumn: nil)
        }
        return Part(
            vectors: u, largest: try graph.reduce(.max, s, over: .tensor),
            count: try graph.reduce(.count, graph.binary(.notEqual, s, graph.constant(0)), over: .tensor), names: names)
    }

    /// What was found of each expert and pair, by tensor.
    func values(_ engine: Engine) throws -> (experts: [[String: Expert]], pairs: [[String: Double]]) {
        let found = try experts.map { parts in
            try parts.reduce(into: [String: Expert]()) { found, part in
                for (name, value) in try engine.namedValues(part.largest) {
                    found[name] = Expert(largest: value, count: 0)
                }
                for (name, value) in try engine.namedValues(part.count) { found[name]?.count = value }
            }
        }
        let products = try pairs.map { nodes in
            try nodes.reduce(into: [String: Double]()) { found, node in
                found.merge(try engine.namedValues(node)) { _, last in last }
            }
        }
        return (found, products)
    }
}
