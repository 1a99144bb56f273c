import DPPA
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
}
