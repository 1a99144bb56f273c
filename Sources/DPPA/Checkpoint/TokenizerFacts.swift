import DPPASupport

/// What the tokenizer files of a model say of its tokens, without the tokenizer.
package struct TokenizerFacts {
    /// The largest id of a token; nil where no file tells.
    package private(set) var largest: Int?
    /// The ids of the added tokens, by their text.
    package private(set) var added: [String: Int] = [:]
    /// The text of the token that ends a text.
    package private(set) var end: String?

    /// The id of the token that ends a text.
    package var endID: Int? { end.flatMap { added[$0] } }

    /// The text of an added token.
    package func text(_ id: Int) -> String? { added.filter { $0.value == id }.keys.min() }

    /// Reads tokenizer.json and tokenizer_config.json of a model; what is not there, or no JSON, tells nothing.
    package init(_ model: OpenModel) {
        if model.sidecarFiles.contains("tokenizer_config.json"),
            let bytes = try? FileDescriptor.contents(model.path + "/tokenizer_config.json", limit: 64 << 20),
            let object = ConfigText.object(String(decoding: bytes, as: UTF8.self))
        {
            let token = object["eos_token"]
            end = token?.string ?? token?["content"]?.string
            for (id, entry) in object["added_tokens_decoder"]?.object?.members ?? [] {
                if let id = Int(id), let content = entry["content"]?.string { add(content, id) }
            }
        }
        guard let path = model.tokenizerPath,
            let bytes = try? FileDescriptor.contents(path, limit: 1 << 28)
        else { return }
        var found = self
        // A damaged file tells nothing, rather than the half of it.
        guard (try? JSONScanner.read(bytes, file: path, nonFinite: true, { try found.read(&$0) })) != nil else {
            return
        }
        self = found
    }

    private mutating func add(_ content: String, _ id: Int) {
        added[content] = id
        largest = max(largest ?? 0, id)
    }

    private mutating func read(_ scanner: inout JSONScanner) throws {
        try scanner.members { name, scanner in
            switch name {
            case "added_tokens": try scanner.elements { try addedToken(&$0) }
            case "model":
                guard scanner.isNext("{") else { return try scanner.skipValue() }
                try scanner.members { name, scanner in
                    guard name == "vocab" else { return try scanner.skipValue() }
                    try vocabulary(&scanner)
                }
            default: try scanner.skipValue()
            }
        }
    }

    private mutating func addedToken(_ scanner: inout JSONScanner) throws {
        var (id, content): (Int?, String?)
        try scanner.members { name, scanner in
            switch name {
            case "id": id = try scanner.integer()
            case "content": content = try scanner.string()
            default: try scanner.skipValue()
            }
        }
        if let id, let content { add(content, id) }
    }

    /// Pieces with their ids, or, in a unigram model, a list of pieces in the order of their ids.
    private mutating func vocabulary(_ scanner: inout JSONScanner) throws {
        var most = -1
        if scanner.isNext("[") {
            try scanner.elements {
                most += 1
                try $0.skipValue()
            }
        } else {
            try scanner.expect("{")
            if !scanner.skip("}") {
                repeat {
                    try scanner.skipString()
                    try scanner.expect(":")
                    most = max(most, try scanner.integer())
                } while scanner.skip(",")
                try scanner.expect("}")
            }
        }
        if most >= 0 { largest = max(largest ?? 0, most) }
    }
}
