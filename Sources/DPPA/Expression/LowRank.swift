import DPPACheckpoint
import DPPAKernels
import DPPASupport

/// How the factors of a delta are found.
public struct LowRankOptions: Sendable {
    /// How many triplets there are at most; nil for as many as the smaller side has.
    public var rank: Int?
    /// The leading triplets that have this share of ‖δ‖² are taken; nil for `rank` of them.
    public var energy: Double?
    /// Whether a sum of adapters must be written by their own factors, whatever ranks they come to.
    public var isExact: Bool
    /// Whether float32 is enough for the decomposition.
    public var isSingle: Bool
    /// Seed of a random range finder; nil for the whole decomposition.
    public var seed: UInt64?

    /// Options; one of `rank`, `energy` and `isExact` says how large the factors are.
    public init(
        rank: Int? = nil, energy: Double? = nil, isExact: Bool = false, isSingle: Bool = false, seed: UInt64? = nil
    ) {
        (self.rank, self.energy, self.isExact, self.isSingle, self.seed) = (rank, energy, isExact, isSingle, seed)
    }
}

/// Factors of some matrices, δ ≈ up · down; of transposed ones, δᵀ ≈ up · down.
package struct LowRankFactors {
    /// m × r and r × n, by the matrices' names.
    package var up, down: NodeID
    /// ‖up · down‖² and ‖δ‖² of each matrix, in float64.
    package var kept, total: NodeID
    /// How many triplets are more than zeros, where only the weights can tell.
    package var rank: NodeID?
    /// The matrices whose factors are those of adapters, with nothing left out.
    package var exact: Set<String> = []
}

extension Graph {
    /// The best approximation of each matrix by r triplets, U · diag(s) · Vᵀ, as up = U · √s and down = √s · Vᵀ.
    ///
    /// A delta that is a sum of adapters is not built: see `adapterSum`. Throws when a tensor is no matrix.
    func lowRank(_ delta: NodeID, isTransposed: Bool, _ options: LowRankOptions) throws -> LowRankFactors {
        var parts = try adapterSums(delta, isTransposed: isTransposed, options)
        let summed = parts.reduce(into: Set<String>()) { names, part in
            names.formUnion(tensors(of: part.up).map { facts($0).name })
        }
        let others = tensors(of: delta).filter { !summed.contains(facts($0).name) }
        if !others.isEmpty {
            guard !options.isExact else {
                let names = others.map { facts($0).name }
                throw mistake(
                    ":lora: rank = \"exact\" is for sums of adapters, and \(names[0]) is none: \(formula(delta, depth: 3))",
                    "\(names.count) of \(tensors(of: delta).count) matrices: \(Phrase.list(names))",
                    "say how large the factors may become: rank = 16, or energy = 0.95")
            }
            let names = Set(others.map { facts($0).name })
            // Once in memory, it is decomposed and measured.
            let part = try whole(restrict(delta, ":lora") { names.contains($0.name) })
            let matrix = isTransposed ? try transpose(part) : part
            parts.append(
                try factors(svd(matrix, rank: options.rank.map { try constant(Double($0)) }, options.inner), options) {
                    try self.reduce(.dot, part, with: part, over: .tensor)
                })
        }
        guard var all = parts.first else { throw mistake(":lora: the delta is zero everywhere") }
        guard parts.count > 1 else { return all }
        all.up = try branch(parts.map(\.up))
        all.down = try branch(parts.map(\.down))
        all.kept = try branch(parts.map(\.kept))
        all.total = try branch(parts.map(\.total))
        if options.energy != nil { all.rank = try branch(parts.compactMap(\.rank)) }
        all.exact = parts.reduce(into: []) { $0.formUnion($1.exact) }
        return all
    }

    /// The factors of a decomposition, with what they keep of `total`.
    func factors(
        _ svd: (u: NodeID, s: NodeID, vt: NodeID), _ options: LowRankOptions, total: () throws -> NodeID
    ) throws -> LowRankFactors {
        let strength = try unary(.sqrt, svd.s)
        return LowRankFactors(
            up: try binary(.multiply, svd.u, spread(strength, over: svd.u, isByRow: false)),
            down: try binary(.multiply, spread(strength, over: svd.vt, isByRow: true), svd.vt),
            kept: try reduce(.dot, svd.s, with: svd.s, over: .tensor), total: try total(),
            rank: options.energy == nil ? nil : try count(svd.s))
    }

    /// How many numbers of each tensor are not 0.
    func count(_ x: NodeID) throws -> NodeID {
        try reduce(.count, binary(.notEqual, x, constant(0)), over: .tensor)
    }
}

extension LowRankOptions {
    var inner: SVDOptions { SVDOptions(energy: energy, isSingle: isSingle, seed: seed) }
}
