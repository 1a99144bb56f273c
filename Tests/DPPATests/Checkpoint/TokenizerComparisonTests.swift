import DPPA
import Foundation
import Testing

@Suite("Two tokenizers, id by id") struct TokenizerComparisonTests {
    private func model(_ folder: TestFolder, _ label: String, _ tokenizer: String) throws -> OpenModel {
        try folder.write(tokenizer, label + "/tokenizer.json")
        return try folder.model(label, [Sample("a.weight", [1], 0)])
    }

    @Test(
        "Ids with different tokens are counted; more tokens on one side are none",
        arguments: [
            (
                "{\"model\": {\"vocab\": {\"a\": 0, \"b\": 1}}}",
                "{\"model\": {\"vocab\": {\"a\": 0, \"b\": 1, \"c\": 2}}}", 0, nil
            ),
            (
                "{\"model\": {\"vocab\": {\"a\": 0, \"b\": 1}}}", "{\"model\": {\"vocab\": {\"b\": 0, \"a\": 1}}}", 2,
                "a b"
            ),
            (
                "{\"model\": {\"vocab\": {\"a\": 0}}, \"added_tokens\": [{\"id\": 1, \"content\": \"x\"}]}",
                "{\"model\": {\"vocab\": {\"a\": 0, \"pad\": 1}}, \"added_tokens\": [{\"id\": 1, \"content\": \"y\"}]}",
                1, "x y"
            ),
            (
                "{\"model\": {\"vocab\": [[\"a\", -1.5], [\"é\", 0]]}}",
                "{\"model\": {\"vocab\": {\"a\": 0, \"e\": 1}}}", 1, "é e"
            ),
            ("{\"model\": {\"vocab\": {\"a\": 0}}}", "{\"model\": {\"vocab\": {\"b\": 0}", 0, nil),
            ("{\"model\": {\"vocab\": {\"a\": 0}}}", "[]", 0, nil),
            ("{\"model\": {\"vocab\": {\"\\u00e9\": 0}}}", "{\"model\": {\"vocab\": {\"é\": 0}}}", 0, nil),
        ] as [(String, String, Int, String?)])
    func ids(own: String, other: String, count: Int, example: String?) throws {
        let folder = try TestFolder()
        let found = TokenizerComparison(
            TokenTable(try model(folder, "a", own)), TokenTable(try model(folder, "b", other)))
        #expect(found.count == count)
        #expect(found.example.map { "\($0.own) \($0.other)" } == example)
    }

    @Test("Tokens that only one side has are told by text, wherever they stand")
    func further() throws {
        let folder = try TestFolder()
        let own = #"{"model": {"vocab": {"a": 1, "b": 0, "\u00e9": 4, "x": 7, "y": 8, "z": 9, "w": 10, "v": 11}}}"#
        let other = #"{"model": {"vocab": {"a": 0, "b": 1, "é": 2}}, "added_tokens": [{"id": 3, "content": "<s>"}]}"#
        let (a, b) = (try model(folder, "a", own), try model(folder, "b", other))
        let found = TokenizerComparison(TokenTable(a), TokenTable(b))
        #expect(found.more == ["x", "y", "z", "w"] && found.moreCount == 5)
        #expect(found.lacking == ["<s>"] && found.lackingCount == 1 && found.count == 2)
        let words = ModelComparison(a, b)
        #expect(words.more == "a has 5 more tokens than b: 'x', 'y', 'z', 'w' and 1 more")
        #expect(words.lacking == "a lacks 1 token of b: '<s>'")
        #expect(ModelComparison(a, a).more == nil)
    }

    @Test("Files of equal bytes are one table, and each model's texts come from its own file")
    func equalFiles() throws {
        let (first, folder) = (try TestFolder(), try TestFolder())
        let text = #"{"model": {"vocab": {"\u00e9\"": 0, "b": 1}}, "added_tokens": [{"content": "<s>", "id": 2}]}"#
        let (a, b) = (try model(first, "a", text), try model(folder, "b", text))
        let spaced = try model(folder, "c", text.replacing(": ", with: " :\n"))
        let other = try model(folder, "d", text.replacing(#""\u00e9\"": 0"#, with: "\"e\": 0"))
        let tables = try [a, b, spaced].map { try #require(TokenTable($0)) }
        #expect(tables[0].isCopy(of: tables[1]) && !tables[1].isCopy(of: tables[2]))
        #expect(TokenizerComparison(TokenTable(b), TokenTable(spaced)).count == 0)
        try FileManager.default.removeItem(atPath: first.path)
        let found = TokenizerComparison(TokenTable(b), TokenTable(other))
        #expect(found.count == 1 && found.example?.own == "é\"" && found.example?.other == "e")
        #expect(TokenizerComparison(TokenTable(a), TokenTable(other)).example?.own == "?")
    }

    @Test("What the files say is read once, when it is asked for first; a damaged one says nothing")
    func facts() throws {
        let folder = try TestFolder()
        let text = #"{"added_tokens": [{"id": 7, "content": "<e>", "special": true}], "model": {"vocab": [["a", 0]]}}"#
        try folder.write(
            #"{"eos_token": {"content": "<e>"}, "added_tokens_decoder": {"9": {"content": "<x>"}}}"#,
            "m/tokenizer_config.json")
        try folder.write("{\"model\": {\"vocab\": {\"a\": 0}}", "n/tokenizer.json")
        let model = try model(folder, "m", "{}")
        try folder.write(text, "m/tokenizer.json")
        let facts = TokenizerFacts(model)
        try folder.write("{}", "m/tokenizer.json")
        #expect(
            facts.largest == 9 && facts.added == ["<e>": 7, "<x>": 9] && facts.endID == 7 && facts.text(9) == "<x>")
        #expect(TokenizerFacts(model).largest == 9 && TokenTable(model) != nil)
        let damaged = TokenizerFacts(try folder.model("n", [Sample("a.weight", [1], 0)]))
        #expect(damaged.largest == nil && damaged.added == [:])
    }
}
