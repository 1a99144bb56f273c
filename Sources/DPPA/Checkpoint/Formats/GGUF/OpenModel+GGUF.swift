extension OpenModel {
    /// Whether its tokenizer is in the metadata of a GGUF file, which is not read, and no file beside it has one.
    package var hasUnreadTokenizer: Bool {
        weightFiles.contains { $0.hasSuffix(".gguf") }
            && !sidecarFiles.contains { SidecarFile($0, hasCode: false) == .tokenizer }
    }
}
