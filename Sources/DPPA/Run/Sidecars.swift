/// The small files beside the weights: config, generation settings, tokenizer, chat template.
package struct Sidecars {
    private let checkpoints: [Checkpoint]
    private let result: MergeResult
    private let config: Int

    /// The small files of a result; `config` is the model that they come from where the result does not say otherwise.
    package init(checkpoints: [Checkpoint], result: MergeResult, config: Int) {
        self.checkpoints = checkpoints
        self.result = result
        self.config = config
    }

    /// Copies them into a directory; config.json gets the dtype that the weights were written in, if one was chosen.
    ///
    /// Throws `inputOutput` when a file cannot be read or written, and `data` when config.json is no JSON object.
    package func write(to directory: String, dtype: DType?) throws {
        let source = checkpoints[config]
        if let text = source.config {
            let edited = try dtype.map { try ConfigText.settingDType(text, to: $0) } ?? text
            try Sidecars.write(edited, to: directory + "/config.json")
        }
        for file in source.sidecarFiles where kind(file) == .other { try copy(file, of: source, to: directory) }
        let tokenizer = checkpoints[result.tokenizer ?? config]
        for file in tokenizer.sidecarFiles where kind(file) == .tokenizer {
            try copy(file, of: tokenizer, to: directory)
        }
        if let file = result.chatTemplateFile {
            try Sidecars.copy(
                file, to: directory + "/" + (file.hasSuffix(".json") ? "chat_template.json" : "chat_template.jinja"))
        } else {
            let template = checkpoints[result.chatTemplate ?? result.tokenizer ?? config]
            for file in template.sidecarFiles where kind(file) == .chatTemplate {
                try copy(file, of: template, to: directory)
            }
        }
    }

    private enum Kind { case tokenizer, chatTemplate, other }

    private func kind(_ file: String) -> Kind {
        if file.hasPrefix("chat_template") { return .chatTemplate }
        let tokenizerFiles = [
            "tokenizer", "special_tokens_map", "added_tokens", "vocab", "merges", "spiece", "sentencepiece",
        ]
        return tokenizerFiles.contains(where: file.hasPrefix) || file.hasSuffix(".model")
            || file.hasSuffix(".tiktoken") ? .tokenizer : .other
    }

    private func copy(_ file: String, of checkpoint: Checkpoint, to directory: String) throws {
        try Sidecars.copy(checkpoint.path + "/" + file, to: directory + "/" + file)
    }

    private static func copy(_ from: String, to: String) throws {
        do { try write(FileDescriptor.contents(from, limit: 1 << 30), to: to) } catch let error as DPPAError {
            throw error.code == .missingInput
                ? DPPAError(.inputOutput, "cannot read \(from)", cause: error.cause ?? error.message) : error
        }
    }

    /// Writes a text file as it is.
    static func write(_ text: String, to path: String) throws { try write(Array(text.utf8), to: path) }

    private static func write(_ data: [UInt8], to path: String) throws {
        let file = try OutputFile(path, name: path, size: data.count)
        try data.withUnsafeBytes { try file.write($0, at: 0) }
        try file.sync()
    }
}
