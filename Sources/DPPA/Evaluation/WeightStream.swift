import DPPACheckpoint
import DPPAExecution
import DPPAExpression
import DPPAKernels
import DPPASupport

/// The weights of several candidates in the order in which a forward pass wants them, a few at a time.
///
/// A weight is built from the candidates' expressions when it is asked for and dropped when the next one is, so memory
/// holds one large weight, or small ones together. Models that fit whole are kept.
final class WeightStream {
    /// Elements that are built together if the tensors are small: 16 MiB.
    static let groupElements = (1 << 24) / bytesPerWeight

    private let engine: Engine
    private let models: [NodeID]
    private let dtype: (String) -> DType
    private let order: [[String]]
    /// Where in the order each tensor is wanted first.
    private let places: [String: Int]
    private let facts: [String: TensorFacts]
    private let keepsAll: Bool
    private var current: [String: [Buffer<Float>]] = [:]
    private var blocks: [Block: [Buffer<Float>]] = [:]
    /// Of each linear's weights that are there, what they are for the processor's tiles, beside what was packed.
    private var tiles: [TilesKey: [(weights: Buffer<Float>, tiles: WeightTiles?)]] = [:]
    /// What stands for the one candidate's own tensors, by name.
    var replaced: [String: Buffer<Float>] = [:]

    private struct Block: Hashable {
        var name: String
        var rows: Range<Int>
    }

    private struct TilesKey: Hashable {
        var name: String
        /// Nil of a whole tensor.
        var rows: Range<Int>?
        var place: WeightMatrix.Place
    }

    /// Carries out numbered pieces of work on all threads.
    typealias Run = (_ count: Int, _ piece: @escaping @Sendable (Int) -> Void) throws -> Void

    /// What a weight takes when it is there: as float32, and for the processor's tiles.
    static let bytesPerWeight = 4 + (WeightTiles.areAvailable ? 2 : 0)

    /// A stream over models of one architecture; `order` lists the tensors that are used whole, in the order of use, those
    /// together that are needed at the same time.
    init(
        _ engine: Engine, models: [NodeID], order: [[String]], facts: [String: TensorFacts], memory: Int,
        dtype: @escaping (String) -> DType
    ) {
        self.engine = engine
        self.models = models
        self.order = order
        places = Dictionary(
            order.enumerated().flatMap { place, names in names.map { ($0, place) } }, uniquingKeysWith: min)
        self.facts = facts
        self.dtype = dtype
        let elements = facts.values.reduce(0) { $0 + $1.numel }
        keepsAll = elements * Self.bytesPerWeight * models.count <= memory
    }

    /// The most memory that the weights of one candidate take at a time, in bytes.
    static func largestBytes(_ facts: [String: TensorFacts], order: [[String]]) -> Int {
        bytesPerWeight * max(groupElements, order.map { $0.reduce(0) { $0 + (facts[$1]?.numel ?? 0) } }.max() ?? 0)
    }

    /// Some tensors that are needed at the same time, each of every candidate.
    func tensors(_ names: [String]) throws -> [[Buffer<Float>]] {
        if names.contains(where: { current[$0] == nil && replaced[$0] == nil }) { try build(names) }
        return names.map { name in replaced[name].map { [$0] } ?? current[name] ?? [] }
    }

    /// The weights of a linear map of every candidate.
    func matrices(_ map: Linear, run: Run) throws -> [WeightMatrix] {
        try matrices(
            TilesKey(name: map.tensor, place: map.place), tensors([map.tensor]).first ?? [], run: run)
    }

    /// Some rows of a tensor of every candidate as the weights of a linear map.
    func matrices(_ name: String, _ rows: Range<Int>, run: Run) throws -> [WeightMatrix] {
        let found = try self.rows(name, rows)
        let width = (found.first?.count ?? 0) / rows.count
        let place = WeightMatrix.Place(outputs: 0..<rows.count, inputs: width, stored: rows.count)
        return try matrices(TilesKey(name: name, rows: rows, place: place), found, run: run)
    }

    private func matrices(_ key: TilesKey, _ weights: [Buffer<Float>], run: Run) throws -> [WeightMatrix] {
        let known = tiles[key] ?? []
        let packed = try weights.enumerated().map { candidate, weights in
            // What a tensor was replaced by may have been replaced itself.
            if known.indices.contains(candidate), known[candidate].weights === weights { return known[candidate] }
            return (weights: weights, tiles: try WeightMatrix.tiles(of: weights, key.place, run: run))
        }
        tiles[key] = packed
        return packed.map { WeightMatrix($0.weights, key.place, tiles: $0.tiles) }
    }

    /// Builds tensors, with those that are wanted next as long as they are small.
    private func build(_ names: [String]) throws {
        guard let place = names.first.flatMap({ places[$0] }) else {
            throw DPPAError(.internalFault, "\(names) are not in the order")
        }
        if !keepsAll { (current, tiles) = ([:], [:]) }
        var wanted: [String] = []
        var (known, elements) = (Set(current.keys), 0)
        func add(_ names: [String], limit: Int) -> Bool {
            let new = names.filter { !known.contains($0) }
            let count = new.reduce(0) { $0 + (facts[$1]?.numel ?? 0) }
            guard elements + count <= limit else { return false }
            wanted += new
            known.formUnion(new)
            elements += count
            return true
        }
        _ = add(names, limit: .max)
        for next in order[(place + 1)...] {
            guard add(next, limit: Self.groupElements) else { break }
        }
        let built = try engine.materialize(models, wanted.map { Engine.Wanted($0) }, dtype: dtype)
        for (index, name) in wanted.enumerated() { current[name] = built.map { $0[index] } }
    }

    /// Some rows of a tensor of every candidate.
    func rows(_ name: String, _ rows: Range<Int>) throws -> [Buffer<Float>] {
        let block = Block(name: name, rows: rows)
        if let known = blocks[block] { return known }
        if !keepsAll { (current, tiles) = ([:], [:]) }
        let built = try engine.materialize(models, [Engine.Wanted(name, rows: rows)], dtype: dtype).map { $0[0] }
        if keepsAll { blocks[block] = built }
        return built
    }

    /// The blocks of rows in which a large tensor is worked through.
    func rowBlocks(_ name: String) -> [Range<Int>] {
        guard let facts = facts[name], facts.rowLength > 0 else { return [] }
        let size = max(1, Self.groupElements / facts.rowLength)
        return stride(from: 0, to: facts.rowCount, by: size).map { $0..<min(facts.rowCount, $0 + size) }
    }
}
