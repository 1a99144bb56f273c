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
    /// Elements that are built together if the tensors are small.
    static let groupElements = 1 << 22

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
    /// What stands for the one candidate's own tensors, by name.
    var replaced: [String: Buffer<Float>] = [:]

    private struct Block: Hashable {
        var name: String
        var rows: Range<Int>
    }

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
        keepsAll = elements * 4 * models.count <= memory
    }

    /// The most memory that the weights of one candidate take at a time, in bytes.
    static func largestBytes(_ facts: [String: TensorFacts], order: [[String]]) -> Int {
        4 * max(groupElements, order.map { $0.reduce(0) { $0 + (facts[$1]?.numel ?? 0) } }.max() ?? 0)
    }

    /// Some tensors that are needed at the same time, each of every candidate.
    func tensors(_ names: [String]) throws -> [[Buffer<Float>]] {
        if names.contains(where: { current[$0] == nil && replaced[$0] == nil }) { try build(names) }
        return names.map { name in replaced[name].map { [$0] } ?? current[name] ?? [] }
    }

    /// Builds tensors, with those that are wanted next as long as they are small.
    private func build(_ names: [String]) throws {
        guard let place = names.first.flatMap({ places[$0] }) else {
            throw DPPAError(.internalFault, "\(names) are not in the order")
        }
        if !keepsAll { current = [:] }
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
        if !keepsAll { current = [:] }
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
