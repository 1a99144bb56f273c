import DPPASupport

/// The files that a folder's weights are read from: those that transformers would load.
struct WeightFiles {
    /// The tensors of all files.
    private(set) var tensors: [SafetensorsFile.Tensor] = []
    /// What was left aside, in words.
    private(set) var notices: [String] = []

    private static let single = "model.safetensors"
    private static let index = "model.safetensors.index.json"

    /// Opens the files of a folder, by the names of its entries.
    init(_ path: String, _ names: [String]) throws {
        if names.contains(Self.single) {
            tensors = try SafetensorsFile(path + "/" + Self.single).tensors
            if names.contains(Self.index) { leaveAside(path, names) }
            return
        }
        if names.contains(Self.index) {
            tensors = try Self.sharded(path, path + "/" + Self.index, names)
            return
        }
        let files = names.filter { $0.hasSuffix(".safetensors") && $0 != "adapter_model.safetensors" }
        if files.count > 1 {
            throw DPPAError(
                .data,
                "\(path) has \(files.count) safetensors files and no \(Self.index): \(files.prefix(3).joined(separator: ", "))",
                notes: ["name the file you mean, or restore the index"])
        }
        guard let file = files.first else { throw FolderKind.refusal(path, names) }
        tensors = try SafetensorsFile(path + "/" + file).tensors
    }

    /// An index beside the single file is left over from an earlier save, with its shards.
    private mutating func leaveAside(_ path: String, _ names: [String]) {
        let shards = Set(((try? Self.weightMap(path + "/" + Self.index)) ?? [:]).values).subtracting([Self.single])
        // An index of the one file says nothing else.
        if shards.isEmpty, (try? Self.weightMap(path + "/" + Self.index)) != nil { return }
        let left = shards.intersection(names).sorted()
        let files = left.isEmpty ? "" : " and \(Phrase.list(left.map(\.shown)))"
        notices.append(
            "\(path): \(Self.single) was read, as transformers does; \(Self.index)\(files) beside it "
                + (left.isEmpty ? "was" : "were") + " left aside")
    }

    private static func sharded(_ path: String, _ index: String, _ names: [String]) throws -> [SafetensorsFile.Tensor] {
        let map = try weightMap(index)
        var found: [SafetensorsFile.Tensor] = []
        let present = Set(names)
        for file in Set(map.values).sorted() {
            guard !file.contains("/"), !file.hasPrefix(".") else {
                throw DPPAError(.data, "\(index) names the file '\(file.shown)', which is not beside it")
            }
            guard present.contains(file) else {
                let tensors = map.filter { $0.value == file }.keys.sorted()
                throw DPPAError(
                    .missingInput, "\(path)/\(file.shown) is missing: \(index) says it holds \(tensors[0].shown)",
                    notes: ["copy or download it again"])
            }
            for tensor in try SafetensorsFile(path + "/" + file).tensors {
                guard map[tensor.name] == file else {
                    let expected = map[tensor.name].map { "the index says \($0.shown)" } ?? "the index does not have it"
                    throw DPPAError(.data, "\(path)/\(file) holds \(tensor.name.shown); \(expected)")
                }
                found.append(tensor)
            }
        }
        let held = Set(found.map(\.name))
        if let missing = map.keys.filter({ !held.contains($0) }).min() {
            throw DPPAError(
                .data, "\(path)/\(map[missing] ?? "") lacks \(missing.shown), which the index says it holds")
        }
        return found
    }

    private static func weightMap(_ index: String) throws -> [String: String] {
        let bytes = try FileDescriptor.contents(index, limit: 100_000_000)
        var map: [String: String]?
        try JSONScanner.read(bytes, file: index, nonFinite: true) { scanner in
            try scanner.members { name, scanner in
                if name == "weight_map" { map = try scanner.strings() } else { try scanner.skipValue() }
            }
        }
        guard let map, !map.isEmpty else {
            throw DPPAError(.data, "\(index) has no weight_map from tensor names to files")
        }
        return map
    }
}
