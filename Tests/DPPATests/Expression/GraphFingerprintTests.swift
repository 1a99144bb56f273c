import DPPA
import Testing

/// Two expressions that differ anywhere differ in their fingerprints: one that did not would get another's remembered score.
@Suite struct GraphFingerprintTests {
    static let shapes: [(String, [Int])] = [
        ("model.embed.weight", [4, 3]), ("model.layers.0.a.weight", [2, 3]), ("model.layers.0.b.weight", [2, 3]),
        ("model.layers.1.a.weight", [2, 3]),
    ]

    /// A graph with three models alike, the third of which has another file behind it than it seems.
    struct World {
        let graph = Graph()
        var a, b, other, grown: NodeID

        /// The files of the model of the label `changed` are other ones than they were.
        init(reversed: Bool = false, changed: String = "") throws {
            func source(_ graph: Graph, _ label: String, rows: Int = 0) throws -> NodeID {
                try graph.source(
                    makeModel(
                        label, path: label == changed ? label + " later" : label,
                        GraphFingerprintTests.shapes.map { name, shape in
                            let shape = [shape[0] + rows, shape[1]]
                            return (name, shape, [Float](repeating: 1, count: shape.reduce(1, *)))
                        }))
            }
            let labels = reversed ? ["other", "b", "a"] : ["a", "b", "other"]
            var nodes: [String: NodeID] = [:]
            for label in labels { nodes[label] = try source(graph, label) }
            grown = try source(graph, "grown", rows: 1)
            (a, b, other) = (try #require(nodes["a"]), try #require(nodes["b"]), try #require(nodes["other"]))
        }

        /// Files are told apart by their paths: the labels here.
        func fingerprint(_ id: NodeID) -> UInt128 { GraphFingerprint(graph)(id) }

        /// Expressions of every operation, each different from every other in one thing.
        func expressions() throws -> [(what: String, node: NodeID)] {
            var all: [(String, NodeID)] = []
            func add(_ what: String, _ node: NodeID) { all.append((what, node)) }
            func number(_ value: Double) throws -> NodeID { try graph.constant(value) }
            let (x, y) = (try graph.reinterpret(a, as: .value), try graph.reinterpret(b, as: .value))
            let blocks = try graph.select(x, globs: ["*.layers.*"])
            let delta = try graph.binary(.subtract, a, b)
            let (mask, second) = (try graph.binary(.greater, x, y), try graph.binary(.less, x, y))
            let grouping = try (0..<3).map { number in
                try graph.grouping(
                    blocks,
                    Dictionary(
                        uniqueKeysWithValues: Self.names(graph, blocks).enumerated().map {
                            ($1, $0 == number ? "p" : "q")
                        }))
            }
            let scopes: [(String, Scope)] =
                [("row", .row), ("column", .column), ("tensor", .tensor), ("layer", .layer), ("model", .model)]
                + grouping.enumerated().map { ("group \($0)", $1) }

            for (label, node) in [("a", a), ("b", b), ("other", other), ("grown", grown)] {
                add("source \(label)", node)
            }
            for space in [Space.value, .delta, .model] { add("as \(space)", try graph.reinterpret(delta, as: space)) }
            add("as value of a", x)
            for value in [0.0, -0.0, 1, 1.0.nextUp, 256] { add("number \(value)", try number(value)) }
            add("per tensor", try graph.perTensor(x, Self.table(graph, x) { Double($0) }))
            add("per tensor, other number", try graph.perTensor(x, Self.table(graph, x) { $0 == 3 ? 3.5 : Double($0) }))
            add("per tensor, exchanged", try graph.perTensor(x, Self.table(graph, x) { Double(3 - $0) }))
            add("per tensor of some", try graph.perTensor(blocks, Self.table(graph, blocks) { Double($0) }))
            for op in UnaryOp.allCases { add("\(op)", try graph.unary(op, op.facts.takesMasks ? mask : x)) }
            add("abs of y", try graph.unary(.abs, y))
            add("abs of some", try graph.unary(.abs, blocks))
            add("minus delta", try graph.unary(.negate, delta))
            for op in BinaryOp.allCases {
                let isLogic = op.facts.takesMasks
                let (left, right) = isLogic ? (mask, second) : (x, y)
                add("\(op)", try graph.binary(op, left, right))
                add("\(op) exchanged", try graph.binary(op, right, left))
                if !isLogic { add("\(op) number", try graph.binary(op, left, number(2))) }
            }
            for (what, parts) in [("m x y", (mask, x, y)), ("m y x", (mask, y, x)), ("s x y", (second, x, y))] {
                add("where \(what)", try graph.select(parts.0, parts.1, parts.2))
            }
            for (name, scope) in scopes {
                for op in [Reduction.sum, .mean, .max, .min, .norm] {
                    add("\(op) \(name)", try graph.reduce(op, blocks, over: scope))
                }
                add("sum y \(name)", try graph.reduce(.sum, graph.select(y, globs: ["*.layers.*"]), over: scope))
                add("weighted \(name)", try graph.reduce(.mean, blocks, over: scope, weight: number(2)))
                add("count \(name)", try graph.reduce(.count, graph.binary(.greater, blocks, number(0)), over: scope))
                add("dot \(name)", try graph.reduce(.dot, blocks, with: graph.unary(.abs, blocks), over: scope))
                add(
                    "dot with row means \(name)",
                    try graph.reduce(.dot, blocks, with: graph.reduce(.mean, blocks, over: .row), over: scope))
                for (what, isCount, share) in [("share", false, 0.5), ("share", false, 0.25), ("count", true, 0.5)] {
                    add(
                        "top \(what) \(share) \(name)",
                        try graph.top(blocks, share: number(share), isCount: isCount, over: scope))
                }
                for index in [0.0, 1] {
                    add("kth \(index) \(name)", try graph.kth(blocks, index: number(index), over: scope))
                }
                if scope.isScalar {
                    add("numel \(name)", try graph.numel(blocks, over: scope))
                    add(
                        "share \(name)",
                        try graph.top(
                            blocks, share: graph.reduce(.max, blocks, over: scope), isCount: false, over: .tensor))
                }
            }
            add(
                "top of tensors",
                try graph.top(graph.reduce(.sum, x, over: .tensor), share: number(0.5), isCount: false, over: .model))
            add("rank", try graph.rank(x, over: .row))
            add("rank of y", try graph.rank(y, over: .row))
            for (seed, stream) in [(0, "s"), (1, "s"), (1 << 40, "s"), (0, "t"), (0, ""), (0, "s0")]
                as [(UInt64, String)]
            {
                add("uniform \(seed) \(stream)", try graph.uniform(like: x, seed: seed, stream: stream))
            }
            add("uniform of some", try graph.uniform(like: blocks, seed: 0, stream: "s"))
            for seed: UInt64 in [0, 1] {
                let streams = try graph.mt19937(
                    like: x, shares: [number(0.5), number(0.5)], seed: seed, drawsAtZero: true)
                for (index, node) in streams.enumerated() { add("mt19937 \(seed) \(index)", node) }
            }
            for dtype in DType.allCases where dtype.isFloat { add("round \(dtype)", try graph.roundTo(dtype, x)) }
            add("round delta", try graph.roundTo(.bf16, delta))
            add("some", blocks)
            add("one", try graph.select(x, globs: ["*.layers.1.*"]))
            add("another", try graph.select(x, globs: ["*.layers.0.a.*"]))
            let first = try graph.select(x, globs: ["*.layers.0.*"])
            let rest = try #require(try graph.rest(of: x, without: [first]))
            let twice = try graph.binary(.multiply, first, number(2))
            add("branch", try graph.branch([first, rest]))
            add("branch exchanged", try graph.branch([rest, first]))
            add("branch twice", try graph.branch([twice, rest]))
            for (index, options) in [
                SVDOptions(), SVDOptions(tolerance: 0.5), SVDOptions(energy: 0.5), SVDOptions(isSingle: true),
                SVDOptions(seed: 1), SVDOptions(seed: 2),
            ].enumerated() {
                for rank in [nil, 1] {
                    let (u, s, vt) = try graph.svd(blocks, rank: rank.map { try number(Double($0)) }, options)
                    for (part, node) in [("u", u), ("s", s), ("vt", vt)] {
                        add("svd \(index) \(rank ?? 0) \(part)", node)
                    }
                    guard index == 0 else { continue }
                    add(
                        "carried \(rank ?? 0)",
                        try graph.binary(.multiply, graph.reduce(.max, s, over: .tensor), blocks))
                }
            }
            let turned = try graph.transpose(blocks)
            add("transpose", turned)
            for (a, b) in [(blocks, turned), (turned, blocks)] {
                let product = try graph.product(a, b)
                add("matmul \(a)", product)
                for (ridge, tolerance) in [(0, 0), (1, 0), (0, 0.5)] as [(Double, Double)] {
                    add(
                        "solve \(a) \(ridge) \(tolerance)",
                        try graph.solve(product, a, ridge: ridge, tolerance: tolerance))
                }
            }
            for tolerance: Double in [0, 0.5] {
                add("polar \(tolerance)", try graph.polar(blocks, tolerance: tolerance))
            }
            add("polar f32", try graph.polar(blocks, tolerance: 0, isSingle: true))
            add("hstack", try graph.beside([blocks, blocks]))
            add("vstack", try graph.below([blocks, blocks]))
            add("cumsum", try graph.cumulated(blocks))
            add("whole", try graph.whole(blocks))
            for (row, column) in [(1, 1), (2, 1), (1, 2)] as [(Double, Double)] {
                add(
                    "block \(row) \(column)",
                    try graph.block(
                        blocks, rows: number(1), columns: number(2), firstRow: number(row), firstColumn: number(column))
                )
            }
            let values = try graph.svd(blocks).s
            for isByRow in [true, false] {
                add(
                    "spread \(isByRow)", try graph.spread(values, over: graph.product(blocks, turned), isByRow: isByRow)
                )
            }
            add("branch of some", try graph.branch([twice, graph.select(rest, globs: ["*.layers.*"])]))
            return all
        }

        static func names(_ graph: Graph, _ node: NodeID) -> [String] {
            graph.tensors(of: node).map { graph.facts($0).name }
        }

        static func table(_ graph: Graph, _ node: NodeID, _ value: (Int) -> Double) -> [String: Double] {
            Dictionary(uniqueKeysWithValues: names(graph, node).enumerated().map { ($1, value($0)) })
        }
    }

