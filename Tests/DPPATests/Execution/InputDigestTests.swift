import DPPA
import Testing

/// The digests of what a run reads are those of the tensors' bytes, however it goes over them.
@Suite struct InputDigestTests {
    private let data = EngineTests.values(3)

    private func engine(_ graph: Graph, threads: Int, chunk: Int, memory: Int = 512 << 20) -> Engine {
        var options = EngineOptions(threads: threads, memory: memory, chunkElements: chunk, tileElements: 64)
        options.digestsInputs = true
        return Engine(graph, options: options)
    }

    private func expected(_ values: [String: [Float]]) -> [String: String] {
        var words: [String: String] = [:]
        for (name, shape) in EngineTests.shapes where shape.reduce(1, *) > 0 {
            let bytes = (values[name] ?? []).flatMap { withUnsafeBytes(of: $0, Array.init) }
            words[name] = "F32 \(shape.map(String.init).joined(separator: "x")) \(Digest.of(bytes))"
        }
        return words
    }

    private func words(_ engine: Engine, _ label: String = "a") throws -> [String: String] {
        Dictionary(
            uniqueKeysWithValues: try (engine.inputDigests()[label] ?? []).map { ($0.name, $0.words) })
    }

    @Test(arguments: [1, 2, 3], [4096, 1 << 16])
    func elementsRowsAndOrdersGiveTheBytes(_ threads: Int, _ chunk: Int) throws {
        let graph = Graph()
        let a = try graph.source(EngineTests.model("a", data))
        let x = try graph.reinterpret(a, as: .value)
        // Elements; whole rows, whose chunks overlap; an order statistic, which samples first and goes twice.
        let nodes = [
            try graph.reduce(.sum, x, over: .tensor),
            try graph.reduce(
                .sum, graph.binary(.subtract, x, graph.reduce(.mean, x, over: .row)), over: .tensor),
            try graph.kth(x, index: graph.constant(3), over: .tensor),
        ]
        for node in nodes {
            let engine = engine(graph, threads: threads, chunk: chunk)
            try engine.run([node])
            #expect(try words(engine) == expected(data))
        }
    }

    @Test func severalModelsInOnePassAreToldApart() throws {
        let (graph, other) = (Graph(), EngineTests.values(4))
        let a = try graph.source(EngineTests.model("a", data))
        let b = try graph.source(EngineTests.model("b", other))
        let engine = engine(graph, threads: 2, chunk: 4096)
        try engine.run([graph.reduce(.dot, graph.binary(.subtract, b, a), over: .tensor)])
        #expect(try words(engine, "a") == expected(data) && words(engine, "b") == expected(other))
    }

    @Test func withoutTheOptionThereAreNone() throws {
        let graph = Graph()
        let a = try graph.source(EngineTests.model("a", data))
        let engine = Engine(graph, options: EngineOptions(threads: 1))
        try engine.run([graph.reduce(.sum, graph.reinterpret(a, as: .value), over: .tensor)])
        #expect(try engine.inputDigests().isEmpty)
    }
}
