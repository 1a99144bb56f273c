import DPPA
import Testing

/// What a run tells of its deltas against naive loops in float64, and that nothing is read for it.
@Suite struct DeltaStatisticsTests {
    /// A tensor with encoded elements.
    private struct Stored: TensorSource {
        let shape: [Int]
        let dtype: DType
        let bytes: [UInt8]

        init(_ shape: [Int], _ values: [Float], _ dtype: DType) {
            self.shape = shape
            self.dtype = dtype
            bytes = Self.encoded(values, dtype)
        }

        static func encoded(_ values: [Float], _ dtype: DType) -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: values.count * dtype.byteSize)
            bytes.withUnsafeMutableBytes { buffer in
                guard let start = buffer.baseAddress else { return }
                DTypeConversion.encode(values, as: dtype, into: start, count: values.count)
            }
            return bytes
        }

        func load(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {
            let size = dtype.byteSize
            bytes.withUnsafeBytes { stored in
                guard let start = stored.baseAddress else { return }
                buffer.copyMemory(from: start + elements.lowerBound * size, byteCount: elements.count * size)
            }
        }
    }

    private static let shapes: [(name: String, shape: [Int])] = [
        ("model.embed_tokens.weight", [37, 13]), ("model.layers.0.mlp.up_proj.weight", [67, 129]),
        ("model.layers.10.mlp.up_proj.weight", [15, 7]), ("model.layers.2.mlp.up_proj.weight", [128, 130]),
        ("model.norm.weight", [1]), ("model.void.weight", [0, 4]),
    ]

    private static func rounded(_ value: Float, _ dtype: DType) -> Float {
        Float(DTypeConversion.rounded(Double(value), to: dtype))
    }

    /// A base with zeros of both signs, and experts that leave two thirds of it as it is.
    private static func values(_ dtype: DType) -> [String: [[Float]]] {
        var random = Lehmer(5)
        var all: [String: [[Float]]] = [:]
        for entry in shapes {
            let count = entry.shape.reduce(1, *)
            let base = random.floats(count).enumerated().map { index, value in
                rounded(index % 11 == 0 ? (index % 2 == 0 ? 0 : -0.0) : value, dtype)
            }
            let experts = (0..<2).map { _ in
                zip(base, random.floats(count)).map { value, step in
                    step > 0.3 ? rounded(value + step / 50, dtype) : step < -0.9 ? rounded(value + step, dtype) : value
                }
            }
            all[entry.name] = [base] + experts
        }
        return all
    }

    private static func models(_ values: [String: [[Float]]], _ dtype: DType) -> [OpenModel] {
        (0..<3).map { number in
            OpenModel(
                label: "m\(number)", path: "\(number)",
                tensors: TensorNaming.facts(shapes).map { facts in
                    (facts, Stored(facts.shape, values[facts.name]?[number] ?? [], dtype))
                })
        }
    }

    /// The same numbers, each by one loop over plain arrays.
    private static func naive(
        _ base: [Float], _ experts: [[Float]?], _ merged: [Float], _ dtype: DType
    ) -> (merged: MergedDelta, experts: [ExpertDelta?]) {
        var all = MergedDelta()
        all.elements = base.count
        var deltas: [ExpertDelta?] = []
        for (b, m) in zip(base, merged) {
            let after = rounded(m, dtype)
            all.changed += m != b ? 1 : 0
            all.survived += after != rounded(b, dtype) ? 1 : 0
            all.referenceSquares += Double(b) * Double(b)
            all.squares += Double(m - b) * Double(m - b)
            all.roundingSquares += Double(after - m) * Double(after - m)
        }
        for expert in experts {
            guard let expert else {
                deltas.append(nil)
                continue
            }
            var delta = ExpertDelta()
            delta.elements = base.count
            (delta.referenceSquares, delta.mergedSquares) = (all.referenceSquares, all.squares)
            for ((b, m), e) in zip(zip(base, merged), expert) {
                let (d, merged) = (e - b, m - b)
                delta.changed += d != 0 ? 1 : 0
                delta.kept += d != 0 && merged != 0 ? 1 : 0
                delta.agreeing += d != 0 && merged != 0 && (d > 0) == (merged > 0) ? 1 : 0
                delta.squares += Double(d) * Double(d)
                delta.product += Double(d) * Double(merged)
            }
            deltas.append(delta)
        }
        return (all, deltas)
    }

    private func near(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-9 * max(1e-9, abs(a), abs(b)) }

    private func isNear(_ a: MergedDelta, _ b: MergedDelta) -> Bool {
        (a.elements, a.changed, a.survived) == (b.elements, b.changed, b.survived)
            && near(a.referenceSquares, b.referenceSquares) && near(a.squares, b.squares)
            && near(a.roundingSquares, b.roundingSquares)
    }

    private func isNear(_ a: ExpertDelta?, _ b: ExpertDelta?) -> Bool {
        guard let a, let b else { return a == nil && b == nil }
        return (a.elements, a.changed, a.kept, a.agreeing) == (b.elements, b.changed, b.kept, b.agreeing)
            && near(a.referenceSquares, b.referenceSquares) && near(a.squares, b.squares)
            && near(a.product, b.product) && near(a.mergedSquares, b.mergedSquares)
    }

    /// base + λ · (where |d1| is large, d1) + d2 on linears alone, which makes a tensor outside a copy of the base.
    private func graph(_ models: [OpenModel], lambda: Double) throws -> (graph: Graph, merged: NodeID) {
        let graph = Graph()
        let sources = try models.map { try graph.source($0) }
        let first = try graph.linears(graph.binary(.subtract, sources[1], sources[0]))
        let second = try graph.binary(.subtract, sources[2], sources[0])
        let part = try graph.select(second, globs: ["*layers.2.*", "*embed*"])
        let kept = try graph.select(
            graph.top(graph.unary(.abs, first), share: graph.constant(0.3), isCount: false, over: .tensor), first,
            graph.constant(0))
        let sum = try graph.binary(
            .add, graph.binary(.multiply, graph.constant(lambda), kept),
            graph.binary(.multiply, part, graph.constant(lambda)))
        return (graph, try graph.binary(.add, sources[0], sum))
    }

    private func run(
        _ graph: Graph, _ node: NodeID, _ wanted: DType, isDetailed: Bool?,
        _ options: EngineOptions = EngineOptions(threads: 2)
    ) throws -> (statistics: DeltaStatistics?, report: EngineReport, written: [String: [UInt8]]) {
        let folder = try TestFolder()
        let tensors = (graph.domain(of: node)?.tensors ?? []).map(graph.facts)
        let writer = try CheckpointWriter(
            directory: folder.path, tensors: tensors.map { .init(name: $0.name, shape: $0.shape, dtype: wanted) },
            shardSize: 1 << 30, metadata: [:])
        let places = Dictionary(
            uniqueKeysWithValues: tensors.enumerated().map { ($1.name, Engine.Output.Place(index: $0, dtype: wanted)) })
        var output = Engine.Output(graph, node: node, writer: writer, tensors: places)
        output.comparison = try isDetailed.map {
            try #require(DeltaComparison(graph, of: node, isDetailed: $0))
        }
        let engine = Engine(graph, options: options)
        let statistics = try engine.run([], outputs: [output])[0]
        let written = try OpenModel(at: folder.path, label: "written")
        var bytes: [String: [UInt8]] = [:]
        for tensor in written.tensors {
            var all = [UInt8](repeating: 0, count: tensor.facts.numel * tensor.source.dtype.byteSize)
            try all.withUnsafeMutableBytes { buffer in
                guard let start = buffer.baseAddress else { return }
                try tensor.source.load(0..<tensor.facts.numel, into: start)
            }
            bytes[tensor.facts.name] = all
        }
        return (statistics, engine.report, bytes)
    }

    @Test(arguments: [
        (DType.bf16, DType.bf16, 0.02), (.f16, .f16, 0.02), (.f32, .bf16, 0.5), (.bf16, .f32, 0.5), (.f16, .bf16, 1),
    ])
    func whatAPassTellsIsWhatLoopsFind(_ stored: DType, _ written: DType, _ lambda: Double) throws {
        let values = Self.values(stored)
        let (graph, merged) = try graph(Self.models(values, stored), lambda: lambda)
        let plain = try run(graph, merged, written, isDetailed: nil)
        let detailed = try run(graph, merged, written, isDetailed: true)
        let threads = EngineOptions(threads: 3, chunkElements: 4096, tileElements: 512)
        let other = try run(graph, merged, written, isDetailed: true, threads)
        // The elements before rounding: the same expression in float32.
        let exact = try run(graph, merged, .f32, isDetailed: nil).written

        #expect(detailed.report.bytesRead == plain.report.bytesRead && detailed.report.passes == plain.report.passes)
        #expect(detailed.written == plain.written && other.written == plain.written)
        #expect(plain.statistics == nil)
        let statistics = try #require(detailed.statistics)
        #expect(statistics.comparison.reference == 0 && statistics.comparison.experts == [1, 2])
        // A tensor that is copied as it is is not compared; one that is stored in another type is.
        let compared =
            stored == written
            ? ["embed_tokens", "layers.0", "layers.10", "layers.2"]
            : ["embed_tokens", "layers.0", "layers.10", "layers.2", "norm"]
        #expect(statistics.tensors.count == compared.count)
        #expect(zip(statistics.tensors, compared).allSatisfy { $0.facts.name.contains($1) })
        #expect(statistics.tensors.map(\.merged) == other.statistics?.tensors.map(\.merged))
        #expect(statistics.tensors.map(\.experts) == other.statistics?.tensors.map(\.experts))

        for tensor in statistics.tensors {
            let name = tensor.facts.name
            let all = try #require(values[name])
            var before = [Float](repeating: 0, count: all[0].count)
            try #require(exact[name]).withUnsafeBytes { bytes in
                for index in before.indices {
                    before[index] = bytes.loadUnaligned(fromByteOffset: 4 * index, as: Float.self)
                }
            }
            let reads = [
                name.contains("layers") ? all[1] : nil,
                name.contains("layers.2.") || name.contains("embed") ? all[2] : nil,
            ]
            let expected = Self.naive(all[0], reads, before, written)
            #expect(isNear(tensor.merged, expected.merged), "\(name): \(tensor.merged) \(expected.merged)")
            for (found, naive) in zip(tensor.experts, expected.experts) {
                #expect(isNear(found, naive), "\(name): \(String(describing: found)) \(String(describing: naive))")
            }
        }
        let whole = statistics.merged
        #expect(whole.changed == statistics.tensors.reduce(0) { $0 + $1.merged.changed } && whole.changed > 0)
        #expect(whole.survived <= whole.changed && (written != .f32 || whole.survived == whole.changed))
    }

    @Test func countsAloneAreOfASixteenthByPlaceWhateverChunksAndTilesAre() throws {
        let values = Self.values(.bf16)
        let (graph, merged) = try graph(Self.models(values, .bf16), lambda: 0.02)
        let exact = try run(graph, merged, .f32, isDetailed: nil).written
        for (chunk, tile) in [(1 << 16, 4096), (4096, 512), (12_288, 4096)] {
            let options = EngineOptions(threads: 2, chunkElements: chunk, tileElements: tile)
            let counts = try #require(try run(graph, merged, .bf16, isDetailed: false, options).statistics)
            #expect(counts.merged.relativeNorm == nil && counts.tensors.allSatisfy(\.experts.isEmpty))
            for tensor in counts.tensors {
                let (base, bytes) = try (#require(values[tensor.facts.name]?[0]), #require(exact[tensor.facts.name]))
                var naive = MergedDelta()
                for index in base.indices where index % 65_536 < 4096 {
                    let m = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 4 * index, as: Float.self) }
                    naive.elements += 1
                    naive.changed += m != base[index] ? 1 : 0
                    naive.survived += Self.rounded(m, .bf16) != base[index] ? 1 : 0
                }
                #expect(tensor.merged == naive, "\(tensor.facts.name)")
            }
        }
        // Nothing is rounded away in float32, so nothing is counted.
        #expect(try run(graph, merged, .f32, isDetailed: false).statistics?.tensors.isEmpty == true)
    }

    @Test func sharesOfNothingAreNone() {
        let (merged, expert) = (MergedDelta(), ExpertDelta())
        for share in [merged.relativeNorm, merged.changedShare, merged.survivedShare, merged.roundingError] {
            #expect(share == nil)
        }
        for share in [
            expert.relativeNorm, expert.changedShare, expert.keptShare, expert.signAgreement, expert.cosine,
        ] { #expect(share == nil) }
    }

    @Test func theReferenceIsTheModelThatDeltasAreAddedTo() throws {
        let graph = Graph()
        let (a, b, c) = try (
            graph.source(EngineTests.model("a", EngineTests.values(1))),
            graph.source(EngineTests.model("b", EngineTests.values(2))),
            graph.source(EngineTests.model("c", EngineTests.values(3)))
        )
        let delta = try graph.binary(.subtract, a, b)
        let mean = try graph.reinterpret(
            graph.binary(.add, graph.reinterpret(a, as: .value), graph.reinterpret(c, as: .value)), as: .model)
        let mask = try graph.binary(.greater, graph.unary(.abs, delta), graph.constant(0.5))
        let cases: [(node: NodeID, base: Int?, reference: Int, experts: [Int])] = [
            (try graph.binary(.add, c, delta), 2, 2, [0, 1]),
            (try graph.binary(.add, delta, b), 1, 1, [0]),
            (try graph.binary(.subtract, graph.binary(.add, b, delta), delta), 1, 1, [0]),
            (c, 2, 2, []),
            (mean, nil, 0, [2]),
            (try graph.binary(.add, mean, delta), nil, 0, [1, 2]),
            (try graph.select(mask, b, graph.binary(.add, b, delta)), 1, 1, [0]),
            (try graph.select(mask, a, c), nil, 0, [1, 2]),
            (try graph.roundTo(.bf16, graph.binary(.add, c, delta)), 2, 2, [0, 1]),
        ]
        for (number, entry) in cases.enumerated() {
            let comparison = try #require(DeltaComparison(graph, of: entry.node, isDetailed: false))
            #expect(graph.base(of: entry.node) == entry.base, "case \(number)")
            #expect(
                comparison.reference == entry.reference && comparison.experts == entry.experts, "case \(number)")
        }
    }
}
