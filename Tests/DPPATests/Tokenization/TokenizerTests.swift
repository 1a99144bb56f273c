import DPPA
import Foundation
import Testing

/// Tokens beside those of the tokenizers and sentencepiece packages (`Fixtures/tokenizers/generate.py`).
@Suite struct TokenizerTests {
    private static let folder = NSString(string: #filePath).deletingLastPathComponent + "/../Fixtures/tokenizers"

    /// A text with its tokens: special tokens as text, recognised, and with the template.
    private struct Case: Decodable {
        let text: String
        let tokens: [[Int32]]

        init(from decoder: any Decoder) throws {
            var list = try decoder.unkeyedContainer()
            text = try list.decode(String.self)
            var tokens: [[Int32]] = []
            while !list.isAtEnd { tokens.append(try list.decode([Int32].self)) }
            self.tokens = tokens
        }
    }

    /// The cases of each file.
    private static let cases: [String: [Case]] = {
        let data = FileManager.default.contents(atPath: folder + "/cases.json") ?? Data()
        return (try? JSONDecoder().decode([String: [Case]].self, from: data)) ?? [:]
    }()

    @Test func thereAreTokenizersOfEveryKind() { #expect(Self.cases.count == 14) }

    @Test(arguments: cases.keys.sorted())
    func everyTextBecomesTheSameTokens(file: String) throws {
        let encoder = try Tokenizer(path: Self.folder + "/" + file).encoder()
        for each in try #require(Self.cases[file]) {
            for (index, expected) in each.tokens.enumerated() {
                var options = Tokenizer.Options()
                (options.recognizesSpecial, options.addsTemplate) = (index > 0, index > 1)
                let tokens = try encoder.encode(each.text, options)
                #expect(tokens == expected, "\(file): \(each.text.debugDescription), case \(index)")
            }
        }
    }

    @Test func longTextsAreTheTokensOfTheirPiecesWhateverWasEncodedBefore() throws {
        // The queue for long pieces and the look at short ones have to agree: a text of one piece, twice.
        let tokenizer = try Tokenizer(path: Self.folder + "/llama2.json")
        let texts = (Self.cases["llama2.json"] ?? []).map(\.text)
        let encoder = tokenizer.encoder()
        for text in texts { #expect(try encoder.encode(text) == tokenizer.encoder().encode(text)) }
    }

    @Test func aTokenHasItsText() throws {
        let tokenizer = try Tokenizer(path: Self.folder + "/gpt2.json")
        let tokens = try tokenizer.encoder().encode("The dog")
        #expect(tokens.compactMap(tokenizer.text(of:)).joined() == "TheĠdog")
        #expect(tokenizer.text(of: tokenizer.largest) != nil && tokenizer.text(of: tokenizer.largest + 1) == nil)
    }

    private func failure(_ change: (inout [String: Any]) -> Void) throws -> DPPAError? {
        let data = try Data(contentsOf: URL(fileURLWithPath: Self.folder + "/gpt2.json"))
        var file = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        change(&file)
        let path = NSTemporaryDirectory() + "dppa-tokenizer-\(UUID().uuidString).json"
        try JSONSerialization.data(withJSONObject: file).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        do { _ = try Tokenizer(path: path) } catch let error as DPPAError { return error }
        return nil
    }

    @Test func whatIsNotReadIsNamed() throws {
        func model(_ change: @escaping (inout [String: Any]) -> Void) throws -> DPPAError? {
            try failure { file in
                var model = file["model"] as? [String: Any] ?? [:]
                change(&model)
                file["model"] = model
            }
        }
        let found = [
            (try model { $0["type"] = "Unigram" }, "its model is of the type Unigram"),
            (try model { $0["dropout"] = 0.1 }, "draws at random"),
            (try model { $0["end_of_word_suffix"] = "</w>" }, "end_of_word_suffix"),
            (try model { $0["merges"] = ["a"] }, "merge 1 is not two pieces"),
            (try model { $0["merges"] = ["a nowhere"] }, "no pieces"),
            (try model { $0["vocab"] = ["a": -1] }, "has no token"), (try model { $0["vocab"] = nil }, "no 'vocab'"),
            (try failure { $0["model"] = nil }, "it has no 'model'"),
            (try failure { $0["normalizer"] = ["type": "Precompiled"] }, "normaliser Precompiled"),
            (try failure { $0["pre_tokenizer"] = ["type": "UnicodeScripts"] }, "pre-tokeniser UnicodeScripts"),
            (
                try failure {
                    $0["pre_tokenizer"] = ["type": "Split", "pattern": ["Regex": "(a)\\1"], "behavior": "Isolated"]
                }, "'\\1'"
            ),
            (try failure { $0["post_processor"] = ["type": "BertProcessing"] }, "post-processor BertProcessing"),
        ]
        for (error, words) in found {
            #expect(error?.message.contains(words) == true, "\(words): \(String(describing: error))")
        }
    }

    @Test func damagedSentencePieceModelsAreErrors() throws {
        let whole = try Data(contentsOf: URL(fileURLWithPath: Self.folder + "/sentencepiece.model"))
        let path = NSTemporaryDirectory() + "dppa-tokenizer-\(UUID().uuidString).model"
        defer { try? FileManager.default.removeItem(atPath: path) }
        // Cut anywhere it is either read or refused; a model of nothing is refused.
        for count in stride(from: 0, to: whole.count, by: 97) {
            try whole.prefix(count).write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: DPPAError.self) { _ = try Tokenizer(path: path) }
            #expect(error?.code == .data)
        }
    }
}
