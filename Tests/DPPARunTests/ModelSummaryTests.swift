import DPPA
import DPPAScript
import Foundation
import Testing

/// What commands tell of a model is one thing.
@Suite("Summary of a model")
struct ModelSummaryTests {
    @Test(
        "inspect and check tell of the same head: by what is stored, then by config.json",
        arguments: [
            (false, "", "tied"), (false, "\"tie_word_embeddings\": true", "tied"),
            (false, "\"tie_word_embeddings\": false", nil), (true, "\"tie_word_embeddings\": true", "stored"),
            (true, "", "stored"), (false, "\"text_config\": {\"tie_word_embeddings\": true}", "tied"),
        ] as [(Bool, String, String?)])
    func head(isStored: Bool, key: String, head: String?) throws {
        let scratch = try Scratch()
        let matrix = [Float](repeating: 1, count: 8)
        let names = ["model.embed_tokens.weight"] + (isStored ? ["lm_head.weight"] : [])
        try EdgeCaseTests.write(scratch, "m", names.map { ($0, [4, 2], matrix) })
        _ = try scratch.write("{\(key)}", "m/config.json")
        let inspect = try Shell.run("\"$dppa\" inspect m", in: scratch)
        #expect(inspect.output.contains("head      tied to the embedding") == (head == "tied"), "\(inspect)")
        let recipe = try scratch.write("return require(\"dppa.v1\").model \"m\"", "r.lua")
        let check = try Shell.run("\"$dppa\" check \(recipe)", in: scratch)
        #expect(check.output.contains("; head ") == (head != nil), "\(check)")
        if let head { #expect(check.output.contains("; head \(head); vocabulary 4"), "\(check)") }
    }

    @Test("Sizes and types are the same in inspect, its JSON, the record of a run, and by the files' headers")
    func sizes() throws {
        let scratch = try Scratch()
        try EdgeCaseTests.write(scratch, "m", [("a.weight", [3, 2], [1, 2, 3, 4, 5, 6]), ("b", [1], [7])])
        let inspect = try Shell.run("\"$dppa\" inspect m --json json; cat json", in: scratch)
        #expect(inspect.output.contains("tensors   2, 7 elements, 28 bytes"), "\(inspect)")
        #expect(inspect.output.contains("dtypes    F32 (2)"), "\(inspect)")
        #expect(inspect.output.contains("\"elements\" : 7") && inspect.output.contains("\"bytes\" : 28"))
        let model = RunRecord.Model(try OpenModel(at: scratch.path + "/m", label: "m"), written: [])
        #expect(model.tensors == 2 && model.parameters == 7 && model.dtypes == [.f32: 2])
    }
}
