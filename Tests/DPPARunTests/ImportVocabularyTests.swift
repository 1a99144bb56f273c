import DPPA
import DPPAImport
import DPPAScript
import Foundation
import Testing

/// Recipes made of mergekit configurations that name a tokenizer, against whole runs of mergekit 0.1.5: see
/// Fixtures/import/generate_vocabularies.py.
@Suite struct ImportVocabularyTests {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        var name: String
        var dtype: String
        var rows: Int
        var tokens: [String]
        var testDescription: String { name }
    }

    static let cases = Result {
        try JSONDecoder().decode(
            [Case].self, from: Data(contentsOf: URL(fileURLWithPath: ImportTests.folder + "/vocabularies.json")))
    }
    static let expected = Result { try Written(ImportTests.folder + "/vocabularies.safetensors") }
    private static let rows = ["lm_head.weight", "model.embed_tokens.weight"]

    static func json(_ path: String) throws -> JSONObject {
        try JSONObject(Data(contentsOf: URL(fileURLWithPath: path)), file: path)
    }

    /// The ids of a written tokenizer.json, by text.
    static func ids(_ tokenizer: JSONObject) -> [String: Int] {
        let pieces = tokenizer["model"]?["vocab"]?.object?.members.map { ($0.name, $0.value.int ?? -1) } ?? []
        let added = tokenizer["added_tokens"]?.array?.map { ($0["content"]?.string ?? "", $0["id"]?.int ?? -1) } ?? []
        return Dictionary(pieces + added) { $1 }
    }

    @Test(arguments: (try? cases.get()) ?? []) func agreesWithMergekit(_ entry: Case) throws {
        let scratch = try Scratch()
        let file = "\(ImportTests.folder)/vocabularies/\(entry.name).yml"
        let made = try ImportTests.recipe(String(contentsOfFile: file, encoding: .utf8))
        #expect(made.warnings.isEmpty, "\(made.warnings)")
        let (_, model) = try ImportTests.merged(made.text, in: scratch)
        let ids = Self.ids(try Self.json(scratch.path + "/out/tokenizer.json"))
        #expect(Set(ids.keys) == Set(entry.tokens) && Set(ids.values).count == ids.count, "\(ids)")
        let config = try Self.json(scratch.path + "/out/config.json")
        #expect(config["vocab_size"]?.int == entry.rows && config["torch_dtype"]?.string == entry.dtype)
        // Sums have another order there, and the angle is one of a whole tensor.
        let isSummed = ["base_of_others", "union_without_base", "slerp_of_two"].contains(entry.name)
        func compare(_ found: [Float], _ right: [Float], _ place: String) {
            let allowed = isSummed ? (right.map(\.magnitude).max() ?? 0) * 5e-6 : 0
            let isNear = found.count == right.count && zip(found, right).allSatisfy { abs($0 - $1) <= allowed }
            #expect(isNear, "\(place): \(found), expected \(right)")
        }
        for name in Self.rows {
            let tensor = try #require(model.tensors[name])
            #expect(tensor.shape == [entry.rows, 4])
            let (found, right) = (model.floats(name), try Self.expected.get().floats("\(entry.name).\(name)"))
            for (place, token) in entry.tokens.enumerated() {
                let id = try #require(ids[token])
                compare(
                    Array(found[id * 4..<id * 4 + 4]), Array(right[place * 4..<place * 4 + 4]), "\(token) of \(name)")
            }
        }
        let rest = model.tensors.keys.filter { !Self.rows.contains($0) }.sorted {
            $0.utf8.lexicographicallyPrecedes($1.utf8)
        }
        compare(
            rest.flatMap { model.floats($0) }, try Self.expected.get().floats("\(entry.name).rest"), "all other tensors"
        )
    }

    /// A merge of several that names a tokenizer has a family of its own; one of merges cannot have one.
    @Test func severalMerges() throws {
        let scratch = try Scratch()
        let first =
            "name: first\nmerge_method: ties\nbase_model: base\nmodels: [{model: A, parameters: {weight: 1}}]\ntokenizer_source: union\n---\n"
        let second =
            "name: second\nmerge_method: linear\nmodels: [{model: B, parameters: {weight: 1}}, {model: C, parameters: {weight: 1}}]\n"
        let made = try ImportTests.recipe(first + second)
        #expect(made.text.contains("local base, experts = dppa.family {"), "\(made.text)")
        let outcome = try ImportTests.outcome(made.text, in: scratch)
        #expect(outcome.written.count == 2)
        let error = try #require(throws: DPPAError.self) {
            try ImportTests.recipe(first + second.replacing("model: C", with: "model: first") + "tokenizer_source: B\n")
        }
        #expect(error.message.contains("'first' is a merge of this file") && error.location?.line == 9)
    }

    @Test(arguments: [
        ("tokenizer_source: C", "names 'C', which is no model of this merge", 4),
        ("tokenizer: {tokens: {x: {source: zero}}}", "names 'zero', which is no model of this merge", 4),
        ("tokenizer: {tokens: {x: {}}}", "the token 'x' has no source", 4),
        ("tokenizer: {tokens: {x: A}}", "the token 'x' is a mapping with a source; this is 'A'", 4),
        ("tokenizer: {tokens: [x]}", "tokens is a mapping of tokens; this is a list", 4),
        ("tokenizer: {tokens: {x: {source: A, forced: true}}}", "did you mean 'force'?", 4),
        ("tokenizer: {tokens: {x: {source: A, force: 3}}}", "'force' is true or false; this is '3'", 4),
        ("tokenizer: {tokens: {x: {source: {kind: one}}}}", "'kind' is zero or model_token; this is 'one'", 4),
        ("tokenizer: {tokens: {x: {source: {kind: zero, model: A}}}}", "has no key 'model'", 4),
        ("tokenizer: {tokens: {x: {source: {kind: model_token, model: A}}}}", "has one of token and token_id", 4),
        (
            "tokenizer: {tokens: {x: {source: {kind: model_token, model: A, token_id: -1}}}}",
            "'token_id' is a whole number from 0; this is '-1'", 4
        ),
        ("tokenizer: {pad_to_multiple_of: many}", "'pad_to_multiple_of' is a whole number", 4),
    ])
    func mistakesAreTold(text: String, message: String, line: Int) throws {
        let file = "merge_method: ties\nbase_model: base\nmodels: [{model: A, parameters: {weight: 1}}]\n" + text
        let error = try #require(throws: DPPAError.self) { try ImportTests.recipe(file) }
        #expect(error.message.contains(message) && error.location?.line == line, "\(error.message)")
    }

    @Test func aBaseIsNamed() throws {
        let error = try #require(throws: DPPAError.self) {
            try ImportTests.recipe(
                "merge_method: linear\nmodels: [{model: A, parameters: {weight: 1}}]\ntokenizer_source: base")
        }
        #expect(error.message.contains("there is no base_model") && error.location?.line == 3)
    }

    /// The template that most models have, white space around it aside.
    @Test func theCommonestTemplate() throws {
        let scratch = try Scratch()
        let made = try ImportTests.recipe(
            "merge_method: ties\nbase_model: base\nmodels: [{model: B, parameters: {weight: 1}}, {model: A, parameters: {weight: 1}}]\nchat_template: auto"
        )
        _ = try ImportTests.merged(made.text, in: scratch)
        let template = try String(contentsOfFile: scratch.path + "/out/chat_template.jinja", encoding: .utf8)
        #expect(template == "{{ messages }}\n")
        let none = try ImportTests.recipe(
            "merge_method: linear\nmodels: [{model: base, parameters: {weight: 1}}]\nchat_template: auto")
        let outcome = try ImportTests.merged(none.text, in: scratch).outcome
        #expect(outcome.warnings.contains { $0.contains("none of the models has a chat template") })
    }
}
