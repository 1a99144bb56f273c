import DPPA
import Testing

/// The ways that a selection takes when its sample misleads it, when too many values are equal, and when there is no memory
/// to gather in: against sorting, and by what the engine says of its way.
@Suite struct OrderFallbackTests {
    /// How values differ at the places that are sampled (256 of every 2048 elements) and at the others.
    enum Trap: CaseIterable {
        /// The wanted value is above all that the sample shows.
        case above
        /// It is below all of it.
        case below
        /// Nearly everything lies where the sample expects little.
        case crowded
        /// The same, and all of it is equal.
        case crowdedByEquals
        /// Few values, so the bracket ends among equals.
        case tied
        /// Half of the values are not finite.
        case broken
        /// No value is finite.
        case nothing

        func values(_ count: Int) -> [Float] {
            var random = Lehmer(7)
            return (0..<count).map { index in
                let isSampled = index % 2048 < 256
                let uniform = Float.random(in: 0..<1, using: &random)
                return switch self {
                case .above: isSampled ? uniform : uniform + 10
                case .below: isSampled ? uniform : uniform - 10
                case .crowded: isSampled ? uniform : 0.79 + uniform / 50
                case .crowdedByEquals: isSampled ? uniform : 0.8
                case .tied: (uniform * 4).rounded(.down) / 4
                case .broken: isSampled ? .infinity : index % 2 == 0 ? .nan : uniform
                case .nothing: index % 2 == 0 ? .nan : -.infinity
                }
            }
        }
    }

    /// Tensors of one layer, in name order; the middle one is empty.
    static let shapes: [(name: String, shape: [Int])] = [
        ("model.layers.0.a.weight", [40, 1024]), ("model.layers.0.b.weight", [0, 1024]),
        ("model.layers.0.c.weight", [88, 1024]),
    ]
    static let total = 128 * 1024

    let graph = Graph()

    private func field(_ all: [Float], rows: Bool) throws -> NodeID {
        var start = 0
        let tensors = Self.shapes.map { entry -> (name: String, shape: [Int], values: [Float]) in
            let count = entry.shape.reduce(1, *)
            defer { start += count }
            return (entry.name, entry.shape, Array(all[start..<start + count]))
        }
        let x = try graph.reinterpret(graph.source(makeModel("x", tensors)), as: .value)
        guard rows else { return x }
        // The same numbers, but a program that works on whole rows.
        let zero = try graph.binary(
            .multiply, graph.reduce(.count, graph.binary(.equal, x, x), over: .row), graph.constant(0))
        return try graph.binary(.add, x, zero)
    }

    private func engine(memory: Int = 512 << 20, threads: Int = 3, chunk: Int = 4096) -> Engine {
        var options = EngineOptions(threads: threads, memory: memory, chunkElements: chunk, tileElements: 1024)
        options.verifiesPrograms = true
        return Engine(graph, options: options)
    }

    /// The mask of `top` over all tensors together.
    private func mask(_ x: NodeID, _ share: Double, _ engine: Engine) throws -> [Bool] {
        let mask = try graph.top(x, share: graph.constant(share), isCount: false, over: .layer)
        let model = try graph.reinterpret(graph.select(mask, graph.constant(1), graph.constant(0)), as: .model)
        try engine.settle([model])
        let wanted = Self.shapes.map { Engine.Wanted($0.name) }
        return try engine.materialize([model], wanted) { _ in .f32 }[0].flatMap { $0.array().map { $0 == 1 } }
    }

    static func naiveTop(_ values: [Float], _ share: Double) -> [Bool] {
        let finite = values.indices.filter { values[$0].isFinite }
        let sorted = finite.sorted { values[$0] != values[$1] ? values[$0] > values[$1] : $0 < $1 }
        var mask = [Bool](repeating: false, count: values.count)
        for index in sorted.prefix(Int(share * Double(values.count))) { mask[index] = true }
        return mask
    }

    @Test(arguments: Trap.allCases, [0.05, 0.2, 0.5, 0.95])
    func topIsThatOfASort(_ trap: Trap, _ share: Double) throws {
        let values = trap.values(Self.total)
        let expected = Self.naiveTop(values, share)
        for rows in [false, true] {
            let engine = engine()
            #expect(try mask(field(values, rows: rows), share, engine) == expected)
            switch (trap, share) {
            case (.above, _), (.below, 0.2...), (.crowded, 0.2), (.crowdedByEquals, 0.2):
                #expect(engine.report.histogramSearches == 1)
            default: break
            }
            // Ties at an end of the bracket have been counted in the pass; where histograms found it, it is counted again.
            if trap == .tied { #expect(engine.report.countedPlaces == 0) }
            if trap == .crowdedByEquals && share == 0.2 { #expect(engine.report.countedPlaces == 1) }
        }
    }

    @Test(arguments: Trap.allCases, [0, 1, 30_000, 70_000, 131_071])
    func kthIsThatOfASort(_ trap: Trap, _ index: Int) throws {
        let values = trap.values(Self.total)
        let sorted = values.sorted { $0 < $1 || ($1.isNaN && !$0.isNaN) }
        let engine = engine(threads: 1, chunk: 1 << 16)
        let node = try graph.kth(field(values, rows: false), index: graph.constant(Double(index)), over: .layer)
        try engine.run([node])
        let found = try #require(try engine.values(node)?.first?.value)
        #expect(found == Double(sorted[index]) || (found.isNaN && sorted[index].isNaN))
    }

    @Test(arguments: [1, 2], [Trap.above, .below, .crowded, .crowdedByEquals])
    func withoutMemoryToGatherInTheResultIsTheSame(_ threads: Int, _ trap: Trap) throws {
        let values = trap.values(Self.total)
        let little = engine(memory: MemoryBudget.base + threads * 192 << 10, threads: threads)
        #expect(try mask(field(values, rows: false), 0.5, little) == Self.naiveTop(values, 0.5))
        #expect(little.report.histogramSearches == 1)
    }
}
