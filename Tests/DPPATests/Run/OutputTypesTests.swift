import DPPA
import Testing

@Suite("Types of written tensors") struct OutputTypesTests {
    private let names = ["a.weight", "b.weight", "router.bias"]

    /// A model of bfloat16 with a bias in float32 that is a small part of it.
    private func model(_ folder: TestFolder, bias: Int = 4) throws -> OpenModel {
        try folder.model(
            "base",
            [
                Sample(names[0], [20, 10], 0, isHalf: true), Sample(names[1], [20, 10], 0, isHalf: true),
                Sample(names[2], [bias], 0),
            ])
    }

    private func types(
        _ model: OpenModel, wished: DType?, _ globs: [String: DType] = [:]
    ) throws -> (types: [DType?], notices: [String]) {
        let graph = Graph()
        var result = MergeResult(node: try graph.source(model))
        result.types = globs
        let found = try OutputTypes(result, config: model, wished: wished, model.weights)
        return (names.map { found.types[$0] }, found.notices)
    }

    @Test("What is kept wider on purpose is not narrowed by a wish for all, but by its name")
    func kept() throws {
        let folder = try TestFolder()
        let base = try model(folder)
        #expect(try types(base, wished: nil).types == [.bf16, .bf16, .f32])
        let wish = try types(base, wished: .bf16)
        #expect(wish.types == [.bf16, .bf16, .f32])
        #expect(wish.notices.count == 1 && wish.notices[0].hasPrefix("note: router.bias stays F32, as base keeps it"))
        #expect(try types(base, wished: .f32).types == [.f32, .f32, .f32])
        let named = try types(base, wished: .bf16, ["router.*": .bf16])
        #expect(named.types == [.bf16, .bf16, .bf16] && named.notices.isEmpty)
        #expect(try types(base, wished: nil, ["a.*": .f16]).types == [.f16, .bf16, .f32])
        let large = try model(folder, bias: 40)
        #expect(try types(large, wished: .bf16).types == [.bf16, .bf16, .bf16])
    }

    @Test("Globs match, and agree where two match")
    func globs() throws {
        let base = try model(TestFolder())
        expectError(.data, ["'c.*' matches no tensor"]) { _ = try types(base, wished: nil, ["c.*": .f16]) }
        expectError(.data, ["a.weight matches '*.weight', which is F32, and 'a.*', which is F16"]) {
            _ = try types(base, wished: nil, ["a.*": .f16, "*.weight": .f32])
        }
    }
}
