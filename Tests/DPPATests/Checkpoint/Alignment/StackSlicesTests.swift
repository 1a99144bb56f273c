import DPPA
import Testing

/// Stacks of experts as matrices: which names, shapes and numbers they have, and where they are kept.
@Suite("Slices of stacks")
struct StackSlicesTests {
    private let folder: TestFolder
    private let site = "model.layers.0.mlp.experts."

    init() throws { folder = try TestFolder() }

    private func names(_ model: OpenModel) -> [String] {
        model.weights.map { String($0.name.dropFirst(site.utf8.count)) }
    }

    @Test("Gate and up are matrices of their own, of the shape of a linear")
    func plain() throws {
        let model = try folder.model(
            "plain", [Sample(site + "gate_up_proj", [2, 6, 4], 0), Sample(site + "down_proj", [2, 4, 3], 100)])
        let view = model.slicingStacks()
        #expect(
            names(view) == [0, 1].flatMap { e in ["down_proj", "gate_proj", "up_proj"].map { "\(e).\($0).weight" } })
        #expect(view[site + "1.gate_proj.weight"]?.facts.shape == [3, 4])
        #expect(view[site + "1.down_proj.weight"]?.facts.shape == [4, 3])
        #expect(try view.floats(site + "1.gate_proj.weight") == (24..<36).map { Float($0) })
        #expect(try view.floats(site + "1.up_proj.weight") == (36..<48).map { Float($0) })
        #expect(try view.floats(site + "1.down_proj.weight") == (112..<124).map { Float($0) })
        #expect(view.weights.filter { !$0.isLinear }.isEmpty)
        #expect(view.weights.map(\.role).prefix(3) == ["experts.down", "experts.gate", "experts.up"])
        #expect(view.stackPlaces[site + "1.up_proj.weight"]?.start == 36)
        #expect(view.whole.identity == model.identity && view.identity != model.identity)
        #expect(view.slicingStacks().identity == view.identity)
    }

    @Test("Where rows are inputs, or nothing tells, slices are as they lie")
    func asTheyLie() throws {
        let transposed = try folder.model(
            "transposed", [Sample(site + "gate_up_proj", [2, 4, 6], 0), Sample(site + "down_proj", [2, 3, 4], 100)])
        #expect(
            names(transposed.slicingStacks()) == [
                "0.down_proj.weight", "0.gate_up_proj.weight", "1.down_proj.weight", "1.gate_up_proj.weight",
            ])
        let alone = try folder.model("alone", [Sample(site + "gate_up_proj", [2, 6, 4], 0)])
        #expect(names(alone.slicingStacks()) == ["0.gate_up_proj.weight", "1.gate_up_proj.weight"])
        let turns = try folder.model(
            "turns", [Sample(site + "gate_up_proj", [2, 6, 4], 0), Sample(site + "down_proj", [2, 4, 3], 100)],
            config: #"{"model_type": "gpt_oss"}"#)
        #expect(
            names(turns.slicingStacks()) == [
                "0.down_proj.weight", "0.gate_up_proj.weight", "1.down_proj.weight", "1.gate_up_proj.weight",
            ])
        let dense = try folder.model("dense", [Sample("model.layers.0.mlp.up_proj.weight", [3, 2], 0)])
        #expect(dense.slicingStacks().identity == dense.identity)
    }
}
