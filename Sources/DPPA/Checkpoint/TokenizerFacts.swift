import DPPASupport
import Synchronization

/// What the tokenizer files of a model say of its tokens, without the tokenizer.
package struct TokenizerFacts: Sendable {
    /// The largest id of a token; nil where no file tells.
    package private(set) var largest: Int?
    /// The ids of the added tokens, by their text.
    package private(set) var added: [String: Int] = [:]
    /// The text of the token that ends a text, and of that which begins one.
    package private(set) var end, begin: String?

    /// The id of the token that ends a text.
    package var endID: Int? { end.flatMap { added[$0] } }

    /// The text of an added token.
    package func text(_ id: Int) -> String? { added.filter { $0.value == id }.keys.min() }

    /// What tokenizer.json and tokenizer_config.json of a model say, which are read once; what is not there, or no JSON, tells
    /// nothing.
    package init(_ model: OpenModel) { self = model.tokenizer.facts }

    /// What the files in a model's own folder say, also where its rows are other tokens.
    package init(ownFilesOf model: OpenModel) {
        self = (model.vocabulary == nil ? model.tokenizer : TokenizerFiles(model.home, model.sidecarFiles)).facts
    }

    /// The same with further tokens, by text and id; added ones are told apart.
    func adding(_ tokens: [(text: String, id: Int, isAdded: Bool)]) -> TokenizerFacts {
        var facts = self
        for token in tokens {
            if token.isAdded { facts.added[token.text] = token.id }
            facts.largest = max(facts.largest ?? 0, token.id)
        }
        return facts
    }

    /// What a table of tokens and the text of a tokenizer_config.json say.
    init(_ table: TokenTable?, config: String?) {
        if let object = config.flatMap(ConfigText.object) {
            func text(_ key: String) -> String? { object[key]?.string ?? object[key]?["content"]?.string }
            (end, begin) = (text("eos_token"), text("bos_token"))
            for (id, entry) in object["added_tokens_decoder"]?.object?.members ?? [] {
                guard let id = Int(id), let content = entry["content"]?.string else { continue }
                added[content] = id
                largest = max(largest ?? 0, id)
            }
        }
        for (text, id) in table?.added ?? [] { added[text] = id }
        if let most = table?.largest { largest = max(largest ?? 0, most) }
    }
}

/// The tokenizer files of an open model, each read when it is first asked for, and once.
final class TokenizerFiles: Sendable {
    private struct Read {
        var table: TokenTable??
        var facts: TokenizerFacts?
    }

    private let folder: String
    private let names: Set<String>
    private let read = Mutex(Read())

    /// The files of these names in a model's folder.
    init(_ folder: String, _ names: [String]) {
        self.folder = folder
        self.names = Set(names)
    }

    /// The same files with further tokens.
    init(_ other: TokenizerFiles, adding tokens: [(text: String, id: Int, isAdded: Bool)]) {
        (folder, names) = (other.folder, other.names)
        let known = Read(table: .some(other.table), facts: other.facts.adding(tokens))
        read.withLock { $0 = known }
    }

    /// The tokens of tokenizer.json; nil where there is none, or it is damaged.
    var table: TokenTable? { read.withLock { table(&$0) } }

    /// What the files say.
    var facts: TokenizerFacts {
        read.withLock { read in
            if let facts = read.facts { return facts }
            let config = path("tokenizer_config.json").flatMap { try? FileDescriptor.contents($0, limit: 64 << 20) }
            let facts = TokenizerFacts(table(&read), config: config.map { String(decoding: $0, as: UTF8.self) })
            read.facts = facts
            return facts
        }
    }

    /// Where a file is, if there is one.
    func path(_ name: String) -> String? { names.contains(name) ? folder + "/" + name : nil }

    private func table(_ read: inout Read) -> TokenTable? {
        if let table = read.table { return table }
        let table = path("tokenizer.json").flatMap(TokenTable.init(path:))
        read.table = .some(table)
        return table
    }
}
