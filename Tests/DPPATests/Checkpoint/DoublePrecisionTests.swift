import DPPA
import Foundation
import Testing

/// Float64 weights: told of, copied bit by bit where nothing changes them, rounded to float32 where something is computed.
@Suite("Float64 weights")
struct DoublePrecisionTests {
    let folder: TestFolder
    /// Numbers that float32 does not have, one of them beyond its range.
    let values: [Double] = [1 / 3, -0x1.0000000000001p-3, 0x1p-1074, 1e300]

    init() throws {
        folder = try TestFolder()
        let data = values.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) }
        try folder.write(
            safetensors(Array("{\(entry("x", "F64", "[4]", 0, 32))}".utf8), data: data), "m/model.safetensors")
    }

    func write(_ dtype: DType? = nil, _ node: (Graph, NodeID) throws -> NodeID) throws -> OpenModel {
        let graph = Graph()
        let source = try graph.source(OpenModel(at: folder.path + "/m", label: "m"))
        let out = try folder.makeFolder("out")
        let run = MergeRun(Engine(graph, options: EngineOptions(threads: 1)), settings: MergeRun.Settings(dtype: dtype))
        _ = try run.write([MergeResult(node: node(graph, source))], to: out)
        return try OpenModel(at: out, label: "out")
    }

    @Test("They are told of")
    func told() throws {
        let model = try OpenModel(at: folder.path + "/m", label: "m")
        #expect(
            model.notices == [
                "\(folder.path)/m: 1 tensor of float64, such as x: what is computed of it is rounded to float32; what is "
                    + "only copied stays as it is"
            ])
    }

    @Test("What nothing changes keeps every bit")
    func copied() throws {
        let out = try write { $1 }
        #expect(out["x"]?.source.dtype == .f64)
        #expect(try out["x"]?.source.bytes() == values.flatMap { withUnsafeBytes(of: $0.bitPattern, Array.init) })
    }

    @Test("What is computed is the float64 of a float32")
    func computed() throws {
        let small = Array(values.prefix(3)) + [2.5]
        let data = small.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) }
        try folder.write(
            safetensors(Array("{\(entry("x", "F64", "[4]", 0, 32))}".utf8), data: data), "m/model.safetensors")
        let out = try write { graph, source in
            try graph.binary(.add, source, graph.binary(.subtract, source, source))
        }
        let expected = small.map { Double(Float($0)) }
        #expect(expected != small)
        #expect(try out["x"]?.source.bytes() == expected.flatMap { withUnsafeBytes(of: $0.bitPattern, Array.init) })
    }
}
