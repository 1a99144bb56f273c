import DPPA
import Foundation
import Testing

/// What is written reads back, header and index included.
@Suite("Checkpoint writer")
struct CheckpointWriterTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    static let tensors: [CheckpointWriter.Tensor] = [
        .init(name: "a.odd", shape: [3], dtype: .u8), .init(name: "b.none", shape: [0, 4], dtype: .f32),
        .init(name: "c.scalar", shape: [], dtype: .f64), .init(name: "d.matrix", shape: [5, 7], dtype: .bf16),
        .init(name: "e \"quoted\\ \n\u{1}é😀", shape: [2, 1, 3], dtype: .i32),
        .init(name: "f.last", shape: [9], dtype: .bool),
    ]

    static func bytes(_ index: Int) -> [UInt8] {
        let tensor = tensors[index]
        return (0..<tensor.shape.reduce(1, *) * tensor.dtype.byteSize).map {
            UInt8(truncatingIfNeeded: $0 &* 31 &+ index)
        }
    }

    /// Writes all tensors in pieces, the last first.
    func write(shardSize: Int, metadata: [String: String] = [:], piece: Int = 5) throws {
        let writer = try CheckpointWriter(
            directory: folder.makeFolder("m"), tensors: Self.tensors, shardSize: shardSize, metadata: metadata)
        #expect(writer.totalBytes == Self.tensors.indices.reduce(0) { $0 + Self.bytes($1).count })
        for index in Self.tensors.indices.reversed() {
            let bytes = Self.bytes(index)
            for start in stride(from: 0, to: bytes.count, by: piece).reversed() {
                try bytes[start..<min(bytes.count, start + piece)].withUnsafeBytes {
                    try writer.write(tensor: index, byteOffset: start, $0)
                }
            }
        }
        try writer.finish()
    }

    func expectReadsBack() throws {
        let model = try OpenModel(at: folder.path + "/m", label: "m")
        #expect(model.tensors.count == Self.tensors.count)
        for (index, tensor) in Self.tensors.enumerated() {
            let found = try #require(model[tensor.name])
            #expect(found.source.shape == tensor.shape && found.source.dtype == tensor.dtype)
            #expect(try found.source.bytes() == Self.bytes(index), "\(tensor.name)")
        }
    }

    @Test("One file holds everything, with its format in the metadata and data at a multiple of 8")
    func single() throws {
        try write(shardSize: 1 << 30, metadata: ["k": "v\"\n"])
        #expect(try folder.entries("m") == ["model.safetensors"])
        try expectReadsBack()
        let file = try folder.bytes("m/model.safetensors")
        let length = file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        #expect(length % 8 == 0 && file[8] == UInt8(ascii: "{"))
        let header = try JSONSerialization.jsonObject(with: Data(file[8..<8 + length])) as? [String: Any]
        #expect(header?["__metadata__"] as? [String: String] == ["format": "pt", "k": "v\"\n"])
        #expect(header?.count == Self.tensors.count + 1)
    }

    @Test("Shards begin where the next tensor would be too much, and one that is too large stands alone")
    func sharded() throws {
        // Bytes: 3, 0, 8, 70, 24, 9.
        try write(shardSize: 33)
        let names = (1...3).map { "model-0000\($0)-of-00003.safetensors" }
        #expect(try folder.entries("m") == names + ["model.safetensors.index.json"])
        try expectReadsBack()
        let index =
            try JSONSerialization.jsonObject(with: Data(folder.bytes("m/model.safetensors.index.json")))
            as? [String: Any]
        #expect((index?["metadata"] as? [String: Any])?["total_size"] as? Int == 114)
        let expected = [names[0], names[0], names[0], names[1], names[2], names[2]]
        #expect(
            index?["weight_map"] as? [String: String]
                == Dictionary(uniqueKeysWithValues: zip(Self.tensors.map(\.name), expected)))
    }

    @Test(
        "Every shard size gives the same tensors, down to one tensor a file", arguments: [1, 8, 11, 12, 94, 105, 114])
    func sizes(shardSize: Int) throws {
        try write(shardSize: shardSize, piece: 1000)
        try expectReadsBack()
    }

    @Test("No tensors at all make a file that opens")
    func empty() throws {
        try CheckpointWriter(directory: folder.makeFolder("m"), tensors: [], shardSize: 10, metadata: [:]).finish()
        #expect(try OpenModel(at: folder.path + "/m", label: "m").tensors.isEmpty)
    }

    @Test("A directory that is not there, and a file that is, are errors that name them")
    func refused() throws {
        expectError(.cannotCreate, ["none/model.safetensors", "No such file"]) {
            _ = try CheckpointWriter(directory: folder.path + "/none", tensors: [], shardSize: 10, metadata: [:])
        }
        try folder.write("mine", "m/model.safetensors")
        expectError(.cannotCreate, ["m/model.safetensors", "exists"]) {
            _ = try CheckpointWriter(directory: folder.path + "/m", tensors: [], shardSize: 10, metadata: [:])
        }
        #expect(try folder.text("m/model.safetensors") == "mine")
    }

    @Test("More than the disk or its limit can hold is noticed before anything is computed")
    func tooLarge() throws {
        let huge = CheckpointWriter.Tensor(name: "huge", shape: [1 << 40, 1 << 20], dtype: .u8)
        errno = 0
        expectError(.cannotCreate, ["cannot reserve", "model.safetensors"]) {
            _ = try CheckpointWriter(directory: folder.makeFolder("m"), tensors: [huge], shardSize: .max, metadata: [:])
        }
        // Closing twice would close what another thread has opened since.
        #expect(errno != EBADF)
    }
}
