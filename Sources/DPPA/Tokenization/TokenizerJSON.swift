import DPPASupport

/// Reads a tokenizer.json with a BPE model.
///
/// Refused by name: other models than BPE, and normalisers, pre-tokenisers and templates that are not read. Truncation and
/// padding, which the file may ask for, are nobody's wish here.
struct TokenizerJSON {
    private let path: String
    private let file: JSONObject

    /// The tokenizer of a file's bytes.
    ///
    /// Throws `data` when it is damaged or of a kind that is not read.
    static func read(_ bytes: [UInt8], _ path: String) throws -> Tokenizer {
        try TokenizerJSON(path: path, file: JSONObject(bytes, file: path, nonFinite: true)).tokenizer()
    }

    private func refusal(_ what: String) -> DPPAError {
        DPPAError(
            .data, "\(path): \(what), which is not read",
            notes: [
                "read are BPE vocabularies: byte-level ones as of GPT-2, LLaMA 3, Qwen and SmolLM2, and SentencePiece's as of "
                    + "LLaMA 2 and Mistral"
            ])
    }

    private func damage(_ what: String) -> DPPAError { DPPAError(.data, "\(path): \(what)") }

    private func tokenizer() throws -> Tokenizer {
        guard let model = file["model"]?.object else { throw damage("it has no 'model'") }
        let kind = model["type"]?.string ?? (model["merges"] == nil ? "?" : "BPE")
        guard kind == "BPE" else { throw refusal("its model is of the type \(kind)") }
        let normalizer = try normalizer(file["normalizer"])
        let preTokenizer = try preTokenizer(file["pre_tokenizer"])
        let (encoding, texts) = try encoding(model, isByteLevel: isByteLevel(file["pre_tokenizer"]))
        var (raw, normal): ([AddedTokens.Token], [AddedTokens.Token]) = ([], [])
        var all = texts
        var patterns = TextPattern.Scratch()
        for entry in file["added_tokens"]?.array ?? [] {
            guard let id = entry["id"]?.int.flatMap(Int32.init(exactly:)), id >= 0,
                let content = entry["content"]?.string
            else { throw damage("an added token has no 'id' or no 'content'") }
            var token = AddedTokens.Token(id: id, text: Array(content.utf8))
            token.isSpecial = entry["special"]?.bool ?? false
            token.isWord = entry["single_word"]?.bool ?? false
            token.takesSpaceBefore = entry["lstrip"]?.bool ?? false
            token.takesSpaceBehind = entry["rstrip"]?.bool ?? false
            all[id] = content
            if entry["normalized"]?.bool ?? !token.isSpecial {
                token.text = try normalizer?.apply(token.text, &patterns) ?? token.text
                normal.append(token)
            } else {
                raw.append(token)
            }
        }
        let (front, back) = try template(file["post_processor"])
        return Tokenizer(
            path: path, added: AddedTokens(raw), addedToNormalized: AddedTokens(normal), normalizer: normalizer,
            preTokenizer: preTokenizer, encoding: encoding, front: front, back: back, texts: all)
    }

    // MARK: Normalisers and pre-tokenisers

    private func search(_ value: JSONValue?) throws -> TextSearch {
        if let text = value?["String"]?.string, !text.isEmpty { return .text(Array(text.utf8)) }
        guard let pattern = value?["Regex"]?.string else { throw damage("a pattern is neither 'String' nor 'Regex'") }
        do { return .pattern(try TextPattern(pattern)) } catch var error as DPPAError {
            error.message = "\(path): \(error.message)"
            throw error
        }
    }

    private func normalizer(_ value: JSONValue?) throws -> TextNormalizer? {
        guard let value, !value.isNull else { return nil }
        let type = value["type"]?.string ?? "?"
        switch type {
        case "Sequence":
            return .sequence(try (value["normalizers"]?.array ?? []).compactMap { try normalizer($0) })
        case "Prepend": return .prepend(Array((value["prepend"]?.string ?? "").utf8))
        case "Replace":
            return .replace(try search(value["pattern"]), with: Array((value["content"]?.string ?? "").utf8))
        case "Lowercase": return .lowercase
        case "Strip":
            return .strip(left: value["strip_left"]?.bool ?? true, right: value["strip_right"]?.bool ?? true)
        default:
            guard let form = TextNormalizer.Form(rawValue: type) else { throw refusal("it has the normaliser \(type)") }
            return .form(form)
        }
    }

    private func preTokenizer(_ value: JSONValue?) throws -> PreTokenizer? {
        guard let value, !value.isNull else { return nil }
        let type = value["type"]?.string ?? "?"
        switch type {
        case "Sequence":
            return .sequence(try (value["pretokenizers"]?.array ?? []).compactMap { try preTokenizer($0) })
        case "Split":
            guard let behavior = value["behavior"]?.string.flatMap(PreTokenizer.Behavior.init) else {
                throw refusal("it splits with the behaviour \(value["behavior"]?.string ?? "?")")
            }
            return .split(try search(value["pattern"]), behavior, isInverted: value["invert"]?.bool ?? false)
        case "Digits": return .digits(isIndividual: value["individual_digits"]?.bool ?? false)
        case "ByteLevel":
            var steps: [PreTokenizer] = value["add_prefix_space"]?.bool ?? true ? [.prefixSpace] : []
            if value["use_regex"]?.bool ?? true {
                steps.append(.split(.pattern(try TextPattern(Self.gpt2)), .isolated, isInverted: false))
            }
            return .sequence(steps)
        case "Metaspace":
            let sign = Array((value["replacement"]?.string ?? "▁").utf8)
            let isPrefixed = value["add_prefix_space"]?.bool ?? true
            let scheme = value["prepend_scheme"]?.string ?? (isPrefixed ? "always" : "never")
            guard let prefix = PreTokenizer.Prefix(rawValue: scheme), !sign.isEmpty else {
                throw refusal("its Metaspace has the scheme \(scheme)")
            }
            return .metaspace(sign, prefix, splits: value["split"]?.bool ?? true)
        default: throw refusal("it has the pre-tokeniser \(type)")
        }
    }

