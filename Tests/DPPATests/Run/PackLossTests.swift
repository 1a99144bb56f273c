import DPPA
import Foundation
import Testing

/// What packs keep of tensors of which less was asked for, against loops and known factors.
@Suite struct PackLossTests {
    private let folder: TestFolder
    private static let (rows, columns) = (48, 40)

    init() throws { folder = try TestFolder() }

    private func bytes(_ values: [Float], _ dtype: DType) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: values.count * dtype.byteSize)
        bytes.withUnsafeMutableBytes { out in
            if let start = out.baseAddress {
                DTypeConversion.encode(values, as: dtype, into: start, count: values.count)
            }
        }
        return bytes
    }

    private func floats(_ bytes: [UInt8], _ dtype: DType) -> [Float] {
        var values = [Float](repeating: 0, count: bytes.count / dtype.byteSize)
        bytes.withUnsafeBytes { from in
            if let start = from.baseAddress {
                DTypeConversion.decode(start, as: dtype, into: &values, count: values.count)
            }
        }
        return values
    }

    /// A base and a model of one matrix "w", a vector "v" and one of whole numbers "i", all changed everywhere.
    private func write(_ delta: [Float], _ dtype: DType) throws -> (base: OpenModel, model: OpenModel, w: [Float]) {
        var random = Lehmer(11)
        let w = floats(bytes(random.floats(Self.rows * Self.columns), dtype), dtype)
        let v = random.floats(64)
        let shape = [Self.rows, Self.columns]
        try PackModels.write(
            [
                ("i", .i32, [4], [UInt8](repeating: 1, count: 16)), ("v", .f32, [64], bytes(v, .f32)),
                ("w", dtype, shape, bytes(w, dtype)),
            ], folder.makeFolder("base"))
        try PackModels.write(
            [
                ("i", .i32, [4], [UInt8](repeating: 2, count: 16)), ("v", .f32, [64], bytes(v.map { $0 + 1 }, .f32)),
                ("w", dtype, shape, bytes(zip(w, delta).map(+), dtype)),
            ], folder.makeFolder("model"))
        return try (
            OpenModel(at: folder.path + "/base", label: "base"), OpenModel(at: folder.path + "/model", label: "model"),
            w
        )
    }

    @Test(arguments: [DType.bf16, .f16, .f32]) func signsAndAMeanSizeAreKept(_ dtype: DType) throws {
        var random = Lehmer(12)
        let (base, model, w) = try write(random.floats(Self.rows * Self.columns, -0.5...0.5), dtype)
        let (path, report) = try model.pack(onto: base, in: folder, losses: [PackLoss(glob: "w", coding: .sign)])
        let new = floats(try #require(model.source("w")).bytes(), dtype)
        let differences = zip(new, w).map { $0 - $1 }
        let sum = differences.reduce(0.0) { $0 + abs(Double($1)) }
        let squares = differences.reduce(0.0) { $0 + Double($1) * Double($1) }
        let size = Float(sum / Double(w.count))
        let wanted = bytes(zip(w, differences).map { $0 + ($1 < 0 ? -size : size) }, dtype)
        let opened = try OpenModel(at: path, label: "delta", base: base)
        #expect(try opened.source("w")?.bytes() == wanted)
        let lost = Double(differences.reduce(0.0) { $0 + pow(abs(Double($1)) - Double(size), 2) }) / squares
        let tensor = try #require(report.tensors.first { $0.name == "w" })
        #expect(abs((tensor.lost ?? 0) - lost) < 1e-5 && tensor.byteCount == w.count / 8 + 12)
        // The others are whole, and who opens the pack is told.
        for name in ["i", "v"] { #expect(try opened.source(name)?.bytes() == model.source(name)?.bytes()) }
        #expect(opened.notices.contains { $0.contains("1 tensor, such as w, is kept by sign") })
        #expect(report.warnings.contains { $0.contains("1 tensor is not kept whole: up to") })
        // Any part is the same.
        let part = try #require(opened.source("w")).floats(1001..<1333)
        #expect(part.array() == Array(floats(wanted, dtype)[1001..<1333]))
    }

    @Test func aDifferenceOfLowRankIsKeptByItsFactors() throws {
        var random = Lehmer(13)
        let (up, down) = (random.floats(Self.rows * 2), random.floats(2 * Self.columns))
        let delta = (0..<Self.rows * Self.columns).map { index -> Float in
            let (row, column) = (index / Self.columns, index % Self.columns)
            return up[row * 2] * down[column] + up[row * 2 + 1] * down[Self.columns + column]
        }
        let (base, model, w) = try write(delta, .f32)
        let (path, report) = try model.pack(onto: base, in: folder, losses: [PackLoss(glob: "w", coding: .lowrank(2))])
        let opened = try OpenModel(at: path, label: "delta", base: base)
        let found = floats(try #require(opened.source("w")).bytes(), .f32)
        #expect(zip(found, zip(w, delta).map(+)).allSatisfy { abs($0 - $1) < 2e-6 })
        let two = try #require(report.tensors.first { $0.name == "w" })
        #expect(two.coding == "lowrank 2" && (two.lost ?? 1) < 1e-6)
        #expect(two.byteCount == 4 * 2 * (Self.rows + Self.columns) + 8)
        // One triplet loses what the other has.
        let one = try model.pack(onto: base, in: folder, as: "one", losses: [PackLoss(glob: "w", coding: .lowrank(1))])
        let less = floats(try #require(OpenModel(at: one.path, label: "d", base: base).source("w")).bytes(), .f32)
        let error = zip(less, zip(w, delta).map(+)).reduce(0.0) { $0 + pow(Double($1.0 - $1.1), 2) }
        let all = delta.reduce(0.0) { $0 + Double($1) * Double($1) }
        let lost = try #require(one.report.tensors.first { $0.name == "w" }?.lost)
        #expect(lost > 0.01 && abs(error / all - lost) < 1e-4)
    }

    @Test func whatCannotBeLessStaysWholeAndIsTold() throws {
        let (base, model, _) = try write([Float](repeating: 0.25, count: Self.rows * Self.columns), .f32)
        func refusals(_ losses: PackLoss...) throws -> [String: String] {
            let report = try model.pack(onto: base, in: folder, as: UUID().uuidString, losses: losses).report
            #expect(report.warnings.contains { $0.contains("whole although less was asked for") })
            return Dictionary(
                report.tensors.compactMap { tensor in tensor.refusal.map { (tensor.name, $0) } },
                uniquingKeysWith: { first, _ in first })
        }
        #expect(try refusals(PackLoss(glob: "i", coding: .sign)) == ["i": "it is I32"])
        #expect(try refusals(PackLoss(glob: "v", coding: .lowrank(1))) == ["v": "it is no matrix"])
        #expect(
            try refusals(PackLoss(glob: "w", coding: .lowrank(40))) == ["w": "it takes fewer bytes as dense"])
        let same = try base.pack(onto: base, in: folder, losses: [PackLoss(glob: "w", coding: .sign)]).report
        #expect(same.tensors.last?.refusal == "nothing of it has changed")
        #expect(same.warnings.contains("warning: the model is its base, word for word"))
    }
}
