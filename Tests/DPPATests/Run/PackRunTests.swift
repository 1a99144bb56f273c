import DPPA
import Foundation
import Testing

/// Packs of models that differ in every way: exact, the same for any number of threads, and readable by others.
@Suite struct PackRunTests {
    private let folder: TestFolder
    private let models = PackModels()
    private let base, model: OpenModel

    init() throws {
        folder = try TestFolder()
        (base, model) = try models.write(folder)
    }

    @Test func everyTensorComesBackWordForWord() throws {
        let (path, report) = try model.pack(onto: base, in: folder)
        #expect(Set(report.tensors.map(\.coding)).isSuperset(of: ["same", "dense", "bitmask", "gaps", "2:4", "1:16"]))
        #expect(try report.warnings.isEmpty && report.fileBytes == folder.bytes("pack/delta.safetensors").count)
        let opened = try OpenModel(at: path, label: "delta", base: base)
        #expect(opened.tensors.map(\.facts.name) == model.tensors.map(\.facts.name) && opened.space == .model)
        let naive = try NaivePack(path, base: base.path)
        #expect(naive.tensors.count == models.model.count)
        for tensor in models.model {
            let source = try #require(opened.source(tensor.name))
            #expect(source.dtype == tensor.dtype && source.shape == tensor.shape, "\(tensor.name)")
            #expect(try source.bytes() == tensor.bytes, "\(tensor.name)")
            let other = try #require(naive.tensors[tensor.name])
            #expect(other.bytes == tensor.bytes && other.shape == tensor.shape, "\(tensor.name)")
            #expect(other.dtype == tensor.dtype.rawValue)
        }
    }

    @Test func anyPartOfATensorCanBeRead() throws {
        let (path, _) = try model.pack(onto: base, in: folder)
        let opened = try OpenModel(at: path, label: "delta", base: base)
        var random = Lehmer(3)
        for tensor in models.model where tensor.bytes.count > tensor.dtype.byteSize {
            let (source, size) = (try #require(opened.source(tensor.name)), tensor.dtype.byteSize)
            let count = tensor.bytes.count / size
            for _ in 0..<8 {
                let ends = [Int.random(in: 0...count, using: &random), Int.random(in: 0...count, using: &random)]
                    .sorted()
                var part = [UInt8](repeating: 0xAA, count: (ends[1] - ends[0]) * size)
                try part.withUnsafeMutableBytes { buffer in
                    if let start = buffer.baseAddress { try source.load(ends[0]..<ends[1], into: start) }
                }
                #expect(part == Array(tensor.bytes[ends[0] * size..<ends[1] * size]), "\(tensor.name) \(ends)")
            }
        }
    }

    @Test func threadsChangeNothing() throws {
        for threads in [1, 3, 8] { try model.pack(onto: base, in: folder, as: "pack\(threads)", threads: threads) }
        let one = try folder.bytes("pack1/delta.safetensors")
        #expect(try folder.bytes("pack3/delta.safetensors") == one && folder.bytes("pack8/delta.safetensors") == one)
    }

    @Test(arguments: [1, 4]) func unpackedItIsTheModel(_ threads: Int) throws {
        let (path, _) = try model.pack(onto: base, in: folder)
        let run = try UnpackRun(
            OpenModel(at: path, label: "delta", base: base), options: EngineOptions(threads: threads))
        _ = try run.write(into: folder.makeFolder("out"), shardSize: 200_000)
        #expect(try folder.entries("out").contains("model.safetensors.index.json"))
        let written = try OpenModel(at: folder.path + "/out", label: "out")
        #expect(written.tensors.count == models.model.count)
        for tensor in models.model {
            #expect(try written.source(tensor.name)?.bytes() == tensor.bytes, "\(tensor.name)")
        }
        #expect(throws: DPPAError.self) { _ = try UnpackRun(model, options: EngineOptions(threads: 1)) }
    }

    /// n H(k / n) bits and k words, by hand: a quarter of 16 words of 2 bytes.
    @Test func theBoundIsTheEntropyOfThePlaces() {
        let tensor = PackReport.Tensor(
            name: "x", dtype: .bf16, count: 16, changed: 4, coding: "gaps", byteCount: 12, lost: nil, refusal: nil)
        #expect(abs(tensor.entropyBytes - (16 * 0.811_278_124_459_132_8 / 8 + 8)) < 1e-12)
    }

    @Test func aPackIsAboutAsSmallAsItsPlacesAllow() throws {
        var random = Lehmer(5)
        for (share, excess) in [(0.001, 1.15), (0.01, 1.1), (0.1, 1.18), (0.5, 1.01)] {
            let old = (0..<400_000).map { _ in UInt8.random(in: 0...255, using: &random) }
            var new = old
            for word in 0..<200_000 where Double.random(in: 0..<1, using: &random) < share { new[word * 2] ^= 1 }
            try PackModels.write([("w", .bf16, [500, 400], old)], folder.makeFolder("a\(share)"))
            try PackModels.write([("w", .bf16, [500, 400], new)], folder.makeFolder("b\(share)"))
            let (a, b) = try (
                OpenModel(at: folder.path + "/a\(share)", label: "a"),
                OpenModel(at: folder.path + "/b\(share)", label: "b")
            )
            let report = try b.pack(onto: a, in: folder, as: "p\(share)").report
            #expect(Double(report.tensors[0].byteCount) < excess * report.entropyBytes, "\(share): \(report.summary)")
        }
    }

    @Test func modelsWithNothingInCommonAreNoPack() throws {
        try PackModels.write([("other", .f32, [2], [0, 0, 0, 0, 0, 0, 0, 0])], folder.makeFolder("other"))
        let other = try OpenModel(at: folder.path + "/other", label: "other")
        expectError(.data, ["no tensor of one name, type and shape", "base"]) {
            _ = try model.pack(onto: other, in: folder)
        }
        expectError(.data, ["'*.nothing' matches no tensor", "its tensors are called cut"]) {
            _ = try model.pack(onto: base, in: folder, losses: [PackLoss(glob: "*.nothing", coding: .sign)])
        }
        expectError(.data, ["two lossy codings are asked of large.gaps"]) {
            _ = try model.pack(
                onto: base, in: folder,
                losses: [PackLoss(glob: "large.*", coding: .sign), PackLoss(glob: "*.gaps", coding: .lowrank(2))])
        }
    }
}
