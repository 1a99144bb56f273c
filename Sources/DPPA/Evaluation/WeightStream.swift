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
    private let order: [String]
    private let facts: [String: TensorFacts]
    private let keepsAll: Bool
    private var current: [String: [Buffer<Float>]] = [:]
    private var blocks: [Block: [Buffer<Float>]] = [:]

    private struct Block: Hashable {
        var name: String
        var rows: Range<Int>
    }

    /// A stream over models of one architecture; `order` lists the tensors that are used whole, in the order of use.
    init(
        _ engine: Engine, models: [NodeID], order: [String], facts: [String: TensorFacts], memory: Int,
        dtype: @escaping (String) -> DType
    ) {
        self.engine = engine
        self.models = models
        self.order = order
        self.facts = facts
        self.dtype = dtype
        let elements = facts.values.reduce(0) { $0 + $1.numel }
        keepsAll = elements * 4 * models.count <= memory
    }

    /// The most memory that the weights of one candidate take at a time, in bytes.
    static func largestBytes(_ facts: [String: TensorFacts], order: [String]) -> Int {
        4 * max(groupElements, order.compactMap { facts[$0]?.numel }.max() ?? 0)
    }

    /// A tensor of every candidate.
    func tensor(_ name: String) throws -> [Buffer<Float>] {
        if let known = current[name] { return known }
        guard let start = order.firstIndex(of: name) else {
            throw DPPAError(.internalFault, "\(name) is not in the order")
        }
        var (names, elements) = ([name], facts[name]?.numel ?? 0)
        for next in order[(start + 1)...] where current[next] == nil {
            let count = facts[next]?.numel ?? 0
            guard elements + count <= Self.groupElements else { break }
            names.append(next)
            elements += count
        }
        if !keepsAll { current = [:] }
        let built = try engine.materialize(models, names.map { Engine.Wanted($0) }, dtype: dtype)
        for (index, name) in names.enumerated() { current[name] = built.map { $0[index] } }
        return current[name] ?? []
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
