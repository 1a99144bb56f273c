import DPPA
import Testing

/// Views with one row for each token, from tokenizers of a few tokens: each row of a model has the numbers that its text is given.
@Suite("One vocabulary for a family") struct VocabularyTests {
    private let folder: TestFolder
    private let embedding = "model.embed_tokens.weight"
    private let head = "lm_head.weight"

    init() throws { folder = try TestFolder() }

    /// A tokenizer.json of the kind BPE with pieces and added tokens by id, and merges of pieces.
    private func tokenizer(
        _ pieces: [(String, Int)], _ added: [(String, Int)] = [], merges: [String] = [], model: String = "BPE"
    ) -> String {
        let vocab = pieces.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ")
        let entries = added.map { "{\"id\": \($0.1), \"content\": \"\($0.0)\", \"special\": true}" }
        return """
            {"added_tokens": [\(entries.joined(separator: ", "))],
             "model": {"type": "\(model)", "vocab": {\(vocab)}, "merges": [\(merges.map { "\"\($0)\"" }.joined(separator: ", "))]}}
            """
    }

    /// A model whose row `i` is `first + i`, twice.
    private func model(
        _ label: String, _ tokenizer: String?, rows: Int, first: Float, tied: Bool = true, isHalf: Bool = false,
        config: String = "{\"vocab_size\": 0}"
    ) throws -> OpenModel {
        if let tokenizer { try folder.write(tokenizer, label + "/tokenizer.json") }
        let values = (0..<2 * rows).map { first + Float($0 / 2) }
        var tensors = [
            Sample(embedding, [rows, 2], values, isHalf: isHalf),
            Sample("model.layers.0.mlp.up_proj.weight", [3, 2], 20),
        ]
        if !tied { tensors.append(Sample(head, [rows, 2], values.map { $0 + 500 })) }
        return try folder.model(label, tensors, config: config)
    }

    private func family(
        _ base: OpenModel, _ experts: [OpenModel], _ source: VocabularyOptions.Source,
        _ change: (inout VocabularyOptions) -> Void = { _ in }
    ) throws -> ModelFamily {
        var options = AlignmentOptions()
        var vocabulary = VocabularyOptions(source)
        change(&vocabulary)
        options.vocabulary = vocabulary
        return try ModelFamily(base: base, experts: experts, options)
    }

    /// The first number of each row.
    private func rows(_ model: OpenModel, _ name: String? = nil) throws -> [Float] {
        let values = try model.floats(name ?? embedding) ?? []
        return stride(from: 0, to: values.count, by: 2).map { values[$0] }
    }

    private let letters = [("a", 0), ("b", 1), ("é", 2)]

