import DPPA
import Foundation
import Testing

/// Tasks of texts that are wrong, each with what is said of it.
@Suite("Malformed tasks of texts")
struct MalformedTextTaskTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    /// A file of questions whose second line is wrong.
    static func line(_ name: String, _ line: String, _ words: String..., first: String? = nil) -> Malformed {
        Malformed(name, words + ["t.jsonl:2: "]) {
            Array("\(first ?? "{\"prompt\":\"a\",\"target\":\"b\"}")\n\(line)\n".utf8)
        }
    }

    static func first(_ name: String, _ line: String, _ words: String...) -> Malformed {
        Malformed(name, words + ["t.jsonl:1: "]) { Array("\(line)\n{\"prompt\":\"a\",\"target\":\"2\"}\n".utf8) }
    }

    private static let choice = "{\"prompt\":\"a\",\"choices\":[\"b\",\"c\"],\"answer\":0}"

    static let lines: [Malformed] = [
        line("no prompt", "{\"promt\":\"a\",\"target\":\"b\"}", "there is no 'prompt'; did you mean 'promt'?"),
        line("no target", "{\"prompt\":\"a\"}", "there is no 'target'", "line 1 says what kind of question all are"),
        line("an empty target", "{\"prompt\":\"a\",\"target\":\"\"}", "'target' must be a text that is not empty"),
        line("a number as target", "{\"prompt\":\"a\",\"target\":4}", "'target' must be a text"),
        line(
            "token ids among texts", "{\"prompt\":[1],\"target\":[2]}",
            "'prompt' must be a text, as in the first question (line 1)"),
        line(
            "texts among token ids", "{\"prompt\":\"a\",\"target\":\"b\"}",
            "'prompt' must be a list of token ids, as in the first question (line 1)",
            first: "{\"prompt\":[1],\"target\":[2]}"),
        line("a choice among targets", choice, "there is no 'target'"),
        line("a document among targets", "{\"text\":\"a\"}", "there is no 'prompt'"),
        line("one choice", "{\"prompt\":\"a\",\"choices\":[\"b\"],\"answer\":0}", "two or more texts", first: choice),
        line("an empty choice", "{\"prompt\":\"a\",\"choices\":[\"b\",\"\"],\"answer\":0}", "not empty", first: choice),
        line("no answer", "{\"prompt\":\"a\",\"choices\":[\"b\",\"c\"]}", "there is no 'answer'", first: choice),
        line(
            "an answer out of range", "{\"prompt\":\"a\",\"choices\":[\"b\",\"c\"],\"answer\":2}",
            "'answer' must be the index of a choice, from 0 to 1", first: choice),
        line(
            "an answer that is no choice", "{\"prompt\":\"a\",\"choices\":[\"b\",\"c\"],\"answer\":\"d\"}",
            "or one of the choices; it is 'd'", first: choice),
        line(
            "an answer that is two things", "{\"prompt\":\"a\",\"choices\":[\"1\",\"0\"],\"answer\":\"0\"}",
            "which is choice 1 and the index of another one", first: choice),
        line(
            "a document without text", "{\"text\":\"\"}", "'text' must be a text that is not empty",
            first: "{\"text\":\"a\"}"),
        line(
            "a number that is none", "{\"prompt\":\"a\",\"target\":\"blue\"}",
            "the right answer 'blue' has no number", "answer_is", first: "{\"metric\":\"generate\"}"),
        line(
            "two right answers", "{\"prompt\":\"a\",\"target\":\"1\",\"answer_text\":\"1\"}", "are both there",
            first: "{\"metric\":\"generate\"}"),
        Malformed("Latin-1", ["t.jsonl:2: ", "not UTF-8"]) {
            Array("{\"prompt\":\"a\",\"target\":\"b\"}\n{\"prompt\":\"Gr".utf8) + [0xFC]
                + Array("n\",\"target\":\"b\"}".utf8)
        },
        Malformed("UTF-16 with little ends", ["t.jsonl:1: ", "got the byte 255"]) {
            [0xFF, 0xFE] + Array("{\0\"\0".utf8)
        },
    ]

    static let firstLines: [Malformed] = [
        first(
            "stop that is a number alone", "{\"metric\":\"generate\",\"stop\":7}",
            "'stop' must be a list of token ids or texts"),
        first(
            "an empty stop", "{\"metric\":\"generate\",\"stop\":[\"\"]}", "'stop' must be a list of token ids or texts"),
        first("stop for another metric", "{\"metric\":\"exact_match\",\"stop\":[\"b\"]}", "'stop' is for generate"),
        first("window for questions", "{\"metric\":\"exact_match\",\"window\":8}", "'window' is for documents"),
        first("a misspelt key", "{\"metric\":\"generate\",\"stopp\":[]}", "has no key 'stopp'; did you mean 'stop'?"),
        first("data in a file of questions", "{\"metric\":\"generate\",\"data\":\"a\"}", "has no key 'data'"),
        first("a shape that is none", "{\"metric\":\"generate\",\"answer_is\":\"word\"}", "one of line, number, text"),
        first(
            "two shapes", "{\"metric\":\"generate\",\"answer_is\":\"line\",\"answer_pattern\":\"a\"}",
            "exclude each other"),
        first(
            "a pattern that is none", "{\"metric\":\"generate\",\"answer_pattern\":\"(a\"}",
            "a pattern of 'answer_pattern' has '(' without ')'"),
        first("a lazy pattern", "{\"metric\":\"generate\",\"answer_pattern\":\"a*?\"}", "a lazy quantifier"),
        first(
            "examples that are not named", "{\"metric\":\"exact_match\",\"num_fewshot\":2}",
            "'num_fewshot' needs 'examples'"),
        first(
            "examples that are not there", "{\"metric\":\"exact_match\",\"examples\":\"e.jsonl\"}", "and there is no "
        ).coded(.missingInput),
        first("examples elsewhere", "{\"metric\":\"exact_match\",\"examples\":\"../e.jsonl\"}", "not beside the task"),
        first(
            "examples at the root", "{\"metric\":\"exact_match\",\"examples\":\"/etc/passwd\"}", "not beside the task"),
        first("chat that is a number", "{\"metric\":\"exact_match\",\"chat\":1}", "'chat' must be true or false"),
        first("a window of one", "{\"metric\":\"perplexity\",\"window\":1}", "'window' must be a whole number from 2"),
        first(
            "a delimiter that does nothing", "{\"metric\":\"exact_match\",\"fewshot_delimiter\":\"x\"}",
            "there are none"),
        first(
            "a template that is none", "{\"metric\":\"exact_match\",\"prompt\":\"{{a\"}",
            "'prompt', line 1: '{{' without '}}'"),
        first("a template of a list", "{\"metric\":\"exact_match\",\"prompt\":[\"a\"]}", "'prompt' must be a template"),
    ]

    @Test("Lines", arguments: lines) func refuseLines(file: Malformed) throws {
        try file.expectRefusal(in: folder, as: "t.jsonl") { _ = try EvaluationTask(path: $0) }
    }

    @Test("The first line", arguments: firstLines) func refuseFirstLines(file: Malformed) throws {
        try file.expectRefusal(in: folder, as: "t.jsonl") { _ = try EvaluationTask(path: $0) }
    }

    @Test(
        "A task file with its data",
        arguments: [
            ("{\"prompt\": \"{{q}}\"}", "the task has no 'data'"), ("{\n \"data\": 1}", "'data' must be a text"),
            ("{\n\"data\" \"a\"}", "line 2, column 8"),
            ("{\"data\": \"d.jsonl\", \"promt\": \"{{q}}\"}", "a task has no key 'promt'; did you mean 'prompt'?"),
            ("{\"data\": \"nothing.jsonl\"}", "there is no "), ("{\"data\": \"d.json\"}", "did you mean 'd.jsonl'?"),
            ("{\"data\": \"../d.jsonl\"}", "not beside the task"),
            ("{\"data\": \"out.jsonl\"}", "leads out of the folder of the task"),
            ("{\"data\": \"d.jsonl\", \"prompt\": \"{{q}}\", \"target\": \"{{b}}\"}", "d.jsonl:1: "),
            ("{\"data\": \"d.jsonl\", \"prompt\": \"{{q}}\", \"target\": \"{{b}}\"}", "there is no 'b'"),
            ("{\"data\": \"d.jsonl\", \"prompt\": \"{{q}}\", \"choices\": \"{{c}}\"}", "there is no 'answer'"),
            (
                "{\"data\": \"d.jsonl\", \"prompt\": \"{{q}}\", \"choices\": \"{{q}}\", \"answer\": 0}",
                "'choices' must be a list of two or more texts"
            ),
            ("{\"data\": \"d.jsonl\", \"prompt\": \"{{c}}\", \"target\": \"{{a}}\"}", "a list is written as text"),
            (
                "{\"data\": \"d.jsonl\", \"prompt\": \"{{q}}\", \"choices\": \"{{c}}\", \"answer\": \"{{c}}\"}",
                "gives a list"
            ),
            (
                "{\"data\": \"d.jsonl\", \"metric\": \"acc_norm\", \"prompt\": \"{{q}}\", \"target\": \"{{a}}\"}",
                "there is no 'choices'"
            ),
            ("{\"data\": \"empty.jsonl\"}", "has no questions"),
            (
                "{\"data\": \"d.jsonl\", \"prompt\": \"{{q}}\", \"target\": \"{{a}}\", \"examples\": \"d.jsonl\", \"num_fewshot\": 2}",
                "'num_fewshot' is 2"
            ),
        ])
    func refuseTaskFiles(text: String, message: String) throws {
        let outside = try TestFolder()
        try outside.write("{}", "o.jsonl")
        try folder.write("{\"q\": \"x\", \"a\": \"y\", \"c\": [\"u\", \"v\"]}\n", "d.jsonl")
        try folder.write("\n", "empty.jsonl")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/out.jsonl", withDestinationPath: outside.path + "/o.jsonl")
        let path = try folder.write(text, "t.json")
        let error = #expect(throws: DPPAError.self) { try EvaluationTask(path: path) }
        let all = ([error?.message ?? ""] + (error?.notes ?? [])).joined(separator: "\n")
        #expect(all.contains(message), "\(all)")
    }

    // MARK: With a model

    private func refuse(
        _ lines: String..., code: DPPAError.Code = .data, words: [String],
        _ change: (TestFolder) throws -> Void = { _ in }
    ) throws {
        let model = try TextTaskTests.model("plain")
        try change(model)
        let path = try model.write(lines.joined(separator: "\n"), "task.jsonl")
        expectError(code, words) { _ = try TextTaskTests.results(model, path) }
    }

    @Test func aModelWithoutTokenizerIsToldSo() throws {
        let words = ["has no tokenizer, which tasks of texts need", "looked for tokenizer.json and tokenizer.model"]
        try refuse("{\"text\": \"a\"}", code: .missingInput, words: words) {
            try FileManager.default.removeItem(atPath: $0.path + "/tokenizer.json")
        }
    }

    @Test func whatIsTooLongIsRefusedWithItsLine() throws {
        let long = String(repeating: "one two three ", count: 400)
        let line = "{\"prompt\": \"\(long)\", \"target\": \"b\"}"
        let short = "{\"prompt\": \"a\", \"target\": \"b\"}"
        try refuse(
            short, line, words: ["task.jsonl:2: ", "tiny takes 1024 (max_position_embeddings)", "shorten the question"])
        let generate = "{\"metric\": \"generate\", \"max_tokens\": 2000}"
        try refuse(
            generate, "{\"prompt\": \"a\", \"target\": \"1\"}",
            words: ["task.jsonl:2: ", "2000 of them to be generated", "max_tokens"])
        try refuse(
            "{\"metric\": \"perplexity\", \"window\": 2000}", "{\"text\": \"a\"}",
            words: ["task.jsonl:2: ", "'window' is 2000"])
    }

    @Test func whatADeclarationSaysInVainIsAnError() throws {
        try refuse(
            "{\"metric\": \"acc\", \"chat\": true}", "{\"prompt\": [1], \"choices\": [[1], [2]], \"answer\": 0}",
            words: ["task.jsonl:1: 'chat' is for texts"])
        try refuse(
            "{\"metric\": \"acc_norm\"}", "{\"prompt\": [1], \"choices\": [[1], [2]], \"answer\": 0}",
            words: ["acc_norm is of texts"])
        try refuse(
            "{\"metric\": \"perplexity\", \"chat\": true}", "{\"text\": \"a\"}", words: ["'chat' is for questions"])
    }

    @Test func chatTemplatesThatAreNotReadAreNamed() throws {
        let lines = ("{\"metric\": \"exact_match\", \"chat\": true}", "{\"prompt\": \"a\", \"target\": \"b\"}")
        func template(_ text: String?, _ words: String..., code: DPPAError.Code = .data) throws {
            try refuse(lines.0, lines.1, code: code, words: words) { model in
                if let text {
                    try model.write(text, "chat_template.jinja")
                } else {
                    try model.write("{\"bos_token\": \"<s>\"}", "tokenizer_config.json")
                }
            }
        }
        try template(nil, "has no chat template, and the task says 'chat'", code: .missingInput)
        try template(
            "{{ bos_token }}\n{% macro a() %}{% endmacro %}",
            "task.jsonl:2: chat_template.jinja of tiny, line 2: '{% macro %}' is not read")
        try template(
            "{{ raise_exception('System role not supported') }}", "the template refuses: System role not supported")
        try template("{% for m in messages %}{{ m.contents.x }}{% endfor %}", "there is no 'contents'")
    }

    @Test func aTokenizerThatNamesNoBeginningIsToldSo() throws {
        try refuse("{\"text\": \"a\"}", words: ["task.jsonl:1: ", "names no token that begins or ends a text"]) {
            try $0.write("{\"model_max_length\": 9}", "tokenizer_config.json")
        }
    }

    @Test func aTokenizerOfAnotherModelIsToldSo() throws {
        try refuse(
            "{\"text\": \"a<tool>b\"}", words: ["is not in the vocabulary of tiny", "the tokenizer beside the model"]
        ) { model in
            let text = try model.text("tokenizer.json").replacingOccurrences(of: "\"id\":450", with: "\"id\":900")
            try model.write(text, "tokenizer.json")
        }
    }
}
