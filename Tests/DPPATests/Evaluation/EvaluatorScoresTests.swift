import DPPA
import Testing

/// Sound numbers come out of what an evaluator prints, and nothing else does.
@Suite("External evaluator's scores")
struct EvaluatorScoresTests: EvaluatorRuns {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    @Test("Plain numbers and objects, in the order of the tasks")
    func ownLayout() async throws {
        let text = """
            {"gsm8k": 0.41, "math": {"value": 2, "standard_error": 0.01, "count": 500}, "x": {"value": -1e-3}}
            """
        let scores = try await score(printing(text), ["x", "math", "gsm8k"])
        #expect(scores.map(\.task) == ["x", "math", "gsm8k"])
        #expect(scores.map(\.value) == [-1e-3, 2, 0.41])
        #expect(scores.map(\.standardError) == [nil, 0.01, nil])
        #expect(scores.map(\.count) == [nil, 500, nil])
        #expect(scores.allSatisfy { $0.metric == nil && $0.seconds > 0 })
        let nothing = try await score(printing(#"{"a": {"value": 1, "standard_error": null, "count": null}}"#))
        #expect(nothing[0].standardError == nil && nothing[0].count == nil)
        #expect(try await score(printing("{}"), []).isEmpty)
    }

    @Test("The layout of lm-eval-harness: the first number that is no standard error")
    func harnessLayout() async throws {
        let text = """
            {"results": {
              "gsm8k": {"alias": "gsm8k", "exact_match,strict-match": 0.41, "exact_match_stderr,strict-match": 0.01,
                        "exact_match,z": 0.5, "acc_stderr,none": 0.2},
              "plain": {"alias": " - plain", "acc": 1, "acc_stderr": "N/A"},
              "group": {" ": " ", "alias": "group"}},
             "config": {"limit": null}}
            """
        let scores = try await score(printing(text), ["gsm8k", "plain"])
        #expect(scores.map(\.value) == [0.41, 1])
        #expect(scores.map(\.standardError) == [0.01, nil])
        try await expectFailure(.data, ["gave no number for 'group'"], of: printing(text), ["group"])
        #expect(try await score(printing(#"{"results": 0.25}"#), ["results"])[0].value == 0.25)
        #expect(try await score(printing(#"{"results": {"value": 0.5}}"#), ["results"])[0].value == 0.5)
    }

    @Test(
        "The object is the whole of the output or its last line that is one",
        arguments: [
            "{\n  \"a\": 1\n}\n", "loading\n{\"a\": 1}", "\n\t{\"a\": 1}  ",
            "{\"a\": 0}\n  {\"a\": 1}\r\n\nbye\n[1]\n{not JSON}\n",
            "{'a': NaN}\n{\"a\": 1, \"other\": NaN}",
        ])
    func wholeOrLine(text: String) async throws { #expect(try await score(printing(text))[0].value == 1) }

    @Test("Outputs without a score say what is wrong and where the output is")
    func badScores() async throws {
        let cases: [(String, String)] = [
            ("", "printed no JSON object"), ("0.41", "no JSON object"), ("[{\"a\": 1}]", "no JSON object"),
            ("{\"a\": 1} trailing", "no JSON object"), ("{'a': 1}", "no JSON object"),
            ("{}", "gave no score at all"), ("{\"c\": 1, \"b\": 2}", "gave scores for 'b', 'c'"),
            ("{\"results\": {\"b\": {\"acc\": 1}}}", "gave scores for 'b'"),
            ("{\"a\": NaN}", "not finite: nan"), ("{\"a\": -Infinity}", "not finite: -inf"),
            ("{\"a\": 1e999}", "not finite"), ("{\"results\": {\"a\": {\"acc\": NaN}}}", "not finite"),
            ("{\"a\": true}", "not a number"), ("{\"a\": \"0.4\"}", "not a number"), ("{\"a\": null}", "not a number"),
            ("{\"a\": [1]}", "not a number"), ("{\"a\": {\"score\": 1}}", "not a number"),
            ("{\"a\": {\"value\": 1, \"standard_error\": \"x\"}}", "a standard error for 'a' that is not a number"),
            ("{\"a\": {\"value\": 1, \"count\": 1.5}}", "no whole number"),
        ]
        for (text, words) in cases {
            try await expectFailure(.data, [words, "the evaluator 'cat ", log], of: printing(text))
        }
    }
}
