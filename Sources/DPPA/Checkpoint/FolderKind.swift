import DPPASupport
import Foundation

/// What a folder is that holds no model, by the files in it.
enum FolderKind {
    /// The error for a folder without weights that can be read, by the names of its entries.
    static func refusal(_ path: String, _ names: [String]) -> DPPAError {
        if names.contains("adapter_config.json") { return adapter(path, config: path + "/adapter_config.json") }
        if names.contains("adapter_model.safetensors") || names.contains("adapter_model.bin") { return adapter(path) }
        if names.contains("model_index.json") {
            return DPPAError(
                .data, "\(path) is a pipeline of several models",
                notes: ["name one of its folders, such as \(path)/transformer or \(path)/unet"])
        }
        guard let other = names.first(where: StayingFile.isWeights) else {
            return DPPAError(
                .missingInput, "\(path) holds no safetensors, PyTorch or GGUF file", notes: models(in: path, names))
        }
        let kind = FileKind(path: path + "/" + other)
        return DPPAError(
            .missingInput,
            "\(path) holds no safetensors, PyTorch or GGUF file; it has \(other.shown)"
                + (kind.map { ", \($0.description)" } ?? ""),
            notes: [kind?.advice ?? FileKind.hdf5.advice])
    }

    /// The error for low-rank factors where a model is expected; `config` is the path of an adapter_config.json.
    static func adapter(_ path: String, config: String? = nil) -> DPPAError {
        let text = config.flatMap { try? FileDescriptor.contents($0, limit: 1 << 20) }
        let fields = text.flatMap { ConfigText.object(String(decoding: $0, as: UTF8.self)) }
        let kind = fields?["peft_type"]?.string.map { " (\($0.shown))" } ?? ""
        let base = fields?["base_model_name_or_path"]?.string.map { " for \($0.shown)" } ?? ""
        return DPPAError(
            .data, "\(path) is an adapter\(kind)\(base), not a model: it holds low-rank factors and no weights",
            notes: [
                "put it into its base first: load both with peft, then merge_and_unload() and save_pretrained(directory)"
            ])
    }

    /// Where models stand in a folder that is none itself.
    private static func models(in path: String, _ names: [String]) -> [String] {
        let found = names.filter { name in
            let inside = (try? FileManager.default.contentsOfDirectory(atPath: path + "/" + name)) ?? []
            return inside.contains {
                $0.hasSuffix(".safetensors") || $0.hasPrefix("pytorch_model.bin") || $0.hasSuffix(".gguf")
            }
        }
        return found.isEmpty
            ? [] : ["models stand in it: name one of \(Phrase.list(found.map { "\(path)/\($0.shown)" }))"]
    }

    /// Whether tensors are the factors of an adapter rather than weights.
    static func isAdapter(_ names: [String]) -> Bool {
        let words = ["lora_", "hada_w", "lokr_w"]
        // The last three parts of a name tell it; the other parts are not taken out.
        func isFactor(_ name: String) -> Bool {
            var (rest, parts) = (name.utf8[...], 0)
            while parts < 3, !rest.isEmpty {
                let dot = rest.lastIndex(of: UInt8(ascii: "."))
                let part = rest[(dot.map(rest.index(after:)) ?? rest.startIndex)...]
                if words.contains(where: { part.starts(with: $0.utf8) }) { return true }
                if !part.isEmpty { parts += 1 }
                rest = rest[..<(dot ?? rest.startIndex)]
            }
            return false
        }
        // A model that keeps its adapters beside their weights has both.
        guard names.contains(where: isFactor), !names.contains(where: { $0.contains(".base_layer.") }) else {
            return false
        }
        return names.count(where: isFactor) * 2 > names.count
    }
}
