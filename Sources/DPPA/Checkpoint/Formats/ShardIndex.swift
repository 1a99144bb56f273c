import DPPASupport

/// `model.safetensors.index.json` or `pytorch_model.bin.index.json`: the files that a model is in, and which of them is said to hold each tensor.
///
/// Which files belong to the model nothing else says; what is in them their headers say, and an index that says otherwise is
/// told of.
struct ShardIndex {
    let path: String
    /// The file of each tensor, by path from the index.
    let files: [String: String]
    /// What it gives as the bytes of all tensors.
    private let totalSize: JSONValue?

    /// Reads an index.
    ///
    /// Throws `data` when it is no JSON or has no map from tensors to files.
    init(_ path: String) throws {
        self.path = path
        let bytes = try FileDescriptor.contents(path, limit: 100_000_000)
        var (map, size): ([String: String]?, JSONValue?)
        try JSONScanner.read(bytes, file: path, nonFinite: true) { scanner in
            try scanner.members { name, scanner in
                if name == "weight_map" {
                    map = try scanner.strings()
                } else if name == "metadata", scanner.isNext("{") {
                    try scanner.members { name, scanner in
                        if name == "total_size" { size = try scanner.value() } else { try scanner.skipValue() }
                    }
                } else {
                    try scanner.skipValue()
                }
            }
        }
        guard let map, !map.isEmpty else {
            throw DPPAError(.data, "\(path) has no weight_map from tensor names to files")
        }
        (files, totalSize) = (map, size)
    }

    /// The files that it names, in order, each of which lies in the index's folder or below it.
    ///
    /// Throws `data` for a path that leads elsewhere.
    func shards() throws -> [String] {
        let shards = Set(files.values).sorted()
        for file in shards where !file.isEmpty {
            let parts = file.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.allSatisfy({ !$0.isEmpty && !$0.hasPrefix(".") }) else {
                throw DPPAError(.data, "\(path) names the file '\(file.shown)', which is not in its folder")
            }
        }
        return shards
    }

    /// A tensor that a file is said to hold.
    func example(of file: String) -> String { files.filter { $0.value == file }.keys.min() ?? "" }

    /// In what it differs from the tensors that its files hold, a sentence for each kind of difference.
    ///
    /// Bytes that several tensors share are counted once or for each of them, as different writers do.
    func differences(from tensors: [(name: String, file: String, bytes: Int, isShared: Bool)]) -> [String] {
        let held = Set(tensors.map(\.name))
        let gone = files.keys.filter { !held.contains($0) }.sorted()
        let unknown = tensors.map(\.name).filter { files[$0] == nil }.sorted()
        let moved = tensors.filter { files[$0.name] ?? $0.file != $0.file }.sorted { $0.name < $1.name }
        var found: [String] = []
        if let example = gone.first {
            found.append("has \(Self.counted(gone.count, example)), which no file holds")
        }
        if let example = unknown.first {
            found.append("lacks \(Self.counted(unknown.count, example)), which its files hold: read all the same")
        }
        if let example = moved.first {
            found.append(
                "places \(Phrase.counted(moved.count, "tensor")) wrongly: \(example.name.shown) is in \(example.file.shown) and "
                    + "not in \((files[example.name] ?? "").shown)")
        }
        let bytes = tensors.reduce(0) { $0 + $1.bytes }
        let own = tensors.reduce(0) { $0 + ($1.isShared ? 0 : $1.bytes) }
        if let said = totalSize?.double, said != Double(bytes), said != Double(own) {
            found.append("says that the tensors have \(totalSize.map { "\($0)" } ?? "") bytes; they have \(bytes)")
        }
        return found.map { "\(path) \($0)" }
    }

    private static func counted(_ count: Int, _ example: String) -> String {
        count == 1 ? "the tensor \(example.shown)" : "\(count) tensors, such as \(example.shown)"
    }
}
