import DPPASupport
import Foundation

/// Safetensors: a file, or a folder with one file or with several and an index, read as transformers reads it.
package enum SafetensorsModel: ModelFormat {
    package static let fileExtensions = ["safetensors"]
    private static let single = "model.safetensors"

    /// A file that cannot be told is taken for one, and its reader says what is wrong with it.
    package static func recognises(_ place: ModelPlace) -> Bool {
        guard let names = place.names else { return place.kind == nil }
        return names.contains(ShardIndex.name) || names.contains(where: isWeights)
    }

    package static func open(_ place: ModelPlace, base: OpenModel?) throws -> ModelContents {
        var tensors: [SafetensorsFile.Tensor]
        var notices: [String] = []
        if let names = place.names {
            tensors = try weights(place.path, names, &notices)
        } else {
            tensors = try SafetensorsFile(place.path).tensors
        }
        tensors.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        try requireWeights(place, tensors)
        notices += doubles(place.path, tensors)
        return ModelContents(
            tensors.map { ($0.name, $0) }, files: Set(tensors.map(\.path)).sorted(), notices: notices)
    }

    /// A word on float64 weights, which are computed with in float32.
    private static func doubles(_ path: String, _ tensors: [SafetensorsFile.Tensor]) -> [String] {
        let found = tensors.filter { $0.dtype == .f64 }
        guard let first = found.first else { return [] }
        return [
            "\(path): \(Phrase.counted(found.count, "tensor")) of float64, such as \(first.name.shown): what is computed of "
                + "\(found.count == 1 ? "it" : "them") is rounded to float32; what is only copied stays as it is"
        ]
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
    private static func weights(
        _ path: String, _ names: [String], _ notices: inout [String]
    ) throws -> [SafetensorsFile.Tensor] {
        let hasIndex = names.contains(ShardIndex.name)
        if names.contains(single) {
            if hasIndex { notices += leftAside(path, names) }
            return try SafetensorsFile(path + "/" + single).tensors
        }
        if hasIndex { return try sharded(path, &notices) }
        let files = names.filter(isWeights)
        guard files.count == 1 else {
            throw DPPAError(
                .data,
                "\(path) has \(files.count) safetensors files and no \(ShardIndex.name): \(files.prefix(3).joined(separator: ", "))",
                notes: ["name the file you mean, or restore the index"])
        }
        return try SafetensorsFile(path + "/" + files[0]).tensors
    }

    /// An index beside the single file is left over from an earlier save, with its shards.
    private static func leftAside(_ path: String, _ names: [String]) -> [String] {
        let index = try? ShardIndex(path + "/" + ShardIndex.name)
        let shards = Set((index?.files ?? [:]).values).subtracting([single])
        // An index of the one file says nothing else.
        if index != nil, shards.isEmpty { return [] }
        let left = shards.intersection(names).sorted()
        let files = left.isEmpty ? "" : " and \(Phrase.list(left.map(\.shown)))"
        return [
            "\(path): \(single) was read, as transformers does; \(ShardIndex.name)\(files) beside it "
                + (left.isEmpty ? "was" : "were") + " left aside"
        ]
    }

    /// The tensors of the files that an index names, by the headers of these files.
    private static func sharded(_ path: String, _ notices: inout [String]) throws -> [SafetensorsFile.Tensor] {
        let index = try ShardIndex(path + "/" + ShardIndex.name)
        let bounds = FolderBounds(path)
        var (found, places): ([SafetensorsFile.Tensor], [String: String]) = ([], [:])
        for shard in try index.shards() {
            let file = path + "/" + shard
            guard !shard.isEmpty, FileDescriptor.isEntry(file) else {
                throw DPPAError(
                    .missingInput,
                    "\(path)/\(shard.shown) is missing: \(index.path) says it holds \(index.example(of: shard).shown)",
                    notes: ["copy or download it again"])
            }
            if shard.contains("/"), FileManager.default.fileExists(atPath: file), !bounds.hold(file) {
                throw DPPAError(.data, "\(index.path) names the file '\(shard.shown)', which leads out of its folder")
            }
            for tensor in try SafetensorsFile(file).tensors {
                if let other = places.updateValue(shard, forKey: tensor.name) {
                    throw DPPAError(
                        .data, "\(path)/\(other.shown) and \(path)/\(shard.shown) both hold \(tensor.name.shown)",
                        notes: ["the files are of different saves: copy or download the model again"])
                }
                found.append(tensor)
            }
        }
        notices += index.differences(
            from: found.map { tensor in
                (tensor.name, places[tensor.name] ?? "", tensor.shape.reduce(1, *) * tensor.dtype.byteSize)
            })
        return found
    }
}
