import DPPA
import Foundation
import Testing

/// One task file for each way to be wrong.
@Suite("Malformed tasks")
struct MalformedTaskTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    /// A task whose second line is wrong.
    static func line(_ name: String, _ line: String, _ words: String...) -> Malformed {
        Malformed(name, words + ["t.jsonl:2: "]) { Array("{\"prompt\":[1],\"target\":[2]}\n\(line)\n".utf8) }
    }

    /// A task whose first line says what the others do not.
    static func first(_ name: String, _ line: String, _ words: String...) -> Malformed {
        Malformed(name, words + ["t.jsonl:1: "]) { Array("\(line)\n{\"prompt\":[1],\"answer_text\":\"2\"}\n".utf8) }
    }

    static let syntax: [Malformed] = [
        Malformed("empty", "", "t.jsonl has no questions"), Malformed("empty lines", "\n \r\n\t\n", "has no questions"),
        Malformed("a first line alone", "{\"metric\":\"generate\"}\n", "has no questions"),
        line("no JSON", "prompt", "not a JSON object: expected '{', got 'p' (byte 0)"),
        line("a list", "[1]", "not a JSON object: expected '{', got '['"), line("null", "null", "got 'n'"),
        line("cut short", "{\"prompt\":[1", "expected ']', got the end"),
        line("two objects", "{\"prompt\":[1]}{}", "text behind"),
        line("a comma too many", "{\"prompt\":[1],\"target\":[2],}", "expected '\"', got '}'"),
        line("a key twice", "{\"prompt\":[1],\"target\":[2],\"target\":[3]}", "'target' appears twice"),
        line("NaN", "{\"prompt\":[NaN],\"target\":[2]}", "not a JSON object"),
        line("a power too large", "{\"prompt\":[1],\"target\":[1e999]}", "not a JSON object"),
        line(
            "100 000 lists deep", "{\"prompt\":" + String(repeating: "[", count: 100_000), "nested more than 512 deep"),
        line(
            "100 000 lists deep and closed",
            "{\"prompt\":" + String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000) + "}",
            "not a JSON object"),
        line("half a surrogate pair", "{\"prompt\":[1],\"answer_text\":\"\\ud800\"}", "surrogate"),
        Malformed("not UTF-8", ["t.jsonl:1: ", "not UTF-8"]) {
            Array("{\"prompt\":[1],\"answer_text\":\"".utf8) + [0xFF] + Array("\"}".utf8)
        },
        Malformed("UTF-16", ["t.jsonl:1: ", "got the byte 255"]) { [0xFF, 0xFE, 0x7B, 0, 0x7D, 0] },
        Malformed("a line of 17 MB", ["t.jsonl:1: ", "the line has 17000000 bytes"]) {
            [UInt8](repeating: UInt8(ascii: "["), count: 17_000_000)
        },
        Malformed("16 million empty lines", ["has no questions"]) { [UInt8](repeating: 10, count: 1 << 24) },
    ]

    static let tokens: [Malformed] = [
        "null", "1", "\"1\"", "{}", "[]", "[\"1\"]", "[null]", "[[1]]", "[-1]", "[1.5]", "[true]", "[2147483648]",
        "[1e10]",
        "[9223372036854775808]", "[18446744073709551616]", "[123456789012345678901234567890]", "[1e300]",
    ].flatMap { value in
        [
            line("prompt \(value)", "{\"prompt\":\(value),\"target\":[1]}", "'prompt' must be a list of token ids"),
            line("target \(value)", "{\"prompt\":[1],\"target\":\(value)}", "'target' must be a list of token ids"),
        ]
    }

    static let fields: [Malformed] =
        [
            "null", "-1", "2", "0.5", "true", "\"0\"", "[0]", "9223372036854775807", "123456789012345678901234567890",
        ].map { value in
            Malformed("answer \(value)", ["t.jsonl:1: ", "'answer' must be the index of a choice, from 0 to 1"]) {
                Array("{\"prompt\":[1],\"choices\":[[1],[2]],\"answer\":\(value)}".utf8)
            }
        }
        + ["null", "1", "[]", "[[1]]", "[1,2]", "[[1],[]]", "[[1],null]", "{}", "[[1],[true]]"].map { value in
            Malformed("choices \(value)", ["t.jsonl:1: ", "'choices' must be a list of "]) {
                Array("{\"prompt\":[1],\"choices\":\(value),\"answer\":0}".utf8)
            }
        }

    static let firstLines: [Malformed] =
        [
            first("metric is a number", "{\"metric\":1}", "'metric' must be one of"),
            first("metric is null", "{\"metric\":null}", "'metric' must be one of"),
            first("metric is not known", "{\"metric\":\"bleu\"}", "'metric' must be one of"),
            first("a key that is not known", "{\"metric\":\"generate\",\"\\u0000\":1}", "has no key '\\0'"),
            first("stop is a number", "{\"metric\":\"generate\",\"stop\":2}", "'stop' must be a list"),
            first("stop holds true", "{\"metric\":\"generate\",\"stop\":[true]}", "'stop' must be a list"),
            first("answer_after is empty", "{\"metric\":\"generate\",\"answer_after\":\"\"}", "'answer_after' must be"),
            first("answer_after is a list", "{\"metric\":\"generate\",\"answer_after\":[]}", "'answer_after' must be"),
        ]
        + ["0", "-1", "100001", "1.5", "true", "\"8\"", "1e30", "null"].map {
            first(
                "max_tokens \($0)", "{\"metric\":\"generate\",\"max_tokens\":\($0)}",
                "'max_tokens' must be a whole number")
        }

    @Test("Its text", arguments: syntax) func refuseSyntax(file: Malformed) throws { try refuse(file) }

    @Test("Tokens", arguments: tokens) func refuseTokens(file: Malformed) throws { try refuse(file) }

    @Test("Choices and answers", arguments: fields) func refuseFields(file: Malformed) throws { try refuse(file) }

    @Test("The first line", arguments: firstLines) func refuseFirstLines(file: Malformed) throws { try refuse(file) }

    @Test("More tokens to generate than memory holds")
    func generation() throws {
        let (_, _, _, model) = try ForwardPassTests.open("llama1", EngineOptions(threads: 1))
        let text = try model.text("config.json")
        let positions = "\"max_position_embeddings\""
        #expect(text.contains(positions))
        try model.write(text.replacingOccurrences(of: positions, with: "\"positions\""), "config.json")
        let checkpoint = try OpenModel(at: model.path, label: "m")
        let graph = Graph()
        let node = try graph.source(checkpoint)
        let engine = Engine(graph, options: EngineOptions(threads: 1, memory: 70 << 20))
        let evaluator = Evaluator(engine, dtype: nil)
        try folder.write(
            "{\"metric\":\"generate\",\"max_tokens\":100000}\n{\"prompt\":[1],\"answer_text\":\"2\"}", "t.jsonl")
        let task = try EvaluationTask(path: folder.path + "/t.jsonl")
        expectError(.limit, ["t.jsonl:2: generating 100000 tokens needs", "max_tokens"]) {
            _ = try evaluator.score([node], on: [task])
        }
    }

    func refuse(_ file: Malformed) throws {
        try file.expectRefusal(in: folder, as: "t.jsonl") { _ = try EvaluationTask(path: $0) }
    }
}
