import DPPA
import Foundation
import Testing

/// GGUF files changed at random: read or refused, never the end of the process.
@Suite("Mutated GGUF files")
struct GGUFMutationTests {
    @Test("Every bit of a header turned round, one at a time")
    func bits() throws {
        #expect(try Fuzzer.turningBits(of: GGUFFile.model().bytes, first: 1100, name: "m.gguf") > 100)
    }

    @Test func everyMutantIsReadOrRefused() async throws {
        let seeds = try ["llama", "mixtral", "gemma3", "qwen2moe"].map { name in
            Fuzzer.Seed(files: ["model.gguf": try readBytes(GGUFModelTests.fixture + name + ".gguf")])
        }
        try await Fuzzer.check(seeds, makesModels: false, accepted: 1.0 / 50)
    }
}
