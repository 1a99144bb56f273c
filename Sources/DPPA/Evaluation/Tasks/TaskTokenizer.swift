import DPPACheckpoint
import DPPASupport
import DPPATokenization

/// What the tokenizer files of a model say that tasks of texts need: from texts to ids and back, the tokens that begin and end a
/// text, and the chat template.
final class TaskTokenizer {
    private let model: OpenModel
    private let encoder: TokenEncoder
    private let decoder: TokenText
    private let config: JSONObject
    /// What the tokenizer puts in front of every text.
    let front: [Int32]
    /// The token that a text begins with where nothing stands before it: the one that begins texts, else the one that ends them.
    let prefix: Int32?
    /// The tokens that end a text.
    let ends: Set<Int32>
    /// A hash of the files.
    let digest: UInt128

    /// Reads the tokenizer of a model.
    ///
    /// Throws `missingInput` when it has none, and what reading one throws.
    init(_ model: OpenModel) throws {
        self.model = model
        let files = Files(model)
        let tokenizer: Tokenizer
        if let text = model.vocabulary?.texts["tokenizer.json"] {
            tokenizer = try Tokenizer(json: text, path: model.tokenizerPath ?? "tokenizer.json")
        } else if let path = model.encoderPath {
            tokenizer = try Tokenizer(path: path)
        } else {
            throw DPPAError(
                .missingInput, "\(model.title) has no tokenizer, which tasks of texts need",
                notes: [
                    model.hasUnreadTokenizer
                        ? "that in the metadata of a GGUF file is not read: put the file into a folder with tokenizer.json"
                        : "looked for tokenizer.json and tokenizer.model in \(model.path)",
                    "tasks of token ids need none: dppa-run tokenize makes ids of lines",
                ])
        }
        encoder = tokenizer.encoder()
        decoder =
            try model.tokenizerPath.map {
                try TokenText(tokenizerPath: $0, written: model.vocabulary?.texts["tokenizer.json"])
            } ?? TokenText(pieces: tokenizer)
        let config = try files.object("tokenizer_config.json") ?? JSONObject()
        self.config = config
        func token(_ key: String) -> Int32? {
            let value = config[key]
            return (value?.string ?? value?["content"]?.string).flatMap { tokenizer.id(of: $0) }
        }
        func ids(_ object: JSONObject?, _ key: String) -> [Int32] {
            let value = object?[key]
            return (value?.int.map { [$0] } ?? value?.array?.compactMap(\.int) ?? []).compactMap(Int32.init(exactly:))
        }
        let settings = model.config.flatMap { try? JSONObject($0.utf8, file: "config.json", nonFinite: true) }
        // tokenizer.json says itself what it puts in front; of tokenizer.model the configuration does, and does so unless it
        // denies it, as transformers has it.
        let begin = token("bos_token") ?? (config.isEmpty ? ids(settings, "bos_token_id").first : nil)
        let end = token("eos_token") ?? (config.isEmpty ? ids(settings, "eos_token_id").first : nil)
        let addsBegin = model.tokenizerPath == nil && (config["add_bos_token"]?.bool ?? true)
        front = addsBegin ? begin.map { [$0] } ?? [] : tokenizer.front
        prefix = begin ?? front.last ?? end
        ends = Set(
            [end].compactMap { $0 } + ids(try files.object("generation_config.json"), "eos_token_id")
                + ids(settings, "eos_token_id"))
        digest = try files.digest()
    }

    /// The texts of some tokens.
    func text(_ tokens: [Int32]) -> String { decoder.text(tokens) }

    /// The tokens of a text, of which special tokens are found in the template's own parts alone.
    func encode(_ text: TemplateText) throws -> [Int32] {
        var options = Tokenizer.Options()
        options.specialRanges = text.ownRanges
        return try encoder.encode(text.string, options)
    }

    /// The model's chat template, read when it is first asked for.
    ///
    /// Throws `missingInput` when it has none, and `data` with the line of what is not read in it.
    func chat() throws -> ChatTemplate {
        if let known { return known }
        let files = Files(model)
        let source: String
        let place: String
        if let text = try files.text("chat_template.jinja") {
            (source, place) = (text, "chat_template.jinja of \(model.label)")
        } else if let text = HeldTemplates(config).standard {
            (source, place) = (text, "the chat_template in tokenizer_config.json of \(model.label)")
        } else {
            throw DPPAError(
                .missingInput, "\(model.title) has no chat template, and the task says 'chat'",
                notes: ["looked for chat_template.jinja, and for chat_template in tokenizer_config.json"])
        }
        let tokens = ["bos_token", "eos_token", "unk_token", "pad_token"].compactMap { key in
            (config[key]?.string ?? config[key]?["content"]?.string).map { (name: key, text: $0) }
        }
        let chat = try ChatTemplate(source, label: place, tokens: tokens)
        known = chat
        return chat
    }
    private var known: ChatTemplate?
}

/// The files beside a tokenizer.
private struct Files {
    private let model: OpenModel
    private static let names = [
        "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "generation_config.json", "chat_template.jinja",
    ]
    private static let limit = 64 << 20

    init(_ model: OpenModel) { self.model = model }

    private func bytes(_ name: String, limit: Int) throws -> [UInt8]? {
        if let text = model.vocabulary?.texts[name] { return Array(text.utf8) }
        return try model.tokenizerFile(name).map { try FileDescriptor.contents($0, limit: limit) }
    }

    /// A file as text.
    ///
    /// Throws `data` when it is not UTF-8.
    func text(_ name: String) throws -> String? {
        try bytes(name, limit: Template.sizeLimit).map { bytes in
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw DPPAError(.data, "\(name) of \(model.label) is not UTF-8")
            }
            return text
        }
    }

    /// A file that is a JSON object.
    func object(_ name: String) throws -> JSONObject? {
        try bytes(name, limit: Self.limit).map {
            try JSONObject($0, file: model.tokenizerFile(name) ?? name, nonFinite: true)
        }
    }

    /// A hash of all of them.
    func digest() throws -> UInt128 {
        var hash = Fingerprint()
        for name in Self.names {
            guard let bytes = try bytes(name, limit: 1 << 28) else { continue }
            hash.add(name)
            hash.add(Fingerprint.of(bytes))
        }
        return hash.value
    }
}
