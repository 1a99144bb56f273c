/// What is known of a delta d = expert − b in some elements; figures of disjoint elements add up.
public struct DeltaFigures: Sendable {
    /// How many elements there are.
    public var count = 0
    /// Σ d², in float64.
    public var squares = 0.0
    /// Σ b², in float64.
    public var baseSquares = 0.0
    /// How many elements differ from the base's.
    public var changed = 0.0
    /// How many of them are among the largest tenth of their tensor, by |d|.
    public var large = 0.0
    /// How many have |d| > 0.03, where pruning at random and rescaling does harm (arXiv 2410.09344).
    public var beyond = 0.0
    /// Σ ‖d‖²_F / σ₁² over matrices that are not zero, and how many these are; none unless deltas were decomposed.
    public var stableRanks = 0.0, matrices = 0

    /// Of no elements.
    public init() {}

    /// Takes figures of other elements in.
    public mutating func add(_ other: DeltaFigures) {
        count += other.count
        squares += other.squares
        baseSquares += other.baseSquares
        changed += other.changed
        large += other.large
        beyond += other.beyond
        stableRanks += other.stableRanks
        matrices += other.matrices
    }

    /// ‖d‖ / ‖b‖; infinite if b is zero and d is not, 0 if both are.
    public var relativeNorm: Double {
        baseSquares > 0 ? (squares / baseSquares).squareRoot() : squares > 0 ? .infinity : squares
    }
    /// The share of elements that differ from the base's; 0 of none.
    public var changedShare: Double { changed / Double(max(1, count)) }
    /// The share of elements with |d| > 0.03; 0 of none.
    public var beyondShare: Double { beyond / Double(max(1, count)) }
    /// The mean stable rank of the matrices, ‖d‖²_F / σ₁²: how many directions of equal strength would make up a delta; nil of none.
    public var stableRank: Double? { matrices > 0 ? stableRanks / Double(matrices) : nil }
}

/// What is known of two deltas together in some elements; figures of disjoint elements add up.
public struct DeltaPairFigures: Sendable {
    /// Σ d·d′, in float64.
    public var product = 0.0
    /// Σ d² and Σ d′², in float64.
    public var squares = (first: 0.0, second: 0.0)
    /// How many elements are changed and among the largest tenth: of the first delta, of the second, of both.
    public var large = (first: 0.0, second: 0.0, both: 0.0)
    /// How many of those of both have the same sign in both.
    public var agreeing = 0.0
    /// Σ ‖UᵀU′‖²_F / min(k, k′) over matrices, U the leading left singular vectors of each delta, and how many matrices these are.
    public var subspaces = 0.0, matrices = 0

    /// Of no elements.
    public init() {}

    /// Takes figures of other elements in.
    public mutating func add(_ other: DeltaPairFigures) {
        product += other.product
        squares.first += other.squares.first
        squares.second += other.squares.second
        large.first += other.large.first
        large.second += other.large.second
        large.both += other.large.both
        agreeing += other.agreeing
        subspaces += other.subspaces
        matrices += other.matrices
    }

    /// d·d′ / (‖d‖ ‖d′‖); nil where one is zero.
    public var cosine: Double? {
        let norms = squares.first.squareRoot() * squares.second.squareRoot()
        return norms > 0 ? product / norms : nil
    }
    /// The share of the largest tenth of each that is among the largest tenth of the other; nil where nothing changed.
    ///
    /// Of deltas that know nothing of each other it is 0.1.
    public var overlap: Double? {
        let mean = (large.first + large.second) / 2
        return mean > 0 ? large.both / mean : nil
    }
    /// The share of elements in both tenths that have one sign; nil where there are none.
    ///
    /// By chance it is 0.5.
    public var signAgreement: Double? { large.both > 0 ? agreeing / large.both : nil }
    /// The mean overlap of the subspaces of the 16 leading directions, from 0 to 1; nil of no matrices.
    ///
    /// By chance it is 16 / rows.
    public var subspaceOverlap: Double? { matrices > 0 ? subspaces / Double(matrices) : nil }
    /// ‖d − d′‖, the distance of the experts.
    public var distance: Double { max(0, squares.first + squares.second - 2 * product).squareRoot() }
}
