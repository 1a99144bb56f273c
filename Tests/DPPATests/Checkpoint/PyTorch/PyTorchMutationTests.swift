import DPPA
import Foundation
import Testing

/// Files of torch.save cut at every byte and changed at random: read or refused, never the end of the process.
@Suite("Mutated PyTorch files")
struct PyTorchMutationTests {
    private static let names = [
        "types.bin", "types4.pt", "views.bin", "parameters5.bin", "wrapped.pth", "aside.bin", "legacy.bin",
    ]

    @Test("A file that is cut anywhere is refused", arguments: ["wrapped.pth", "views.bin", "legacy.bin"])
    func cut(name: String) throws {
        let bytes = try readBytes(PyTorchFileTests.fixture + name)
        let folder = try TestFolder(inMemory: true)
        let path = try folder.write(bytes, "pytorch_model.bin")
        for size in (0..<bytes.count).reversed() {
            #expect(truncate(path, off_t(size)) == 0)
            do {
                _ = try OpenModel(at: folder.path, label: "m")
                Issue.record("cut at byte \(size) it was read")
            } catch let error as DPPAError {
                #expect(error.code == .data && error.message.contains("pytorch_model.bin"), "\(error.message)")
            }
        }
    }

    @Test("Every bit turned round, one at a time")
    func bits() throws {
        let bytes = try readBytes(PyTorchFileTests.fixture + "parameters5.bin")
        // Padding, weights, times and checksums may be anything.
        #expect(try Fuzzer.turningBits(of: bytes, first: bytes.count, name: "a.bin") > bytes.count)
    }

    @Test func everyMutantIsReadOrRefused() async throws {
        let seeds = try Self.names.map { name in
            Fuzzer.Seed(files: ["pytorch_model.bin": try readBytes(PyTorchFileTests.fixture + name)])
        }
        try await Fuzzer.check(seeds, makesModels: false, accepted: 1.0 / 50)
    }
}
