import DPPA
import Foundation
import Testing

/// The program of docs/swift.md: what the page shows is what is compiled and run here.
@Suite("The page for Swift") struct SwiftPageTests {
    @Test("The page shows this file's function, letter by letter")
    func text() throws {
        let page = try text("docs/swift.md")
        let block = try #require(page.firstRange(of: "import DPPA\n\n")).upperBound
        let shown = page[block...].prefix { $0 != "`" }
        #expect(try text("Tests/DPPATests/SwiftPageTests.swift").contains("\n" + shown))
        #expect(shown.hasPrefix("/// Writes") && shown.hasSuffix("}\n"))
    }

    @Test("The function keeps the largest fifth of a delta, as a sort of all elements does")
    func run() throws {
        let folder = try TestFolder()
        let numbers = (0..<40).map { Float(($0 * 27) % 41) / 8 - 2 }
        let base = (0..<40).map { Float($0) / 4 }
        try folder.write(safetensors(base), "base/model.safetensors")
        try folder.write(safetensors(zip(base, numbers).map(+)), "expert/model.safetensors")
        try prune(folder.path + "/expert", of: folder.path + "/base", into: folder.path + "/out")

        let deltas = zip(zip(base, numbers).map(+), base).map(-)
        let largest = Set(deltas.indices.sorted { (-abs(deltas[$0]), $0) < (-abs(deltas[$1]), $1) }.prefix(8))
        let expected = base.indices.map { base[$0] + (largest.contains($0) ? deltas[$0] : 0) }
        let file = try folder.bytes("out/model.safetensors")
        #expect(file.suffix(160) == bytes(expected)[...])
    }

    private func safetensors(_ values: [Float]) -> [UInt8] {
        let header = "{\"w.weight\":{\"dtype\":\"F32\",\"shape\":[5,8],\"data_offsets\":[0,160]}}"
        return withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian, Array.init) + header.utf8
            + bytes(values)
    }

    private func bytes(_ values: [Float]) -> [UInt8] {
        values.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) }
    }

    private func text(_ path: String) throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
        return try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }
}

/// Writes base + top(|expert − base|, 0.2) · (expert − base).
func prune(_ expert: String, of base: String, into target: String) throws {
    let graph = Graph()
    let base = try graph.source(OpenModel(at: base, label: "base"))
    let expert = try graph.source(OpenModel(at: expert, label: "expert"))
    let delta = try graph.binary(.subtract, expert, base)
    let kept = try graph.top(
        graph.unary(.abs, delta), share: graph.constant(0.2), isCount: false, over: .tensor)
    let merged = try graph.binary(.add, base, graph.binary(.multiply, delta, kept))

    let output = try OutputDirectory.prepare(target: target, force: false)
    let run = MergeRun(Engine(graph, options: EngineOptions()), settings: MergeRun.Settings())
    _ = try run.write([MergeResult(node: merged)], to: output.temporaryPath)
    try output.commit()
}
