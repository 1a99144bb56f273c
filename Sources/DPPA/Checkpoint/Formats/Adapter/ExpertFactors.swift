import DPPAKernels
import DPPASupport

/// The factors B of a stack of matrices, one after the other: `[E, m, r]`, of which the adapter has the columns of all experts in one
/// matrix `[m, r · E]`, those of one expert E columns apart.
struct ExpertFactors: TensorSource {
    let name: String
    let source: any TensorSource
    let count, rank: Int
    /// Keeps whole matrices, as the numbers of one expert lie everywhere in theirs.
    let cache: FactorCache
    let dtype = DType.f32

    private var rows: Int { source.shape[0] }
    var shape: [Int] { [count, rows, rank] }

    func load(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {
        let all = try cache.floats(Factor(source: source, isTransposed: false), name)
        let out = buffer.assumingMemoryBound(to: Float.self)
        let start = elements.lowerBound
        var (expert, row, column) = (start / (rows * rank), start / rank % rows, start % rank)
        for index in 0..<elements.count {
            out[index] = all.pointer[(row * rank + column) * count + expert]
            column += 1
            if column == rank { (column, row) = (0, row + 1) }
            if row == rows { (row, expert) = (0, expert + 1) }
        }
        // The memory must outlive the loop.
        withExtendedLifetime(all) {}
    }

    func bytesRead(_ elements: Int) -> Int { source.bytesRead(elements) }
}

/// What an adapter changes of one parameter that is a stack of matrices `[E, m, n]`, or one matrix.
///
/// A is `[E · r, n]` and B `[m, r · E]`: Δ_e[i, j] = s · Σ_ρ B[i, ρ E + e] · A[e r + ρ, j]. In models whose stacks are transposed
/// they are those of the matrices as they are used: Δ_e[i, j] = s · Σ_ρ B[j, ρ E + e] · A[e r + ρ, i].
struct StackedFactors {
    let down, up: any TensorSource
    let isTransposed: Bool
    let scale: Double
    let count, rank: Int
    private let blocks: ExpertFactors
    private let cache: FactorCache

    /// The ways round in which factors fit a parameter: plain, transposed, both or none.
    static func ways(_ down: any TensorSource, _ up: any TensorSource, _ shape: [Int]) -> Set<Bool> {
        let count = shape.count == 3 ? shape[0] : 1
        guard (2...3).contains(shape.count), down.shape.count == 2, up.shape.count == 2, count > 0,
            down.shape[0] == up.shape[1], down.shape[0] > 0, down.shape[0] % count == 0
        else { return [] }
        let (m, n) = (shape[shape.count - 2], shape[shape.count - 1])
        var ways: Set<Bool> = []
        if down.shape[1] == n, up.shape[0] == m { ways.insert(false) }
        if shape.count == 3, down.shape[1] == m, up.shape[0] == n { ways.insert(true) }
        return ways
    }

    /// Factors that fit.
    init(
        _ name: String, _ down: any TensorSource, _ up: any TensorSource, count: Int, isTransposed: Bool,
        scale: (Int) -> Double, _ cache: FactorCache, wholes: FactorCache
    ) {
        (self.down, self.up, self.isTransposed, self.count, self.cache) = (down, up, isTransposed, count, cache)
        rank = down.shape[0] / count
        self.scale = scale(rank)
        blocks = ExpertFactors(name: name, source: up, count: count, rank: rank, cache: wholes)
    }

    /// The change of one expert's matrix: all rows of Δ_e, or of its B the given ones.
    func matrix(_ expert: Int, name: String, rows: Range<Int>? = nil) -> LowRankSource {
        let (width, height) = (down.shape[1], up.shape[0])
        let part = rows ?? 0..<height
        let first = (expert * height + part.lowerBound) * rank
        let right = JoinedSource(
            [.init(source: down, elements: expert * rank * width..<(expert + 1) * rank * width)], shape: [rank, width])
        let left = JoinedSource(
            [.init(source: blocks, elements: first..<first + part.count * rank)], shape: [part.count, rank])
        return LowRankSource(
            name: "\(name) \(expert)", shape: isTransposed ? [width, part.count] : [part.count, width],
            left: Factor(source: isTransposed ? right : left, isTransposed: isTransposed),
            right: Factor(source: isTransposed ? left : right, isTransposed: isTransposed), scale: scale, cache: cache)
    }

    /// The change of the whole parameter.
    func stack(_ facts: TensorFacts) -> any TensorSource {
        if facts.shape.count == 2 { return matrix(0, name: facts.name) }
        return JoinedSource((0..<count).map { matrix($0, name: facts.name).whole }, shape: facts.shape)
    }
}
