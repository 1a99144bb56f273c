import DPPA
import Foundation
import Testing

/// GGUF files changed at random: read or refused, never the end of the process.
@Suite("Mutated GGUF files")
struct GGUFMutationTests {
    @Test("Every bit of a header turned round, one at a time")
    func bits() throws {
        var bytes = GGUFFile.model().bytes
        let folder = try TestFolder(inMemory: true)
        let path = folder.path + "/m.gguf"
        var read = 0
        for bit in 0..<8 * 1100 {
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            do {
                let model = try OpenModel(at: path, label: "m")
                for tensor in model.tensors { _ = try tensor.source.bytes() }
                read += 1
            } catch let error as DPPAError { #expect(error.code == .data, "\(error.message)") }
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        }
        #expect(read > 100)
    }

    @Test func everyMutantIsReadOrRefused() async throws {
        let seeds = try ["llama", "mixtral", "gemma3", "qwen2moe"].map { name in
            Fuzzer.Seed(files: ["model.gguf": try readBytes(GGUFModelTests.fixture + name + ".gguf")])
        }
        try await Fuzzer.check(seeds, makesModels: false, accepted: 1.0 / 50)
    }
}
