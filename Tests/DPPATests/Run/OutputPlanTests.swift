import DPPA
import Testing

/// Which tensors are computed, which are copied, and in what type.
@Suite("Output plan")
struct OutputPlanTests {
    /// A tensor of any type in memory.
    struct Stored: TensorSource {
        let shape: [Int]
        let dtype: DType
        let content: [UInt8]

        func load(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {
            let size = dtype.byteSize
            let piece = content[elements.lowerBound * size..<elements.upperBound * size]
            piece.withUnsafeBytes {
                if let start = $0.baseAddress { buffer.copyMemory(from: start, byteCount: $0.count) }
            }
        }
    }

    static func stored(_ dtype: DType, _ shape: [Int], _ seed: Int = 0) -> Stored {
        let count = shape.reduce(1, *) * dtype.byteSize
        return Stored(
            shape: shape, dtype: dtype,
            content: (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8 &+ seed) })
    }

    static func model(_ label: String, _ tensors: [String: Stored]) -> OpenModel {
        OpenModel(
            label: label, path: label, tensors: tensors.map { (TensorFacts(name: $0, shape: $1.shape), $1) })
    }

    /// The plan for the sum of both models' halves, or as near to a merge as the language of expressions comes.
    static func plan(_ a: [String: Stored], _ b: [String: Stored], dtype: DType? = nil) throws -> OutputPlan {
        let graph = Graph()
        let first = try graph.source(model("first", a))
        let second = try graph.source(model("second", b))
        let delta = try graph.binary(.subtract, second, first)
        let node = try graph.binary(.add, first, delta)
        let result = MergeResult(node: node)
        return try OutputPlan(graph, result, ResultModels(graph, result), dtype: dtype)
    }

    static let weight = "model.weight"

    @Test("Computed and copied tensors stand in bytewise order, each in its own type")
    func order() throws {
        let tensors = [
            "b": stored(.f16, [2, 2]), "a": stored(.i64, [3]), "c": stored(.bool, []), "B": stored(.f32, [1]),
            "d": stored(.bf16, [0]),
        ]
        let plan = try Self.plan(tensors, tensors)
        #expect(plan.tensors.map(\.name) == ["B", "a", "b", "c", "d"])
        #expect(plan.tensors.map(\.dtype) == [.f32, .i64, .f16, .bool, .bf16])
        #expect(plan.tensors.map(\.shape) == [[1], [3], [2, 2], [], [0]])
        #expect(plan.computed.mapValues(\.index) == ["B": 0, "b": 2, "d": 4])
        #expect(plan.carried.map(\.index) == [1, 3])
    }

    @Test(
        "A chosen dtype is that of every computed tensor and of no copied one; 8-bit inputs become bfloat16 otherwise")
    func dtypes() throws {
        let tensors = [
            "a": stored(.f32, [2]), "b": stored(.u8, [2]), "c": stored(.f8E4M3, [2]), "d": stored(.f8E5M2, [2]),
        ]
        #expect(try Self.plan(tensors, tensors).tensors.map(\.dtype) == [.f32, .u8, .bf16, .bf16])
        #expect(try Self.plan(tensors, tensors, dtype: .f16).tensors.map(\.dtype) == [.f16, .u8, .f16, .f16])
        #expect(
            try Self.plan(tensors, tensors, dtype: .f8E5M2).tensors.map(\.dtype) == [.f8E5M2, .u8, .f8E5M2, .f8E5M2])
    }

    @Test("Integer tensors that are equal in all models are copied, large and empty ones too")
    func copies() throws {
        let folder = try TestFolder()
        // More than one piece, and no whole number of pieces.
        let tensors = [
            Self.weight: stored(.f32, [2]), "ids": stored(.i32, [1 << 18, 2]), "odd": stored(.u8, [(1 << 18) + 3]),
            "none": stored(.i64, [0, 3]), "one": stored(.i16, []),
        ]
        let plan = try Self.plan(tensors, tensors)
        let writer = try CheckpointWriter(
            directory: folder.path, tensors: plan.tensors, shardSize: 1 << 30, metadata: [:])
        try plan.copyCarried(to: writer)
        try writer.finish()
        let model = try OpenModel(at: folder.path, label: "m")
        for name in ["ids", "odd", "none", "one"] {
            #expect(try model[name]?.source.bytes() == tensors[name]?.content, "\(name)")
        }
    }

    @Test("One that is in the first model only is copied, and one that is in another only is left out")
    func partly() throws {
        let weight = stored(.f32, [2])
        let plan = try Self.plan(
            [Self.weight: weight, "ids": stored(.i32, [4])], [Self.weight: weight, "more": stored(.i32, [4])])
        #expect(plan.tensors.map(\.name) == ["ids", Self.weight])
    }

    @Test("Integer tensors that differ in their last byte, shape or type are refused by name and model")
    func differ() throws {
        let count = (1 << 18) + 5
        let own = stored(.u8, [count])
        var last = own.content
        last[count - 1] ^= 1
        let others = [
            Stored(shape: [count], dtype: .u8, content: last),
            Stored(shape: [1, count], dtype: .u8, content: own.content),
            Stored(shape: [count], dtype: .i8, content: own.content),
        ]
        for other in others {
            expectError(.data, ["ids (U8) differs between first and second", "only floating-point"]) {
                _ = try Self.plan(
                    [Self.weight: stored(.f32, [2]), "ids": own], [Self.weight: stored(.f32, [2]), "ids": other])
            }
        }
    }

    private func stored(_ dtype: DType, _ shape: [Int]) -> Stored { Self.stored(dtype, shape) }
}
