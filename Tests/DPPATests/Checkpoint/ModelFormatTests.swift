import DPPA
import Foundation
import Testing

/// A format of deltas as a newcomer would add it: low-rank factors `NAME.a` and `NAME.b` in one file, whose product is added
/// to the base's tensor NAME.
private enum Factors: ModelFormat {
    static let fileExtensions: [String] = []
    static let file = "factors.safetensors"

    static func recognises(_ place: ModelPlace) -> Bool { place.names?.contains(file) == true }

    static func open(_ place: ModelPlace, base: OpenModel?) throws -> ModelContents {
        guard let base else {
            throw DPPAError(
                .data, "\(place.path) holds low-rank factors, which need their base", notes: ["open it first"])
        }
        let path = place.path + "/" + file
        let factors = Dictionary(
            uniqueKeysWithValues: try SafetensorsFile(path).tensors.map { ($0.name, $0 as any TensorSource) })
        let tensors = try base.weights.compactMap { facts -> (name: String, source: any TensorSource)? in
            guard let a = factors[facts.name + ".a"], let b = factors[facts.name + ".b"] else { return nil }
            return (facts.name, try LowRank(shape: facts.shape, a, b))
        }
        return ModelContents(tensors, space: .delta, files: [path])
    }
}

/// The elements of b · a, computed as they are asked for.
private struct LowRank: TensorSource {
    let shape: [Int]
    let dtype = DType.f32
    let a, b: [Float]

    init(shape: [Int], _ a: any TensorSource, _ b: any TensorSource) throws {
        self.shape = shape
        func floats(_ source: any TensorSource) throws -> [Float] {
            try source.bytes().withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        }
        (self.a, self.b) = (try floats(a), try floats(b))
    }

    func load(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {
        let (columns, rank) = (shape[1], b.count / shape[0])
        for element in elements {
            let (row, column) = element.quotientAndRemainder(dividingBy: columns)
            let sum = (0..<rank).reduce(Float(0)) { $0 + b[row * rank + $1] * a[$1 * columns + column] }
            buffer.storeBytes(of: sum, toByteOffset: (element - elements.lowerBound) * 4, as: Float.self)
        }
    }

    func bytesRead(_ elements: Int) -> Int { (a.count + b.count) * 4 * elements / (shape[0] * shape[1]) }
}

/// What a format has to say, and that nothing else asks for more.
@Suite("Model formats")
struct ModelFormatTests {
    private let folder: TestFolder
    private let base: [Float] = (0..<12).map { Float($0) / 4 - 1 }
    private let a: [Float] = [1, -2, 0.5, 3]
    private let b: [Float] = [2, 0.25, -1]

    init() throws {
        folder = try TestFolder()
        let vector: [Float] = [7, 8]
        try folder.write(
            safetensors(
                Array("{\(entry("l.weight", "F32", "[3,4]", 0, 48)),\(entry("n.weight", "F32", "[2]", 48, 56))}".utf8),
                data: Self.bytes(base + vector)), "base/model.safetensors")
        try folder.write("{\"model_type\": \"base\"}", "base/config.json")
        try folder.write(
            safetensors(
                Array(
                    "{\(entry("l.weight.a", "F32", "[1,4]", 0, 16)),\(entry("l.weight.b", "F32", "[3,1]", 16, 28))}"
                        .utf8),
                data: Self.bytes(a + b)), "adapter/factors.safetensors")
        try folder.write("{\"model_type\": \"adapter\"}", "adapter/config.json")
    }

    private static func bytes(_ values: [Float]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }

    private func open(_ name: String, base: OpenModel? = nil) throws -> OpenModel {
        try OpenModel(
            at: folder.path + "/" + name, label: name, base: base, formats: [Factors.self] + ModelFormats.all)
    }

    @Test("Deltas of another format are added to their base, whose config, types and other tensors the result has")
    func deltas() throws {
        let graph = Graph()
        let base = try open("base")
        // Opened first, and yet not what the expression starts from.
        let delta = try graph.source(open("adapter", base: base))
        let node = try graph.binary(.add, graph.source(base), graph.binary(.multiply, delta, graph.constant(0.5)))
        #expect(graph[delta].space == .delta && graph.models[0].space == .delta)
        #expect(graph.startingModel(of: node)?.label == "base" && graph.startingModel(of: delta) == nil)
        let models = try ResultModels(graph, MergeResult(node: node))
        #expect([models.start, models.config, models.tokenizer, models.template].allSatisfy { $0.label == "base" })
        #expect(models.read.map(\.label) == ["adapter", "base"])

        let engine = Engine(graph, options: EngineOptions(threads: 1))
        let plan = try engine.plan([], models: [(node, ["l.weight": .f32, "n.weight": .f32])])
        #expect(plan.diskBytes == 56 + 28 && plan.bytesWritten == 56)
        _ = try MergeRun(engine, settings: MergeRun.Settings())
            .write([MergeResult(node: node)], to: folder.makeFolder("out"))
        #expect(engine.report.bytesRead == 56 + 28)
        let written = try open("out")
        let expected = (0..<12).map { (index: Int) -> Float in
            let product: Float = b[index / 4] * a[index % 4]
            return self.base[index] + product * 0.5
        }
        #expect(try written["l.weight"]?.source.bytes() == Self.bytes(expected))
        #expect(try written["n.weight"]?.source.bytes() == Self.bytes([7, 8]))
        #expect(written.config == base.config)
    }

    @Test("A format without names and shapes of its own says that it needs its base")
    func noBase() throws {
        expectError(.data, ["adapter holds low-rank factors, which need their base"]) { _ = try open("adapter") }
        expectError(.data, ["a recipe must give a model to write", "delta"]) {
            let graph = Graph()
            let delta = try graph.source(open("adapter", base: open("base")))
            try graph.requireModel(delta)
        }
    }

    @Test("The stamp is of the files that the tensors are in, and of config.json")
    func stamps() throws {
        let base = try open("base")
        func stamp() throws -> UInt128 { try open("adapter", base: base).stamp }
        let first = try stamp()
        try folder.write("other", "adapter/notes.txt")
        #expect(try stamp() == first)
        try folder.write("{\"model_type\": \"another\"}", "adapter/config.json")
        let second = try stamp()
        #expect(second != first)
        try folder.write(try folder.bytes("adapter/factors.safetensors"), "adapter/factors.safetensors")
        #expect(try stamp() != second, "another time of change")
    }

    @Test("What no format recognises is told by what it is")
    func unknown() throws {
        try folder.write("{\"error\": \"gated\"}", "page.safetensors")
        expectError(.data, ["page.safetensors is no safetensors file but a JSON text"]) {
            _ = try open("page.safetensors")
        }
        try folder.write("x", "empty/README.md")
        expectError(.missingInput, ["empty holds no safetensors, PyTorch or GGUF file"]) { _ = try open("empty") }
    }
}
