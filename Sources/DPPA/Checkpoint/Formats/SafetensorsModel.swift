import DPPASupport

/// Safetensors: a file, or a folder with one file or with several and an index, read as transformers reads it.
package enum SafetensorsModel: ModelFormat {
    package static let fileExtensions = ["safetensors"]
    private static let single = "model.safetensors"
    private static let index = "model.safetensors.index.json"

    /// A file that cannot be told is taken for one, and its reader says what is wrong with it.
    package static func recognises(_ place: ModelPlace) -> Bool {
        guard let names = place.names else { return place.kind == nil }
        return names.contains(index) || names.contains(where: isWeights)
    }

    package static func open(_ place: ModelPlace, base: OpenModel?) throws -> ModelContents {
        var tensors: [SafetensorsFile.Tensor]
        var notices: [String] = []
        if let names = place.names {
            tensors = try weights(place.path, names)
            if names.contains(single), names.contains(index) { notices = leftAside(place.path, names) }
        } else {
            tensors = try SafetensorsFile(place.path).tensors
        }
        tensors.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        try requireWeights(place, tensors)
        return ModelContents(
            tensors.map { ($0.name, $0) }, files: Set(tensors.map(\.path)).sorted(), notices: notices)
    }

    /// Codes and low-rank factors are not the numbers that they stand for.
    private static func requireWeights(_ place: ModelPlace, _ tensors: [SafetensorsFile.Tensor]) throws {
        if FolderKind.isAdapter(tensors.map(\.name)) { throw FolderKind.adapter(place.path) }
        if let found = Quantisation(config: place.config, tensors: tensors.map { ($0.name, $0.dtype) }) {
            throw found.refusal(place.path) { name in tensors.first { $0.name == name }?.dtype }
        }
    }

    private static func isWeights(_ name: String) -> Bool {
        name.hasSuffix(".safetensors") && name != "adapter_model.safetensors"
    }

    /// The tensors of the files that transformers would load.
    private static func weights(_ path: String, _ names: [String]) throws -> [SafetensorsFile.Tensor] {
        if names.contains(single) { return try SafetensorsFile(path + "/" + single).tensors }
        if names.contains(index) { return try sharded(path, path + "/" + index, names) }
        let files = names.filter(isWeights)
        guard files.count == 1 else {
            throw DPPAError(
                .data,
                "\(path) has \(files.count) safetensors files and no \(index): \(files.prefix(3).joined(separator: ", "))",
                notes: ["name the file you mean, or restore the index"])
        }
        return try SafetensorsFile(path + "/" + files[0]).tensors
    }

    /// An index beside the single file is left over from an earlier save, with its shards.
    private static func leftAside(_ path: String, _ names: [String]) -> [String] {
        let shards = Set(((try? weightMap(path + "/" + index)) ?? [:]).values).subtracting([single])
        // An index of the one file says nothing else.
        if shards.isEmpty, (try? weightMap(path + "/" + index)) != nil { return [] }
        let left = shards.intersection(names).sorted()
        let files = left.isEmpty ? "" : " and \(Phrase.list(left.map(\.shown)))"
        return [
            "\(path): \(single) was read, as transformers does; \(index)\(files) beside it "
                + (left.isEmpty ? "was" : "were") + " left aside"
        ]
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
