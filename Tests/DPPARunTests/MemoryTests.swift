import DPPA
import DPPAScript
import Foundation
import Testing

/// The same bytes from little memory as from much, where the little makes selections go another way.
@Suite struct MemoryTests {
    /// TIES gathers everything of a tensor that is not sampled; 48 of those and a large one, three experts.
    static let shapes: [(name: String, shape: [Int])] =
        (0..<48).map { ("model.layers.\($0).mlp.up_proj.weight", [64, 1024]) } + [("lm_head.weight", [512, 1024])]

    private func models(_ scratch: Scratch) throws {
        for (number, name) in ["base", "one", "two", "three"].enumerated() {
            var state = UInt64(number + 1)
            func value(_ index: Int) -> Float {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Float(Int32(truncatingIfNeeded: state >> 32)) * 0x1p-31
            }
            try EdgeCaseTests.write(
                scratch, name, Self.shapes.map { ($0.name, $0.shape, (0..<$0.shape.reduce(1, *)).map(value)) },
                dtype: .bf16)
        }
    }

    @Test func littleMemoryGivesTheSameBytes() throws {
        let scratch = try Scratch()
        try models(scratch)
        let experts = ["one", "two", "three"].map { scratch.path + "/" + $0 }.joined(separator: ",")
        var searches: [Int: Int] = [:]
        var places: [Int: Int] = [:]
        var first: [String: [UInt8]]?
        for memory in [60, 128, 512] {
            let (outcome, model) = try run(
                Folders.recipes + "/ties.lua", ["base": scratch.path + "/base", "experts": experts],
                engine: EngineOptions(threads: 2, memory: memory << 20), in: scratch)
            searches[memory] = outcome.report.histogramSearches
            places[memory] = outcome.report.countedPlaces
            let bytes = model.tensors.mapValues(\.bytes)
            #expect(bytes == first ?? bytes, "at \(memory) MiB")
            first = bytes
        }
        // 60 MiB leave 6 to gather in, 128 leave 40, and 512 more than is asked for.
        let (little, some, much) = (searches[60] ?? 0, searches[128] ?? 0, searches[512] ?? -1)
        #expect(little > some && some > 0 && much == 0, "\(searches)")
        #expect(places[60] ?? 0 > 0 && places[512] == 0)
    }
}
