import DPPA
import Testing

/// The engine against plain loops in float64, on models with ties, odd sizes, empty and single-element tensors.
@Suite struct EngineTests {
    static let shapes: [(name: String, shape: [Int])] = [
        ("model.embed_tokens.weight", [37, 13]),
        ("model.layers.0.mlp.up_proj.weight", [67, 129]),
        ("model.layers.0.self_attn.q_proj.weight", [3, 5, 7]),
        ("model.layers.1.mlp.up_proj.weight", [128, 130]),
        ("model.layers.1.self_attn.q_proj.weight", [1, 1]),
        ("model.norm.weight", [11]),
        ("model.void.weight", [0, 4]),
    ]

    static func values(_ seed: UInt64, ties: Bool = false) -> [String: [Float]] {
        var random = Lehmer(seed)
        return Dictionary(
            uniqueKeysWithValues: shapes.map { entry in
                let floats = random.floats(entry.shape.reduce(1, *))
                return (entry.name, ties ? floats.map { ($0 * 8).rounded() / 8 } : floats)
            })
    }

    static func model(_ label: String, _ values: [String: [Float]]) -> OpenModel {
        makeModel(label, shapes.map { ($0.name, $0.shape, values[$0.name] ?? []) })
    }

    let graph = Graph()
    let a: NodeID
    let x: NodeID
    let data: [String: [Float]]
    let ties: NodeID
    let tied: [String: [Float]]

    init() throws {
        data = Self.values(1)
        tied = Self.values(2, ties: true)
        a = try graph.source(Self.model("a", data))
        x = try graph.reinterpret(a, as: .value)
        ties = try graph.reinterpret(graph.source(Self.model("ties", tied)), as: .value)
    }

    func engine(threads: Int = 2, chunk: Int = 1 << 16, tile: Int = 2048) -> Engine {
        var options = EngineOptions(threads: threads, chunkElements: chunk, tileElements: tile)
        options.verifiesPrograms = true
        return Engine(graph, options: options)
    }

    func numbers(_ node: NodeID, _ engine: Engine) throws -> [String: Double] {
        try engine.run([node])
        return Dictionary(uniqueKeysWithValues: (try engine.values(node) ?? []).map { ($0.name, $0.value) })
    }

    func near(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-9 * max(1, abs(a), abs(b)) }

    @Test func sumsOverTensorsLayersAndModel() throws {
        let sum = try graph.reduce(.sum, x, over: .tensor)
        let found = try numbers(sum, engine())
        for (name, values) in data { #expect(near(found[name] ?? .nan, values.reduce(0) { $0 + Double($1) })) }
        let blocks = try graph.restrict(x, "test") { $0.layer != nil }
        let layers = try numbers(graph.reduce(.mean, blocks, over: .layer), engine())
        for layer in 0..<2 {
            let all = data.filter { $0.key.contains("layers.\(layer).") }.flatMap(\.value)
            #expect(
                near(layers["model.layers.\(layer)"] ?? .nan, all.reduce(0) { $0 + Double($1) } / Double(all.count)))
        }
        let everything = data.values.flatMap { $0 }
        let model = try numbers(graph.reduce(.norm, x, over: .model), engine())
        #expect(near(model[""] ?? .nan, everything.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()))
        let largest = try numbers(graph.reduce(.max, x, over: .model), engine())
        #expect(largest[""] == Double(everything.max() ?? 0))
    }

