import DPPAKernels
import DPPASupport

/// GGUF files of llama.cpp: a file, its parts, or a folder with one model's.
///
/// Names and config.json are those of transformers (`GGUFFamily`, `GGUFConfig`); blocks are decoded where they are read.
package enum GGUFModel: ModelFormat {
    package static let fileExtensions = ["gguf"]

    package static func recognises(_ place: ModelPlace) -> Bool {
        guard let names = place.names else { return place.kind == .gguf && !place.path.hasSuffix(".safetensors") }
        return names.contains { $0.hasSuffix(".gguf") && FileKind(path: place.path + "/" + $0) == .gguf }
    }

    package static func open(_ place: ModelPlace, base: OpenModel?) throws -> ModelContents {
        let files = try GGUFParts(place)
        var stored: [(name: String, source: any TensorSource)] = []
        var holders: [String: String] = [:]
        var first: GGUFHeader?
        for (number, path) in files.paths.enumerated() {
            let file = try FileDescriptor(path)
            let header = try GGUFHeader(file)
            try files.check(header, number)
            if first == nil { first = header }
            for tensor in header.tensors {
                if let other = holders.updateValue(path, forKey: tensor.name) {
                    throw DPPAError(
                        .data, "\(other.shown) and \(path.shown) both hold \(tensor.name.shown)",
                        notes: ["the files are of different models: copy or download them again"])
                }
                stored.append((tensor.name, tensor.source(file)))
            }
        }
        guard let first else { throw place.refusal }
        try files.check(first, tensors: stored.count)
        let metadata = try GGUFMetadata(first)
        guard let family = GGUFFamily(metadata.architecture, metadata) else { throw metadata.refusal }
        let tensors = try GGUFTensors(metadata, family, stored)
        let sources = Dictionary(stored.map { ($0.name, $0.source) }) { first, _ in first }
        let rope = try GGUFRope(metadata) { sources[$0] }
        let config = try GGUFConfig(
            metadata, family, shapes: sources.mapValues(\.shape), rope: rope,
            dtype: mainDType(tensors.tensors.map(\.source)))
        let (text, isOwn, notice) = chosen(place, config)
        var notices =
            files.notices
            + WeightFiles.doubles(
                place.path, tensors.tensors.map { FileTensor(name: $0.name, source: $0.source, path: place.path) })
        if let notice { notices.append(notice) }
        if !isOwn, let notice = rope.notice { notices.append(notice) }
        let left = tensors.derived.filter { !GGUFFamily.factors.contains($0) }
        if let example = left.first {
            notices.append(
                "\(files.paths[0]): \(Phrase.counted(left.count, "tensor")) of rotary frequencies, such as \(example.shown), "
                    + "\(left.count == 1 ? "is" : "are") left aside: readers compute them")
        }
        return ModelContents(tensors.tensors, files: files.paths, notices: notices, config: text)
    }

    /// The type that most elements are written in.
    private static func mainDType(_ sources: [any TensorSource]) -> DType {
        let counts = sources.reduce(into: [DType: Int]()) {
            $0[$1.writtenDType, default: 0] += $1.shape.reduce(1, *)
        }
        return counts.max { ($0.value, $0.key.rawValue) < ($1.value, $1.key.rawValue) }?.key ?? .bf16
    }

    /// The config.json beside the file where it is of this model, and else the one that is made.
    private static func chosen(_ place: ModelPlace, _ made: GGUFConfig) -> (text: String, isOwn: Bool, notice: String?)
    {
        guard let text = place.config, let own = ConfigText.object(text) else { return (made.text, false, nil) }
        let language = LanguageConfig(own)
        let keys = [
            "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads",
            "vocab_size",
        ]
        for (key, json) in made.entries where keys.contains(key) {
            let value = language[key]
            // Where keys and values have as many heads as queries, config.json need not say it.
            if key == "num_key_value_heads", value == nil { continue }
            guard value.map(LanguageConfig.text) != json else { continue }
            return (
                made.text, false,
                "\(place.path)/config.json was left aside: \(key) is \(value.map(LanguageConfig.text) ?? "not there"), and in the "
                    + "GGUF file \(json); what its metadata says was taken"
            )
        }
        return (text, true, nil)
    }
}
