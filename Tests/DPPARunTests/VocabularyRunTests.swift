import DPPA
import DPPAScript
import Foundation
import Testing

/// Recipes over models with different tokens, against rows and tokens that `Fixtures/vocabulary/generate.py` has found with
/// torch and tokenizers.
@Suite struct VocabularyRunTests {
    private static let fixtures = Folders.fixtures + "/vocabulary"
    private static let labels = ["base", "chat", "code", "law"]
    private static let rows = ["model.embed_tokens.weight", "lm_head.weight"]

    /// A folder with the models, and a recipe that saves all views of them.
    private func recipe(_ options: String, _ more: String = "") throws -> (scratch: Scratch, path: String) {
        let scratch = try Scratch()
        for label in Self.labels {
            try FileManager.default.copyItem(atPath: Self.fixtures + "/" + label, toPath: scratch.path + "/" + label)
        }
        let path = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local base, experts = dppa.family { base = "base", experts = { "chat", "code", "law" }, \(options) }
            \(more.isEmpty ? "base:save \"base\" for _, e in ipairs(experts) do e:save(dppa.label(e)) end" : more)
            """, "recipe.lua")
        return (scratch, path)
    }

    /// Runs it; what it has written goes away with the folder of the models.
    private func run(_ recipe: (scratch: Scratch, path: String)) throws -> (out: String, warnings: [String]) {
        let out = recipe.scratch.path + "/out"
        return (out, try RecipeRun(recipe.path).run(.init(out: out)).warnings)
    }

    private func json(_ path: String) throws -> JSONObject { try ImportVocabularyTests.json(path) }

    private static func expectation() throws -> JSONObject {
        let path = fixtures + "/expected/expected.json"
        return try JSONObject(Data(contentsOf: URL(fileURLWithPath: path)), file: path)
    }

    private func ids(_ tokenizer: JSONObject) -> [String: Int] { ImportVocabularyTests.ids(tokenizer) }

    static let cases: [(name: String, options: String)] = [
        ("union", "vocabulary = \"union\""), ("base", "vocabulary = \"base\""), ("law", "vocabulary = \"law\""),
        ("padded", "vocabulary = \"union\", pad_to_multiple = 64"),
        ("cut", "vocabulary = \"union\", pad_to_multiple = 1"),
        (
            "named",
            """
            vocabulary = "union", tokens = { ["<|im_start|>"] = { from = "code", force = true },
              ["<|neu|>"] = { from = "chat", token = "<|im_end|>" }, ["<|gap|>"] = "zero" }
            """
        ),
    ]

    @Test(arguments: cases)
    func everyModelHasARowForEachToken(name: String, options: String) throws {
        let models = try recipe(options)
        defer { withExtendedLifetime(models) {} }
        let (out, _) = try run(models)
        let expected = try Written(Self.fixtures + "/expected/\(name).safetensors")
        let facts = try #require(Self.expectation()["cases"]?[name])
        let count = facts["rows"]?.int
        for label in Self.labels {
            let model = try Written(out + "/" + label)
            for row in Self.rows {
                let want = try #require(expected.tensors["\(label).\(row)"])
                // The base's head is written for all, as most have one of their own.
                let got = try #require(model.tensors[row])
                #expect(
                    got.shape == want.shape && got.dtype == want.dtype && got.shape.first == count, "\(label) \(row)")
                let wrong = (0..<(count ?? 0)).filter {
                    got.bytes[$0 * 8..<$0 * 8 + 8] != want.bytes[$0 * 8..<$0 * 8 + 8]
                }
                #expect(wrong == [], "\(label) \(row)")
            }
            #expect(try json(out + "/\(label)/config.json")["vocab_size"]?.int == count)
            let found = ids(try json(out + "/\(label)/tokenizer.json"))
            for (token, id) in facts["ids"]?.object?.members ?? [] { #expect(found[token] == id.int, "\(token)") }
            #expect(found.values.filter { $0 >= 256 }.count == facts["ids"]?.object?.members.count)
        }
    }

    /// The union's files say of each new token what its owner's say, and hold the merges that make new pieces.
    @Test func unionFiles() throws {
        let models = try recipe("vocabulary = \"union\"", "return base")
        defer { withExtendedLifetime(models) {} }
        let (out, _) = try run(models)
        let expected = try Self.expectation()
        let tokenizer = try json(out + "/tokenizer.json")
        let merges = tokenizer["model"]?["merges"]?.array?.map { $0.string ?? "" }
        #expect(merges == expected["merges"]?.array?.map { ($0.array ?? []).map(\.description).joined(separator: " ") })
        let known = ids(tokenizer)
        let settings = try json(out + "/tokenizer_config.json")
        for entry in tokenizer["added_tokens"]?.array ?? [] {
            let text = try #require(entry["content"]?.string)
            let own = try #require(expected["added"]?[text])
            for flag in ["single_word", "lstrip", "rstrip", "normalized", "special"] {
                #expect(entry[flag]?.bool == own[flag]?.bool, "\(text) \(flag)")
                let decoder = settings["added_tokens_decoder"]?["\(known[text] ?? -1)"]
                #expect(
                    decoder?["content"]?.string == text && decoder?[flag]?.bool == own[flag]?.bool, "\(text) \(flag)")
            }
            #expect(try json(out + "/added_tokens.json")[text]?.int == known[text])
        }
        // Readers number added tokens that are no pieces by themselves.
        let pieces = tokenizer["model"]?["vocab"]?.object
        for text in ["<|end|>", "<|日本|>", "<|gap|>"] { #expect(pieces?[text]?.int == known[text]) }
        for object in [settings, try json(out + "/special_tokens_map.json")] {
            let listed = object["additional_special_tokens"]?.array?.compactMap(\.string)
            #expect(listed == ["<|im_start|>", "<|im_end|>"])
        }
        // What was there stands as it stood.
        let before = try String(contentsOfFile: Self.fixtures + "/base/tokenizer.json", encoding: .utf8)
        let after = try String(contentsOfFile: out + "/tokenizer.json", encoding: .utf8)
        #expect(after.split(separator: "\n").count > before.split(separator: "\n").count)
        var rest = after.split(separator: "\n")[...]
        for line in before.split(separator: "\n") {
            let place = rest.firstIndex { $0 == line || $0.dropLast() == line && $0.last == "," }
            #expect(place != nil, "\(line)")
            if let place { rest = rest[(place + 1)...] }
        }
    }

    @Test func aTemplateOfAnExpertStopsAtItsToken() throws {
        let models = try recipe("vocabulary = \"union\"", "base:save(\"turns\", { tokenizer = experts[1] })")
        _ = try models.scratch.write("{{ messages }}<|im_end|>", "chat/chat_template.jinja")
        defer { withExtendedLifetime(models) {} }
        let (out, warnings) = try run(models)
        let generation = try json(out + "/turns/generation_config.json")
        #expect(generation["eos_token_id"]?.array?.compactMap(\.int) == [260, 265])
        #expect(FileManager.default.fileExists(atPath: out + "/turns/chat_template.jinja"))
        let all = try String(contentsOfFile: out + "/turns/README.md", encoding: .utf8) + warnings.joined()
        #expect(all.contains("the tokenizer is that of base, whose ids the rows have"))
    }

    /// As `--set` gives it to a shipped recipe: the whole delta of one expert is the expert.
    @Test func shippedRecipesTakeIt() throws {
        let scratch = try Scratch()
        var options = [
            "base": Self.fixtures + "/base", "experts": Self.fixtures + "/code", "vocabulary": "union",
            "tokens": "<|im_start|>=zero", "pad_to_multiple": "8", "lambda": "1",
        ]
        let path = Folders.recipes + "/task_arithmetic.lua"
        let (outcome, model) = try DPPARunTests.run(path, options, in: scratch)
        let rows = try #require(model.tensors[Self.rows[0]])
        #expect(rows.shape == [272, 4])
        let code = try Written(Self.fixtures + "/code").floats(Self.rows[0])
        let merged = model.floats(Self.rows[0])
        #expect(Array(merged[262 * 4..<266 * 4]) == Array(code[260 * 4..<262 * 4]) + Array(code[263 * 4..<265 * 4]))
        #expect(outcome.warnings.contains { $0.contains("4 tokens added to its vocabulary: 'abcd' is 262 (of code)") })
        options["tokens"] = "<|im_start|>"
        #expect(throws: (any Error).self) { _ = try DPPARunTests.run(path, options, in: scratch) }
        options["tokens"] = nil
        options["vocabulary"] = nil
        #expect(throws: (any Error).self) { _ = try DPPARunTests.run(path, options, in: scratch) }
    }

    /// Before a weight is read.
    @Test func checkTellsDifferences() throws {
        let scratch = try Scratch()
        var request = RecipeRun.Request(out: scratch.path + "/out")
        request.options = ["base": Self.fixtures + "/base", "experts": "\(Self.fixtures)/chat,\(Self.fixtures)/code"]
        func warnings() throws -> [String] {
            let run = try RecipeRun(Folders.recipes + "/task_arithmetic.lua").trace(request, isDry: true)
            return try RecipePlan(run, dtype: nil).warnings
        }
        let lines = try warnings()
        for line in [
            "warning: chat has 2 more tokens than base: '<|im_start|>', '<|im_end|>'",
            "warning: code has 4 more tokens than base: 'abcd', 'abcdĠt', '<|im_start|>', '<|日本|>'",
            "note: code lacks 1 token of base: '<|pad|>'",
        ] { #expect(lines.contains(line), "\(lines)") }
        #expect(lines.contains { $0.contains("--set vocabulary=union") })
        request.options["vocabulary"] = "union"
        let quiet = try warnings()
        #expect(!quiet.contains { $0.contains("more token") || $0.contains("stand for other tokens") }, "\(quiet)")
        #expect(quiet.contains { $0.hasPrefix("note: code: 272 rows, by token: 5 moved, 2 that it lacks") }, "\(quiet)")
    }

    @Test func equalTokensAreLeftAlone() throws {
        let scratch = try Scratch()
        let options = [
            "base": Self.fixtures + "/base", "experts": "twin=\(Self.fixtures)/base", "vocabulary": "union",
        ]
        let outcome = try DPPARunTests.run(Folders.recipes + "/task_arithmetic.lua", options, in: scratch).outcome
        #expect(outcome.warnings.contains { $0.contains("all models have the same tokens") }, "\(outcome.warnings)")
        for name in ["tokenizer.json", "tokenizer_config.json", "config.json"] {
            #expect(
                FileManager.default.contentsEqual(
                    atPath: Self.fixtures + "/base/" + name, andPath: scratch.path + "/out/" + name), "\(name)")
        }
    }

    @Test(arguments: [
        ("vocabulary = \"unoin\"", "did you mean 'union'"), ("vocabulary = \"chta\"", "did you mean 'chat'"),
        ("vocabulary = \"union\", rows = \"expert\"", "leave one of them out"),
        ("tokens = { [\"<|x|>\"] = \"zero\" }", "vocabulary = \"base\""),
        ("pad_to_multiple = 8", "vocabulary = \"base\""),
        ("vocabulary = \"union\", pad_to_multiple = 0", "pad_to_multiple"),
        ("vocabulary = \"union\", pad_to_multiple = 1000000", "from 1 to 65536"),
        ("vocabulary = \"union\", tokens = { [\"<|im_start|>\"] = \"chta\" }", "did you mean 'chat'"),
        (
            "vocabulary = \"union\", tokens = { [\"<|n|>\"] = { from = \"chat\", token = \"<|im_strat|>\" } }",
            "'<|im_start|>'"
        ),
        ("vocabulary = \"union\", tokens = { [\"<|n|>\"] = \"mean\" }", "no model has '<|n|>'"),
        ("vocabulary = \"union\", tokens = { [\"<|n|>\"] = { form = \"chat\" } }", "did you mean 'from'"),
        (
            "vocabulary = \"union\", tokens = { [\"<|n|>\"] = { from = \"chat\", id = 272 } }",
            "row 272 of chat"
        ),
        (
            "vocabulary = \"union\", tokens = { [\"<|n|>\"] = { from = \"chat\", id = 3, token = \"a\" } }",
            "from a token and from an id"
        ),
        ("vocabulary = \"union\", tokens = { [\"<|n|>\"] = { from = \"zero\", id = 3 } }", "which has no id"),
        ("vocabulary = \"union\", tokens = {}", "tokens"),
        ("vocabulary = \"union\", refuse = { \"rows\" }", "is refused"),
    ])
    func mistakesAreNamed(options: String, words: String) throws {
        let models = try recipe(options)
        let error = #expect(throws: DPPAError.self) { _ = try run(models) }
        let text = ([error?.message ?? ""] + (error?.notes ?? [])).joined(separator: "\n")
        #expect(text.contains(words), "\(text)")
        #expect(error?.location?.line == 2)
    }

    /// What has no effect, or may be a slip, is said.
    @Test func namedTokensAreTold() throws {
        let (_, warnings) = try run(
            recipe(
                "vocabulary = \"union\", tokens = { [\"<|end|>\"] = \"zero\", [\"<|im_strat|>\"] = \"zero\" }",
                "return base"))
        #expect(warnings.contains { $0.contains("every model has '<|end|>'") }, "\(warnings)")
        #expect(
            warnings.contains {
                $0.contains("no model has '<|im_strat|>', which is a new token; did you mean '<|im_start|>'?")
            }, "\(warnings)")
    }
}