    @Test func meansOfCoarseValuesCountInstances() throws {
        let means = try graph.reduce(.mean, x, over: .tensor)
        let model = try graph.reduce(.mean, means, over: .model)
        let perTensor = try numbers(means, engine())
        #expect(near(try numbers(model, engine())[""] ?? .nan, perTensor.values.reduce(0, +) / Double(perTensor.count)))
        let weighted = try graph.reduce(.mean, means, over: .model, weight: graph.numel(x))
        let all = data.values.flatMap { $0 }
        #expect(
            near(try numbers(weighted, engine())[""] ?? .nan, all.reduce(0) { $0 + Double($1) } / Double(all.count)))
    }

    @Test func rowsAndColumnsReduceAndBroadcast() throws {
        let rowMean = try graph.reduce(.mean, x, over: .row)
        let deviation = try graph.binary(.subtract, x, rowMean)
        let total = try graph.reduce(.norm, deviation, over: .tensor)
        let largestColumn = try graph.reduce(.max, graph.reduce(.sum, x, over: .column), over: .tensor)
        let largestRow = try graph.reduce(.max, rowMean, over: .tensor)
        let (norms, columns, rows) = (
            try numbers(total, engine()), try numbers(largestColumn, engine()), try numbers(largestRow, engine())
        )
        for (name, shape) in Self.shapes {
            let values = data[name] ?? []
            guard !values.isEmpty, let length = shape.last else { continue }
            var (square, sums, best) = (0.0, [Double](repeating: 0, count: length), -Double.infinity)
            for row in 0..<values.count / length {
                let part = values[row * length..<(row + 1) * length]
                let mean = part.reduce(0) { $0 + Double($1) } / Double(length)
                best = max(best, mean)
                for (column, value) in part.enumerated() {
                    let difference = Double(value - Float(mean))
                    square += difference * difference
                    sums[column] += Double(value)
                }
            }
            #expect(near(norms[name] ?? .nan, square.squareRoot()))
            #expect(near(columns[name] ?? .nan, sums.max() ?? 0))
            #expect(near(rows[name] ?? .nan, best))
        }
    }

    @Test(arguments: [Scope.tensor, .layer, .model, .row, .column])
    func topKeepsExactlyTheLargestWithTiesByIndex(_ scope: Scope) throws {
        for (node, values) in [(x, data), (ties, tied)] {
            let field = try scope == .layer ? graph.restrict(node, "test") { $0.layer != nil } : node
            for share in [0.0, 0.001, 0.2, 0.5, 1.0] {
                let mask = try graph.top(field, share: graph.constant(share), isCount: false, over: scope)
                // The sum of index · mask tells which elements were kept.
                let index = try graph.source(Self.model("index", indexValues))
                let part = try scope == .layer ? graph.restrict(index, "test") { $0.layer != nil } : index
                let kept = try graph.select(mask, part, graph.constant(0))
                let found = try numbers(graph.reduce(.sum, kept, over: .tensor), engine())
                for (name, expected) in naiveTop(values, share, scope) {
                    #expect(found[name] == expected, "\(name) \(share)")
                }
            }
        }
    }

    @Test(arguments: [1 << 16, 4096], [1, 2, 7])
    func resultsDoNotDependOnThreadsTilesOrChunks(_ chunk: Int, _ threads: Int) throws {
        let rows = try graph.reduce(.mean, graph.unary(.exp, x), over: .row)
        let field = try graph.binary(.multiply, graph.unary(.sin, x), rows)
        let mean = try graph.reduce(.mean, field, over: .tensor)
        let reference = try numbers(mean, engine(threads: 1))
        for tile in [16, 1000, 16384] {
            #expect(try numbers(mean, engine(threads: threads, chunk: chunk, tile: tile)) == reference)
        }
    }

    @Test func orderStatisticsAgreeWithSorting() throws {
        for index in [0, 3, 40, 100_000] {
            let node = try graph.kth(ties, index: graph.constant(Double(index)), over: .tensor)
            let found = try numbers(node, engine())
            for (name, values) in tied where !values.isEmpty {
                #expect(found[name] == Double(values.sorted()[min(index, values.count - 1)]))
            }
        }
    }

    @Test func infinitiesAndNaNAreNeverChosen() throws {
        var broken = data
        broken["model.norm.weight"] = [.nan, 1, .infinity, 2, -.infinity, 3, 0, -0.0, .nan, 0.5, 0.25]
        let field = try graph.reinterpret(graph.source(Self.model("broken", broken)), as: .value)
        let mask = try graph.top(field, share: graph.constant(4), isCount: true, over: .tensor)
        let sum = try graph.reduce(.sum, graph.select(mask, field, graph.constant(0)), over: .tensor)
        #expect(try numbers(sum, engine())["model.norm.weight"] == 6.5)
    }

    private var indexValues: [String: [Float]] {
        data.mapValues { $0.indices.map { Float($0 + 1) } }
    }

    /// The sum of (index + 1) over what is kept, by sorting.
    private func naiveTop(_ values: [String: [Float]], _ share: Double, _ scope: Scope) -> [String: Double] {
        var groups: [String: [(name: String, index: Int, value: Float)]] = [:]
        for (name, shape) in Self.shapes {
            let length = shape.last ?? 1
            for (index, value) in (values[name] ?? []).enumerated() {
                let key: String
                switch scope {
                case .model: key = ""
                case .layer:
                    guard name.contains("layers.") else { continue }
                    key = String(name.prefix(14))
                case .row: key = "\(name)/\(index / length)"
                case .column: key = "\(name)/\(index % length)"
                default: key = name
                }
                groups[key, default: []].append((name, index, value))
            }
        }
        var kept: [String: Double] = [:]
        for group in groups.values {
            let wanted = share == 0 ? 0 : max(1, Int(share * Double(group.count)))
            let sorted = group.sorted {
                $0.value != $1.value ? $0.value > $1.value : ($0.name, $0.index) < ($1.name, $1.index)
            }
            for (place, entry) in sorted.enumerated() {
                kept[entry.name, default: 0] += place < wanted ? Double(entry.index + 1) : 0
            }
        }
        return kept
    }
}
