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
        #expect(model.tensors == 2 && model.parameters == 7 && model.dtypes == ["F32": 2])
    }

    @Test("check says of each model's small files which go along, and names what stays where it is little")
    func smallFiles() throws {
        let scratch = try Scratch()
        for model in ["a", "b"] {
            try EdgeCaseTests.write(scratch, model, [("x.weight", [2], [1, 2])])
            for name in ["tokenizer.json", "vocab.json", "merges.txt", "1_Pooling/config.json", "optimizer.pt"] {
                _ = try scratch.write("{}", "\(model)/\(name)")
            }
        }
        _ = try scratch.write("mine", "b/LICENSE")
        func lines(_ last: String) throws -> [String] {
            let recipe = try scratch.write(
                "local dppa = require \"dppa.v1\"\nlocal a, b = dppa.model \"a\", dppa.model \"b\"\n" + last, "r.lua")
            let check = try Shell.run("\"$dppa\" check \(recipe)", in: scratch)
            #expect(check.code == 0, "\(check)")
            return check.output.split(separator: "\n").filter { $0.hasPrefix("model") }.map {
                String($0.split(separator: "; ").last ?? "")
            }
        }
        #expect(
            try lines("return a + (b - a)") == [
                "4 small files go along", "1 small file goes along, 4 small files stay",
            ])
        #expect(
            try lines("local c = a + (b - a) c:save(\"m\", { tokenizer = b })") == [
                "1 small file goes along, merges.txt, tokenizer.json, vocab.json stay",
                "4 small files go along, 1_Pooling/config.json stays",
            ])
        #expect(try lines("return a") == ["4 small files go along", "5 small files stay"])
        #expect(
            try lines("local n = dppa.norm(b - a, \"model\"):value() return a") == ["4 small files", "5 small files"])
    }
}
