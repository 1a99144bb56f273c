import DPPA
import Foundation

/// A base and a model that differ in every way that tensors can, as single files.
struct PackModels {
    typealias Tensor = (name: String, dtype: DType, shape: [Int], bytes: [UInt8])

    let base: [Tensor]
    let model: [Tensor]

    init() {
        var random = Lehmer(17)
        func bytes(_ count: Int, _ dtype: DType) -> [UInt8] {
            (0..<count * dtype.byteSize).map { _ in
                dtype == .bool ? UInt8.random(in: 0...1, using: &random) : UInt8.random(in: 0...255, using: &random)
            }
        }
        /// The same with some words changed.
        func changed(_ old: [UInt8], _ dtype: DType, _ share: Double) -> [UInt8] {
            var new = old
            for word in 0..<old.count / dtype.byteSize where Double.random(in: 0..<1, using: &random) < share {
                new[word * dtype.byteSize + Int.random(in: 0..<dtype.byteSize, using: &random)] ^= 1
            }
            return new
        }
        var (base, model): ([Tensor], [Tensor]) = ([], [])
        func add(_ name: String, _ dtype: DType, _ shape: [Int], _ old: [UInt8], _ new: [UInt8]) {
            base.append((name, dtype, shape, old))
            model.append((name, dtype, shape, new))
        }
        // Every type, with shares for every coding; random words are NaNs of all payloads as well.
        for (index, dtype) in DType.allCases.enumerated() {
            for share in [[0, 0.1], [0.004, 0.4], [0.03, 0.97]][index % 3] {
                let old = bytes(1280, dtype)
                add("types.\(dtype.rawValue).\(share)", dtype, [40, 32], old, changed(old, dtype, share))
            }
        }
        // Two NaNs, and two zeros, are different words.
        add(
            "nan", .f32, [4], [1, 0, 0xC0, 0x7F, 0, 0, 0, 0, 7, 7, 7, 7, 8, 8, 8, 8],
            [2, 0, 0xC0, 0x7F, 0, 0, 0, 0x80, 7, 7, 7, 7, 8, 8, 8, 8])
        add("scalar", .bf16, [], [1, 2], [1, 3])
        add("same.scalar", .i64, [], [1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4, 5, 6, 7, 8])
        add("empty", .bf16, [0, 7], [], [])
        // Several pieces, with gaps over their seams and words at their ends.
        for (name, share, shape) in [
            ("large.gaps", 0.0003, [600, 500]), ("large.mask", 0.3, [601, 501]), ("large.few", 0, [600, 500]),
        ] {
            let old = bytes(shape[0] * shape[1], .bf16)
            var new = changed(old, .bf16, share)
            new[(1 << 17) * 2 - 1] ^= 4
            new[new.count - 1] ^= 4
            add(name, .bf16, shape, old, new)
        }
        // Two of every four, one of every sixteen.
        for (name, n, m) in [("two.of.four", 2, 4), ("one.of.sixteen", 1, 16)] {
            let old = bytes(160_000, .bf16)
            var new = old
            for group in 0..<160_000 / m {
                for place in (0..<m).shuffled(using: &random).prefix(n) { new[(group * m + place) * 2] ^= 1 }
            }
            add(name, .bf16, [400, 400], old, new)
        }
        // Names that look like parts.
        add("values/x", .u8, [3], [1, 2, 3], [1, 9, 3])
        add("x.mask", .u8, [3], [1, 2, 3], [4, 5, 6])
        // What only one side has, other shapes, other types.
        let rows = bytes(60 * 64, .f16)
        base.append(("grown", .f16, [50, 64], Array(rows.prefix(50 * 64 * 2))))
        model.append(("grown", .f16, [60, 64], changed(rows, .f16, 0.01)))
        base.append(("cut", .f16, [60, 64], rows))
        model.append(("cut", .f16, [50, 64], Array(rows.prefix(50 * 64 * 2))))
        base.append(("reshaped", .u8, [2, 3], [1, 2, 3, 4, 5, 6]))
        model.append(("reshaped", .u8, [3, 2], [1, 2, 3, 4, 5, 6]))
        base.append(("retyped", .f16, [3], [1, 2, 3, 4, 5, 6]))
        model.append(("retyped", .bf16, [3], [1, 2, 3, 4, 5, 6]))
        base.append(("base.only", .bf16, [2], [1, 2, 3, 4]))
        model.append(("model.only", .bf16, [2, 2], [1, 2, 3, 4, 5, 6, 7, 8]))
        (self.base, self.model) = (base, model)
    }

    /// Writes base and model, and gives them opened.
    func write(_ folder: TestFolder) throws -> (base: OpenModel, model: OpenModel) {
        for (name, tensors) in [("base", base), ("model", model)] { try Self.write(tensors, folder.makeFolder(name)) }
        return try (open(folder, "base"), open(folder, "model"))
    }

    private func open(_ folder: TestFolder, _ name: String) throws -> OpenModel {
        try OpenModel(at: "\(folder.path)/\(name)/model.safetensors", label: name)
    }

    /// Writes `model.safetensors` into a folder that exists.
    static func write(_ tensors: [Tensor], _ folder: String) throws {
        let writer = try CheckpointWriter(
            directory: folder, tensors: tensors.map { .init(name: $0.name, shape: $0.shape, dtype: $0.dtype) },
            shardSize: .max, metadata: [:])
        for (index, tensor) in tensors.enumerated() where !tensor.bytes.isEmpty {
            try tensor.bytes.withUnsafeBytes { try writer.write(tensor: index, byteOffset: 0, $0) }
        }
        try writer.finish()
    }
}

extension OpenModel {
    /// Packs the model into a folder of a test, and gives the path of the pack.
    @discardableResult
    func pack(
        onto base: OpenModel, in folder: TestFolder, as name: String = "pack", losses: [PackLoss] = [], threads: Int = 2
    ) throws -> (path: String, report: PackReport) {
        let run = try PackRun(self, base: base, losses: losses, options: EngineOptions(threads: threads))
        return ("\(folder.path)/\(name)/delta.safetensors", try run.write(into: folder.makeFolder(name)).report)
    }
}