    /// The pattern that the step ByteLevel has of its own.
    private static let gpt2 = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

    private func isByteLevel(_ value: JSONValue?) -> Bool {
        value?["type"]?.string == "ByteLevel" || (value?["pretokenizers"]?.array ?? []).contains { isByteLevel($0) }
    }

    // MARK: The model

    private func encoding(_ model: JSONObject, isByteLevel: Bool) throws -> (BytePairEncoding, [Int32: String]) {
        for name in ["continuing_subword_prefix", "end_of_word_suffix"] where model[name]?.string?.isEmpty == false {
            throw refusal("its BPE model has the \(name) \(model[name]?.string?.shown ?? "")")
        }
        if let dropout = model["dropout"]?.double, dropout > 0 {
            throw refusal("its BPE model draws at random (dropout)")
        }
        guard let vocabulary = model["vocab"]?.object else { throw damage("its model has no 'vocab'") }
        // By their bytes: two spellings of one character are two pieces, and equal as texts.
        var ids = PieceTable(capacity: vocabulary.members.count)
        var pieces = PieceTable(capacity: vocabulary.members.count)
        var texts: [Int32: String] = [:]
        for (piece, value) in vocabulary.members {
            guard let id = value.int.flatMap(Int32.init(exactly:)), id >= 0 else {
                throw damage("the piece \(piece.shown) has no token")
            }
            texts[id] = piece
            _ = ids.add(piece.utf8, id)
            // What the alphabet does not spell cannot come out of a text's bytes.
            if isByteLevel, !ByteLevel.spells(piece) { continue }
            _ = pieces.add(isByteLevel ? ByteLevel.bytes(piece) : Array(piece.utf8), id)
        }
        let unknown = try model["unk_token"]?.string.map { name -> Int32 in
            guard let id = ids.value(name) else { throw damage("its unk_token \(name.shown) is no piece") }
            return id
        }
        var bytes: [Int32]?
        if model["byte_fallback"]?.bool ?? false {
            let names = (0..<256).map { "<0x" + ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) + ">" }
            let found = names.compactMap { ids.value($0) }
            // A character some of whose bytes are no pieces would be unknown; no vocabulary is made so.
            guard found.count == 256 || found.isEmpty else {
                throw damage("it has some of the bytes <0x00> to <0xFF>, not all")
            }
            bytes = found.isEmpty ? nil : found
        }
        let byteTokens = isByteLevel ? (0..<256).map { pieces.value([UInt8($0)]) ?? -1 } : nil
        let encoding = BytePairEncoding(
            pieces: pieces, rule: .pairs(try merges(model, ids)),
            unknown: .init(bytes: bytes, token: unknown, isFused: model["fuse_unk"]?.bool ?? false),
            byteTokens: byteTokens, takesWholePieces: model["ignore_merges"]?.bool ?? false)
        return (encoding, texts)
    }

    private func merges(_ model: JSONObject, _ ids: PieceTable) throws -> MergeTable {
        let list = model["merges"]?.array ?? []
        var table = MergeTable(capacity: list.count)
        for (rank, entry) in list.enumerated() {
            // At the byte of a space: to Swift a space with a mark on it is another character.
            let parts =
                entry.string.map { $0.utf8.split(separator: 32, omittingEmptySubsequences: false).map { Array($0) } }
                ?? (entry.array ?? []).compactMap { $0.string.map { Array($0.utf8) } }
            guard parts.count == 2 else { throw damage("merge \(rank + 1) is not two pieces") }
            guard let left = ids.value(parts[0]), let right = ids.value(parts[1]),
                let merged = ids.value(parts[0] + parts[1])
            else {
                let words = parts.map { String(decoding: $0, as: UTF8.self).shown }
                throw damage("merge \(rank + 1), \(words[0]) with \(words[1]), is of what are no pieces")
            }
            table.add(left, right, MergeTable.Merge(rank: UInt32(rank), token: merged))
        }
        return table
    }

    // MARK: The template

    /// The tokens in front of a text and behind it.
    private func template(_ value: JSONValue?) throws -> (front: [Int32], back: [Int32]) {
        guard let value, !value.isNull else { return ([], []) }
        let type = value["type"]?.string ?? "?"
        switch type {
        case "ByteLevel": return ([], [])
        case "Sequence":
            return try (value["processors"]?.array ?? []).reduce(([], [])) { result, each in
                let (front, back) = try template(each)
                return (front + result.front, result.back + back)
            }
        case "TemplateProcessing":
            var (front, back): ([Int32], [Int32]) = ([], [])
            var isBehind = false
            for entry in value["single"]?.array ?? [] {
                if entry["Sequence"] != nil {
                    isBehind = true
                    continue
                }
                guard let name = entry["SpecialToken"]?["id"]?.string,
                    let found = value["special_tokens"]?[name]?["ids"]?.array?.compactMap({
                        $0.int.flatMap(Int32.init(exactly:))
                    })
                else { throw damage("its template names a token without ids") }
                if isBehind { back += found } else { front += found }
            }
            return (front, back)
        default: throw refusal("it has the post-processor \(type)")
        }
    }
}