    /// An operation's name; a new one must be added here, and to the expressions above.
    static func kind(_ operation: DPPA.Operation) -> String {
        switch operation {
        case .source: "source"
        case .constant: "constant"
        case .table: "table"
        case .size: "size"
        case .unary: "unary"
        case .binary: "binary"
        case .select: "select"
        case .reduce: "reduce"
        case .cut: "cut"
        case .kept: "kept"
        case .rowTop: "rowTop"
        case .kth: "kth"
        case .rank: "rank"
        case .uniform: "uniform"
        case .serialUniform: "serialUniform"
        case .roundTo: "roundTo"
        case .restrict: "restrict"
        case .branch: "branch"
        case .broadcast: "broadcast"
        case .reinterpret: "reinterpret"
        case .carried: "carried"
        case .matrix: "matrix"
        }
    }

    @Test func expressionsThatDifferAnywhereHaveOtherFingerprints() throws {
        let world = try World()
        var seen: [UInt128: (what: String, node: NodeID)] = [:]
        let expressions = try world.expressions()
        for entry in expressions {
            let print = world.fingerprint(entry.node)
            if let known = seen[print] { #expect(known.node == entry.node, "\(entry.what) is taken for \(known.what)") }
            seen[print] = entry
        }
        #expect(seen.count > 150)
        // Every node on the way as well: what differs only in scope, space or selection must not meet either.
        let nodes = world.graph.reachable(from: expressions.map(\.node))
        var prints: [UInt128: NodeID] = [:]
        for node in nodes {
            let twin = prints.updateValue(node, forKey: world.fingerprint(node))
            #expect(twin == nil, "\(world.graph.formula(node)) and \(twin.map { world.graph.formula($0) } ?? "")")
        }
        let kinds = Set(nodes.map { Self.kind(world.graph[$0].operation) })
        #expect(
            kinds == [
                "matrix", "carried", "source", "constant", "table", "size", "unary", "binary", "select", "reduce",
                "cut", "kept", "rowTop",
                "kth", "rank", "uniform", "serialUniform", "roundTo", "restrict", "branch", "broadcast", "reinterpret",
            ])
    }

    @Test func theOrderInWhichModelsAreOpenedDoesNotMatter() throws {
        let (one, two) = (try World(), try World(reversed: true))
        for (first, second) in zip(try one.expressions(), try two.expressions()) {
            #expect(one.fingerprint(first.node) == two.fingerprint(second.node), "\(first.what)")
        }
    }

    @Test func anotherStampIsAnotherExpression() throws {
        let prints = try ["", "a", "b"].map { changed in
            let world = try World(changed: changed)
            return world.fingerprint(try world.graph.binary(.subtract, world.a, world.b))
        }
        #expect(Set(prints).count == 3)
    }
}