    @Test("What several have and the base lacks is their mean; spellings of one text are one token")
    func union() throws {
        let base = try model("base", tokenizer(letters, [("<e>", 3)]), rows: 5, first: 10)
        let one = try model(
            "one", tokenizer([("\\u00e9", 0), ("a", 1), ("b", 2)], [("<x>", 4), ("<e>", 3)]), rows: 5, first: 20)
        let two = try model(
            "two", tokenizer(letters + [("ab", 5)], [("<e>", 3), ("<x>", 4)], merges: ["a b"]), rows: 6, first: 100)
        let all = try family(base, [one, two], .union)
        // a b é <e> ab <x>: 'ab' is of two alone, '<x>' the mean of one's 24 and two's 104.
        #expect(try rows(all.base) == [10, 11, 12, 13, 105, 64])
        #expect(try rows(all.experts[0]) == [21, 22, 20, 23, 105, 24])
        #expect(try rows(all.experts[1]) == [100, 101, 102, 103, 105, 104])
        #expect(all.base.config == "{\"vocab_size\": 6}" && all.experts[1].config == all.base.config)
        #expect(
            all.notes.map(\.line).contains(
                "note: base: 2 tokens added to its vocabulary: 'ab' is 4 (of two), '<x>' is 5 (of one)"))
        let text = try #require(all.base.vocabulary?.texts["tokenizer.json"])
        for words in ["\"ab\": 4", "\"<x>\": 5", "\"<e>\": 3", "\"a b\"", "{\"id\": 5, \"content\": \"<x>\""] {
            #expect(text.contains(words), "\(text)")
        }
    }

    @Test(
        "Rows beyond the tokens are the owner's; further ones are the mean of its rows, holes stay, and a multiple cuts"
    )
    func padding() throws {
        let base = try model("base", tokenizer([("a", 0), ("b", 3)]), rows: 6, first: 1)
        let one = try model("one", tokenizer([("a", 0), ("b", 1)], [("<x>", 2)]), rows: 3, first: 50)
        func found(_ multiple: Int?) throws -> [[Float]] {
            let all = try family(base, [one], .union) { $0.multiple = multiple }
            return [try rows(all.base), try rows(all.experts[0])]
        }
        #expect(try found(nil) == [[1, 2, 3, 4, 52, 6], [50, 2, 3, 51, 52, 6]])
        #expect(try found(8) == [[1, 2, 3, 4, 52, 6, 3.5, 3.5], [50, 2, 3, 51, 52, 6, 3.5, 3.5]])
        #expect(try found(1) == [[1, 2, 3, 4, 52], [50, 2, 3, 51, 52]])
    }

    @Test("The tokens of one model: its ids, its rows where nothing is, and its files")
    func oneModel() throws {
        let config =
            "{\"vocab_size\": 4, \"eos_token_id\": [2], \"pad_token_id\": 1, \"text_config\": {\"image_token_id\": 2}}"
        let base = try model("base", tokenizer(letters, [("<e>", 3)]), rows: 4, first: 10, config: config)
        let one = try model("one", tokenizer([("a", 0), ("é", 1), ("c", 2)]), rows: 5, first: 20)
        let all = try family(base, [one], .model("one"))
        #expect(try rows(all.base) == [10, 12, 22, 23, 24] && rows(all.experts[0]) == [20, 21, 22, 23, 24])
        #expect(
            all.base.config
                == "{\"vocab_size\": 5, \"eos_token_id\": [1], \"pad_token_id\": null, \"text_config\": {\"image_token_id\": 1}}"
        )
        #expect(
            all.notes.contains {
                $0.line == "warning: base: pad_token_id of config.json names 'b', which the vocabulary lacks: left out"
            })
        #expect(all.base.vocabulary?.owner == "one" && all.base.vocabulary?.texts == [:])
        let fitted = try family(base, [one], .base)
        #expect(try rows(fitted.experts[0]) == [20, 11, 21, 13])
        expectError(.data, ["'two'", "base, one"]) { _ = try family(base, [one], .model("two")) }
    }

    @Test("A tied head is the embedding's rows, also in what others take; a type stays where all rows have it")
    func heads() throws {
        let base = try model("base", tokenizer(letters), rows: 4, first: 10, tied: false)
        let one = try model(
            "one", tokenizer(letters, [("<x>", 3)]), rows: 4, first: 20, config: "{\"tie_word_embeddings\": true}")
        let all = try family(base, [one], .union)
        #expect(try rows(all.base, head) == [510, 511, 512, 23] && rows(all.experts[0], head) == [20, 21, 22, 23])
        // A head row that a tied model lacks is the base's head row; the base may be the tied one.
        let short = try model(
            "short", tokenizer([("b", 0)]), rows: 1, first: 40, config: "{\"tie_word_embeddings\": true}")
        let two = try family(base, [short], .base)
        #expect(try rows(two.experts[0]) == [10, 40, 12, 13] && rows(two.experts[0], head) == [510, 40, 512, 513])
        let turned = try family(one, [base], .union)
        #expect(
            try rows(turned.base, head) == [20, 21, 22, 23] && rows(turned.experts[0], head) == [510, 511, 512, 23])
        let halves = try model("halves", tokenizer(letters, [("<y>", 3)]), rows: 4, first: 20, isHalf: true)
        let small = try model("small", tokenizer(letters), rows: 3, first: 30, isHalf: true)
        let pair = try family(small, [halves], .union)
        #expect(pair.base.source(embedding)?.dtype == .bf16 && pair.experts[0].source(embedding)?.dtype == .bf16)
        #expect(try rows(pair.base) == [30, 31, 32, 23])
        #expect(try family(small, [one], .union).base.source(embedding)?.dtype == .f32)
    }

    @Test("Block-coded rows are written as they would be without a vocabulary, also beside means and zeros")
    func blocks() throws {
        // Q8_0: for each row of 32 a scale and its codes.
        let coded = GGUFFile.Tensor(
            name: "token_embd.weight", dimensions: [32, 32], type: 8,
            bytes: Array(repeating: [0, 0x3C] + (0..<32).map { UInt8($0) }, count: 32).flatMap { $0 })
        let models = try [("base", [("a", 0)]), ("one", [("x", 0)]), ("two", [("x", 0)])].map { label, tokens in
            try folder.write(tokenizer(tokens), label + "/tokenizer.json")
            try folder.write(GGUFFile.model([coded]).bytes, label + "/model.gguf")
            return try OpenModel(at: folder.path + "/" + label, label: label)
        }
        #expect(models[0].source(embedding)?.dtype == .f32 && models[0].source(embedding)?.writtenDType == .bf16)
        let all = try family(models[0], [models[1], models[2]], .union) { $0.tokens = ["z": .init(.zero)] }
        for model in [all.base] + all.experts {
            #expect(model.source(embedding)?.writtenDType == .bf16, "\(model.label)")
        }
    }

    @Test("Merges are cut at the byte of a space, whatever stands behind it")
    func marks() throws {
        let base = try model("base", tokenizer([("a", 0), ("\u{308}", 1)]), rows: 2, first: 10)
        let one = try model(
            "one", tokenizer([("a", 0), ("\u{308}", 1), ("a\u{308}", 2)], merges: ["a \u{308}"]), rows: 3, first: 20)
        let text = try #require(try family(base, [one], .union).base.vocabulary?.texts["tokenizer.json"])
        let merges = try #require(try JSONObject(Array(text.utf8), file: "t")["model"]?["merges"]?.array)
        #expect(merges.compactMap { $0.string.map { Array($0.utf8) } } == [[97, 32, 0xCC, 0x88]])
    }

    @Test("A token without a row anywhere is zero, with a warning; a named one takes what is named")
    func named() throws {
        let base = try model("base", tokenizer(letters, [("<e>", 3)]), rows: 3, first: 10)
        let one = try model("one", tokenizer(letters), rows: 3, first: 20)
        let all = try family(base, [one], .base) { $0.tokens = ["<n>": .init(.model("one", token: "é"))] }
        #expect(try rows(all.base) == [10, 11, 12, 0, 22] && rows(all.experts[0]) == [20, 21, 22, 0, 22])
        #expect(all.notes.contains { $0.line == "warning: base: no model has a row for '<e>': zeros" })
        let forced = try family(base, [one], .base) {
            $0.tokens = ["a": .init(.model("base", token: "b"), isForced: true), "b": .init(.mean, isForced: true)]
        }
        #expect(try rows(forced.base) == [11, 16, 12, 0] && rows(forced.experts[0]) == [11, 16, 22, 0])
    }

    @Test("A delta has its base's rows, zeros where these are others'; tokens of its own are refused")
    func deltas() throws {
        let base = try model("base", tokenizer(letters), rows: 4, first: 10)
        let one = try model("one", tokenizer(letters, [("<x>", 3)]), rows: 4, first: 20)
        let delta = OpenModel(
            label: "delta", path: "memory", space: .delta,
            tensors: base.tensors.filter { $0.facts.name == embedding }.map { ($0.facts, $0.source) })
        let all = try family(base, [one, delta], .union)
        #expect(try rows(all.experts[1]) == [10, 11, 12, 0])
        let moved = try family(base, [one, delta], .model("one"))
        #expect(try rows(moved.experts[1]) == [10, 11, 12, 0])
    }

    @Test("Tokenizers that cannot be put together are told by name")
    func refused() throws {
        let base = try model("base", tokenizer(letters), rows: 4, first: 10)
        let none = try model("none", nil, rows: 4, first: 20)
        let damaged = try model("damaged", "{\"model\": {\"vocab\": {\"a\": 0}", rows: 4, first: 20)
        let words = try model("words", tokenizer(letters, model: "WordPiece"), rows: 4, first: 20)
        let list = "{\"model\": {\"type\": \"Unigram\", \"vocab\": [[\"a\", 0], [\"b\", -1]]}}"
        let scores = try model("scores", list, rows: 4, first: 20)
        let more = try model("more", list.replacing("[\"b\", -1]", with: "[\"c\", -1]"), rows: 4, first: 20)
        expectError(.data, ["none", "no tokenizer.json", "save_pretrained"]) { _ = try family(base, [none], .union) }
        expectError(.data, ["damaged/tokenizer.json"]) { _ = try family(base, [damaged], .union) }
        expectError(.data, ["base is BPE", "words WordPiece"]) { _ = try family(base, [words], .union) }
        expectError(.data, ["Unigram", "'c'"]) { _ = try family(scores, [more], .union) }
        expectError(.data, ["pad_to_multiple is 0"]) { _ = try family(base, [none], .union) { $0.multiple = 0 } }
        let bare = try folder.model("bare", [Sample("a.weight", [2], 0)])
        expectError(.data, ["bare", "no embedding"]) { _ = try family(base, [bare], .union) }
    }

    @Test(
        "Ids far beyond tokens and rows are refused, and those of others cost nothing",
        arguments: [5000, 1 << 24, 1 << 40])
    func hostile(id: Int) throws {
        let base = try model("base", tokenizer(letters), rows: 4, first: 10)
        let far = try model("far", tokenizer(letters, [("<x>", id)]), rows: 4, first: 20)
        expectError(.data, ["far/tokenizer.json", "the largest id is \(id)", "4 rows"]) {
            _ = try family(far, [base], .union)
        }
        let all = try family(base, [far], .union)
        #expect(try rows(all.base) == [10, 11, 12, 13] && all.base.vocabulary == nil)
    }

    @Test("Lists without entries take some, and added tokens of readers without a list get one")
    func emptyLists() throws {
        let base = try model(
            "base", "{\"model\": {\"type\": \"BPE\", \"vocab\": {}, \"merges\": [ ]}}", rows: 1, first: 10)
        let one = try model(
            "one",
            tokenizer([("a b", 0), ("c", 1), ("a bc", 2)], [("<x>", 3)]).replacing("[]", with: "[[\"a b\", \"c\"]]"),
            rows: 4, first: 20)
        let text = try #require(try family(base, [one], .union).base.vocabulary?.texts["tokenizer.json"])
        let json = try JSONObject(text.utf8, file: "written")
        #expect(json["model"]?["vocab"]?.text == "{\"a b\":0,\"a bc\":2,\"c\":1}")
        #expect(json["model"]?["merges"]?.text == "[[\"a b\",\"c\"]]")
        #expect(json["added_tokens"]?.array?.first?["id"]?.int == 3)
    }

    @Test("A vocabulary of 150000 tokens, all of them elsewhere")
    func large() throws {
        let count = 150_000
        let own = (0..<count).map { ("t\($0)", $0) }
        let turned = (0..<count).map { ("t\($0)", count - 1 - $0) }
        let base = try model("base", tokenizer(own), rows: count, first: 0)
        let other = try model("other", tokenizer(turned, [("<x>", count)]), rows: count + 1, first: 0)
        let all = try family(base, [other], .union)
        let (kept, moved) = (try rows(all.base), try rows(all.experts[0]))
        #expect(kept == (0..<count).map(Float.init) + [Float(count)])
        #expect(moved == (0..<count).map { Float(count - 1 - $0) } + [Float(count)])
    }
}
