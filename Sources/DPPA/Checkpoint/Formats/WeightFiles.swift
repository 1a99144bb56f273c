import DPPAKernels
import DPPASupport
import Foundation

/// A tensor in one of a model's files.
struct FileTensor {
    let name: String
    var source: any TensorSource
    /// The file that it is in.
    let path: String
    /// Whether its elements are also those of a tensor before it.
    var isShared = false

    var dtype: DType { source.dtype }
    var byteCount: Int { source.shape.reduce(source.dtype.byteSize, *) }
}

/// The files that a model's weights are in, chosen and checked as transformers does it whatever their form: a file, or a folder
/// with one of a certain name, with several and an index, or with one of another name.
struct WeightFiles: Sendable {
    /// The form in words.
    let form: String
    /// The name of a folder's only file; that of an index is this one with `.index.json`.
    let single: String
    /// Whether a file of a folder may hold its weights, by its name.
    let isWeights: @Sendable (String) -> Bool
    /// Reads what one file holds; what is left aside goes into the notices.
    let open: @Sendable (_ path: String, _ notices: inout [String]) throws -> [FileTensor]

    private var indexName: String { single + ".index.json" }

    /// Whether a folder has the files that transformers looks for.
    func hasItsNames(_ names: [String]) -> Bool { names.contains(single) || names.contains(indexName) }

    /// The tensors of the files that transformers would load.
    ///
    /// Throws `missingInput` and `data` errors, also for what are no weights but codes or low-rank factors.
    func contents(_ place: ModelPlace) throws -> ModelContents {
        var notices: [String] = []
        var tensors = try place.names.map { try weights(place.path, $0, &notices) } ?? open(place.path, &notices)
        tensors.sort { $0.name.precedes($1.name) }
        if FolderKind.isAdapter(tensors.map(\.name)) { throw FolderKind.adapter(place.path) }
        let files = Set(tensors.map(\.path)).sorted()
        let scaled = try ScaledWeights(tensors, config: place.config, path: place.path)
        if let scaled { (tensors, notices) = (scaled.tensors, notices + scaled.notices) }
        let config = scaled == nil ? place.config : scaled?.config
        if let found = Quantisation(config: config, tensors: tensors.map { ($0.name, $0.dtype) }) {
            throw found.refusal(place.path) { name in tensors.first { $0.name == name }?.dtype }
        }
        notices += Self.doubles(place.path, tensors)
        return ModelContents(
            tensors.map { ($0.name, $0.source) }, files: files, notices: notices, config: scaled?.config)
    }

    /// A word on float64 weights, which are computed with in float32.
    static func doubles(_ path: String, _ tensors: [FileTensor]) -> [String] {
        let found = tensors.filter { $0.dtype == .f64 }
        guard let first = found.first else { return [] }
        return [
            "\(path): \(Phrase.counted(found.count, "tensor")) of float64, such as \(first.name.shown): what is computed of "
                + "\(found.count == 1 ? "it" : "them") is rounded to float32; what is only copied stays as it is"
        ]
    }

    private func weights(_ path: String, _ names: [String], _ notices: inout [String]) throws -> [FileTensor] {
        let hasIndex = names.contains(indexName)
        if names.contains(single) {
            if hasIndex { notices += leftAside(path, names) }
            return try open(path + "/" + single, &notices)
        }
        if hasIndex { return try sharded(path, &notices) }
        let files = names.filter(isWeights)
        guard files.count == 1 else {
            throw DPPAError(
                .data,
                "\(path) has \(files.count) \(form) files and no \(indexName): \(files.prefix(3).joined(separator: ", "))",
                notes: ["name the file you mean, or restore the index"])
        }
        return try open(path + "/" + files[0], &notices)
    }

    /// An index beside the single file is left over from an earlier save, with its shards.
    private func leftAside(_ path: String, _ names: [String]) -> [String] {
        let index = try? ShardIndex(path + "/" + indexName)
        let shards = Set((index?.files ?? [:]).values).subtracting([single])
        // An index of the one file says nothing else.
        if index != nil, shards.isEmpty { return [] }
        let left = shards.intersection(names).sorted()
        let files = left.isEmpty ? "" : " and \(Phrase.list(left.map(\.shown)))"
        return [
            "\(path): \(single) was read, as transformers does; \(indexName)\(files) beside it "
                + (left.isEmpty ? "was" : "were") + " left aside"
        ]
    }

    /// The tensors of the files that an index names, by what these files hold.
    private func sharded(_ path: String, _ notices: inout [String]) throws -> [FileTensor] {
        let index = try ShardIndex(path + "/" + indexName)
        let bounds = FolderBounds(path)
        var (found, places): ([FileTensor], [String: String]) = ([], [:])
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
            for tensor in try open(file, &notices) {
                if let other = places.updateValue(shard, forKey: tensor.name) {
                    throw DPPAError(
                        .data, "\(path)/\(other.shown) and \(path)/\(shard.shown) both hold \(tensor.name.shown)",
                        notes: ["the files are of different saves: copy or download the model again"])
                }
                found.append(tensor)
            }
        }
        notices += index.differences(
            from: found.map { ($0.name, places[$0.name] ?? "", $0.byteCount, $0.isShared) })
        return found
    }
}
