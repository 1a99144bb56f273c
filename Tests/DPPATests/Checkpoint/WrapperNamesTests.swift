import DPPA
import Testing

@Suite("Names that training tools write") struct WrapperNamesTests {
    @Test(
        "What compilers, sharding and data parallelism put into names is not read",
        arguments: [
            (["module.a.weight", "module.b.weight"], ["a.weight", "b.weight"]),
            (["module.module.a.weight"], ["a.weight"]),
            (["module.a.weight", "b.weight"], ["b.weight", "module.a.weight"]),
            (["_orig_mod.a.weight", "layers.0._orig_mod.b.weight"], ["a.weight", "layers.0.b.weight"]),
            (["module._orig_mod._fsdp_wrapped_module.a.weight"], ["a.weight"]),
            (["_orig_mod.a.weight", "a.weight"], ["_orig_mod.a.weight", "a.weight"]), (["module"], ["module"]),
            (["_orig_mod"], ["_orig_mod"]),
        ])
    func names(stored: [String], read: [String]) throws {
        let folder = try TestFolder()
        let model = try folder.model("m", stored.enumerated().map { Sample($1, [1], Float($0)) })
        #expect(model.tensors.map(\.facts.name) == read)
        #expect(model.notices.count == (stored.sorted() == read ? 0 : 1))
        for (index, name) in stored.enumerated() where stored.count == 1 || stored.sorted() == read {
            #expect(try model.floats(stored.count == 1 ? read[0] : name) == [Float(index)])
        }
    }
}
