import DPPASupport

/// What training tools put into the names of a checkpoint's tensors, and no reader of the model knows.
enum WrapperNames {
    /// Words that compilers and sharding put anywhere into a name.
    private static let inner: Set<Substring> = ["_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"]

    /// The names without such words, in the same order, and a notice; nil where there are none, or where two tensors would get
    /// one name.
    ///
    /// `module.`, which data parallelism puts before all names, is such a word only where every name begins with it.
    static func removed(from names: [String], in path: String) -> (names: [String], notice: String)? {
        guard names.contains(where: mayHaveInner) || names.allSatisfy({ $0.utf8.starts(with: "module.".utf8) }) else {
            return nil
        }
        var words: Set<Substring> = []
        var parts = names.map { name in
            let all = name.split(separator: ".", omittingEmptySubsequences: false)
            words.formUnion(inner.intersection(all))
            return all.filter { !inner.contains($0) }
        }
        while !parts.isEmpty, parts.allSatisfy({ $0.count > 1 && $0[0] == "module" }) {
            words.insert("module")
            parts = parts.map { Array($0.dropFirst()) }
        }
        let bare = parts.map { $0.joined(separator: ".") }
        guard !words.isEmpty, Set(bare).count == names.count, !bare.contains("") else { return nil }
        return (
            bare,
            "the names of \(path.shown) are read without \(Phrase.list(words.sorted().map { "'\($0).'" })), which training tools "
                + "put there"
        )
    }

    /// Whether some part of a name begins as such words do; hardly any does, and taking names apart takes time.
    private static func mayHaveInner(_ name: String) -> Bool {
        var isFirst = true
        for byte in name.utf8 {
            if isFirst, byte == UInt8(ascii: "_") { return true }
            isFirst = byte == UInt8(ascii: ".")
        }
        return false
    }
}
