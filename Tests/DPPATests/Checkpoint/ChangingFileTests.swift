import DPPA
import Foundation
import Testing

/// Files that change between opening and reading, and shapes that no memory holds, under the engine.
@Suite("Files that change under the engine")
struct ChangingFileTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    /// A model of two tensors with 1024 elements each.
    func model() throws -> String {
        let entries = [entry("a", "F32", "[32,32]", 0, 4096), entry("b", "F32", "[32,32]", 4096, 8192)]
        return try folder.write(safetensors("{\(entries.joined(separator: ","))}", data: 8192), "m/model.safetensors")
    }

    /// Opens the model, lets something happen to its file, and merges it with itself into a directory.
    func merge(_ happen: () throws -> Void) throws {
        let checkpoint = try OpenModel(at: folder.path + "/m", label: "m")
        let graph = Graph()
        let node = try graph.source(checkpoint)
        try happen()
        let run = MergeRun(
            Engine(graph, options: EngineOptions(threads: 2)),
            settings: MergeRun.Settings(dtype: .bf16))
        let target = try OutputDirectory.prepare(target: folder.path + "/out", force: false)
        defer { target.abandon() }
        _ = try run.write([MergeResult(node: node)], to: target.temporaryPath)
        try target.commit()
    }

    @Test(
        "A file that shrinks is an error that names file and tensor, and nothing is written", arguments: [0, 8, 5000])
    func shrinks(size: Int) throws {
        let path = try model()
        let tensor = size < 5000 ? ["model.safetensors", "within the data of "] : ["model.safetensors", "of b"]
        expectError(.inputOutput, tensor + ["changed while it was read"]) {
            try merge { #expect(truncate(path, off_t(size)) == 0) }
        }
        #expect(try folder.entries() == ["m"])
    }

    @Test("A file that vanishes is still read: it is open")
    func vanishes() throws {
        let path = try model()
        try merge { try FileManager.default.removeItem(atPath: path) }
        #expect(try folder.entries("out").contains("model.safetensors"))
    }

    @Test(
        "Reductions refuse results that no memory holds, of tensors without an element",
        arguments: ["[0,\(1 << 40)]", "[\(1 << 40),0]"])
    func empty(shape: String) throws {
        try folder.write(safetensors("{\(entry("a", "F32", shape, 0, 0))}"), "m/model.safetensors")
        let checkpoint = try OpenModel(at: folder.path + "/m", label: "m")
        let graph = Graph()
        let x = try graph.reinterpret(graph.source(checkpoint), as: .value)
        let engine = Engine(graph, options: EngineOptions(threads: 2))
        try engine.run([graph.reduce(.sum, x, over: .tensor)])
        let scope: Scope = shape.hasPrefix("[0") ? .column : .row
        let total = try graph.reduce(.sum, graph.reduce(.norm, x, over: scope), over: .tensor)
        expectError(.limit, ["reducing a needs 8192.0 GiB"]) { try engine.run([total]) }
    }
}
