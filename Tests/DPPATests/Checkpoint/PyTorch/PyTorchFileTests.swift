import DPPA
import Foundation
import Testing

/// What torch.save has written is what torch.load finds in it, byte for byte; `Fixtures/pytorch/generate.py` made the files.
@Suite("PyTorch files")
struct PyTorchFileTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    static let fixture = fixtures + "/pytorch/"

    struct Expected: Decodable {
        var name: String
        var dtype: String
        var shape: [Int]
        var bytes: String
    }

    static func expected(_ file: String) throws -> [Expected] {
        let all = try JSONDecoder().decode([String: [Expected]].self, from: Data(readBytes(fixture + "expected.json")))
        return try #require(all[file])
    }

    private func hex(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    @Test(
        "Names, types, shapes and elements, of every type and every kind of view",
        arguments: ["types.bin", "types4.pt", "views.bin", "parameters5.bin", "wrapped.pth", "aside.bin", "legacy.bin"])
    func values(file: String) throws {
        let model = try OpenModel(at: Self.fixture + file, label: "m")
        let expected = try Self.expected(file)
        #expect(
            Set(model.tensors.map(\.facts.name)) == Set(expected.map(\.name)) && model.tensors.count == expected.count)
        for tensor in expected {
            let source = try #require(model.source(tensor.name))
            #expect(source.dtype.rawValue == tensor.dtype && source.shape == tensor.shape, "\(tensor.name)")
            #expect(hex(try source.bytes()) == tensor.bytes, "\(tensor.name)")
        }
    }

    @Test("Any range of a view is what the whole has there")
    func ranges() throws {
        let model = try OpenModel(at: Self.fixture + "views.bin", label: "m")
        for tensor in model.tensors where tensor.facts.numel > 0 {
            let (whole, size) = (try tensor.source.bytes(), tensor.source.dtype.byteSize)
            for start in 0..<tensor.facts.numel {
                let end = min(tensor.facts.numel, start + 1 + start * 7 % 40)
                var part = [UInt8](repeating: 0, count: (end - start) * size)
                try part.withUnsafeMutableBytes {
                    try tensor.source.load(start..<end, into: try #require($0.baseAddress))
                }
                #expect(part == Array(whole[start * size..<end * size]), "\(tensor.facts.name) \(start)..<\(end)")
            }
        }
    }

    /// Larger than what is read at once, so that lines are read by themselves.
    @Test(
        "Views of large storages, against their definition",
        arguments: [
            ([300, 200], [1, 300], 0), ([200, 300], [300, 1], 0), ([20, 30, 90], [1, 1800, 20], 3),
            ([150, 3], [400, 66], 5),
            ([500], [120, 0], 7), ([7, 40000], [0, 1], 11), ([40000, 2], [1, 0], 0), ([600, 100], [100, 1], 0),
            ([40, 2, 50], [600, 30000, 3], 1), ([30000], [2], 1),
        ] as [([Int], [Int], Int)])
    func large(shape: [Int], strides: [Int], offset: Int) throws {
        let strides = Array(strides.prefix(shape.count))
        let values = (0..<60000).map { UInt16(truncatingIfNeeded: $0 &* 40503) }
        let bytes = values.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
        let tensor = Torch.tensor(shape, strides, at: offset, of: 60000, type: "ShortStorage")
        let path = try folder.write(Torch.file(Torch.dict([("x", tensor)]), ["0": bytes]), "a.bin")
        let source = try #require(try OpenModel(at: path, label: "m").source("x"))
        let count = shape.reduce(1, *)
        func place(_ index: Int) -> Int {
            var (left, place) = (index, offset)
            for (size, stride) in zip(shape, strides).reversed() {
                place += left % size * stride
                left /= size
            }
            return place
        }
        let naive = (0..<count).map { values[place($0)] }
        for (start, length) in [
            (0, count), (count / 3, 1), (count / 2, 700), (1, 1000), (count - 450, 450), (17, 12345),
        ] {
            let range = start..<min(count, start + length)
            var part = [UInt16](repeating: 0, count: range.count)
            try part.withUnsafeMutableBytes { try source.load(range, into: try #require($0.baseAddress)) }
            #expect(part == Array(naive[range]), "\(range)")
        }
    }

    @Test("What is left aside is told")
    func notices() throws {
        func notices(_ file: String) throws -> String {
            try OpenModel(at: Self.fixture + file, label: "m").notices.joined(separator: "\n")
        }
        #expect(try notices("views.bin").isEmpty && notices("parameters5.bin").isEmpty)
        #expect(
            try notices("wrapped.pth").hasSuffix(
                "wrapped.pth: the tensors in state_dict were read; left aside beside it: epoch, lr, note, config, optimizer, "
                    + "dtype, size"))
        #expect(
            try notices("aside.bin").hasSuffix(
                "aside.bin: 2 values left aside that are no tensors: iteration (a whole number), extra_state (None)"))
    }

    @Test("A file that another program has compressed is refused by its record's name")
    func compressed() throws {
        expectError(.data, ["compressed.bin: its record aside/data.pkl is compressed (method 8)", "zip -0"]) {
            _ = try OpenModel(at: Self.fixture + "compressed.bin", label: "m")
        }
    }

    @Test("A folder: one file, an index, a file of another name; safetensors come first")
    func folders() throws {
        let (one, two) = (try readBytes(Self.fixture + "parameters5.bin"), try readBytes(Self.fixture + "views.bin"))
        try folder.write(one, "m/weights.pt")
        // What a training leaves is none of the weights.
        for name in ["optimizer.pt", "rng_state_0.pth", "training_args.bin", "adapter_model.bin", "scaler.pt"] {
            try folder.write(two, "m/" + name)
        }
        func count() throws -> Int { try OpenModel(at: folder.path + "/m", label: "m").tensors.count }
        #expect(try count() == 2)
        try folder.write(two, "m/other.pth")
        expectError(.data, ["2 PyTorch files and no pytorch_model.bin.index.json: other.pth, weights.pt"]) {
            _ = try count()
        }
        let shards = ["model.norm.weight": "weights.pt", "model.layers.0.mlp.up_proj.weight": "weights.pt"]
            .merging(try Self.expected("views.bin").map { ($0.name, "other.pth") }) { $1 }
        try folder.write(
            JSONEncoder().encode(["weight_map": shards]).map { $0 }, "m/pytorch_model.bin.index.json")
        #expect(try count() == 22)
        #expect(try OpenModel(at: folder.path + "/m", label: "m").notices.isEmpty)
        try folder.write(one, "m/pytorch_model.bin")
        #expect(try count() == 2)
        #expect(
            try OpenModel(at: folder.path + "/m", label: "m").notices[0].hasSuffix(
                "pytorch_model.bin was read, as transformers does; pytorch_model.bin.index.json and other.pth, weights.pt beside "
                    + "it were left aside"))
        // Only under its own name does a safetensors file come first.
        for (name, expected) in [("other.safetensors", 2), ("model.safetensors", 1)] {
            try folder.write(safetensors("{\(entry("a", "U8", "[1]", 0, 1))}", data: 1), "m/" + name)
            #expect(try count() == expected)
        }
    }

    @Test("The bytes of tied tensors may be counted once or twice in an index")
    func tied() throws {
        try folder.write(readBytes(Self.fixture + "views.bin"), "m/1.bin")
        func notices(_ size: Int) throws -> [String] {
            let map = try Self.expected("views.bin").map { "\"\($0.name)\": \"1.bin\"" }.joined(separator: ",")
            try folder.write(
                "{\"metadata\": {\"total_size\": \(size)}, \"weight_map\": {\(map)}}", "m/pytorch_model.bin.index.json")
            return try OpenModel(at: folder.path + "/m", label: "m").notices
        }
        let all = try Self.expected("views.bin").reduce(0) { $0 + $1.bytes.utf8.count / 2 }
        #expect(try notices(all).isEmpty && notices(all - 1)[0].contains("they have \(all)"))
        // The first view of each of the seven storages, and the empty one.
        let first: Set = [
            "whole", "permuted", "expanded", "expanded_columns", "expanded_scalar", "tied.a", "bits", "empty",
        ]
        let own = try Self.expected("views.bin").filter { first.contains($0.name) }
        #expect(try notices(own.reduce(0) { $0 + $1.bytes.utf8.count / 2 }).isEmpty)
    }

    @Test("An adapter_model.bin is read as an adapter_model.safetensors is")
    func adapter() throws {
        try folder.write(readBytes(Self.fixture + "adapter_model.bin"), "a/adapter_model.bin")
        try folder.write("{\"peft_type\": \"LORA\", \"r\": 1, \"lora_alpha\": 2}", "a/adapter_config.json")
        let name = "model.layers.0.self_attn.q_proj.weight"
        let base = try folder.model("base", [Sample(name, [3, 2], 1)])
        let delta = try OpenModel(at: folder.path + "/a", label: "a", base: base)
        #expect(delta.space == .delta)
        #expect(try delta.floats(name) == [0.25, 0.5, 0, 0, -0.25, -0.5])
        expectError(.data, ["adapter_model.bin is an adapter"]) {
            _ = try OpenModel(at: folder.path + "/a/adapter_model.bin", label: "a")
        }
    }

    @Test("What is merged of it is written as safetensors, tensor by tensor")
    func merge() throws {
        let graph = Graph()
        let node = try graph.source(OpenModel(at: Self.fixture + "parameters5.bin", label: "m"))
        _ = try MergeRun(Engine(graph, options: EngineOptions(threads: 1)), settings: MergeRun.Settings())
            .write([MergeResult(node: node)], to: folder.makeFolder("out"))
        let written = try OpenModel(at: folder.path + "/out", label: "w")
        for tensor in try Self.expected("parameters5.bin") {
            #expect(hex(try #require(try written.source(tensor.name)?.bytes())) == tensor.bytes)
        }
    }
}
