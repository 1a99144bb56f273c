import Foundation
import SystemPackage

/// A model on disk: a Hugging Face directory, with one safetensors file or several and an index, or a single file.
public struct Checkpoint: Sendable {
    /// One tensor with what its name tells and where its elements are.
    public struct Tensor: Sendable {
        /// What is known without reading.
        public let facts: TensorFacts
        /// Where the elements are.
        public let source: any TensorSource
    }

    /// The short name in messages and reports.
    public let label: String
    /// The directory or file, as given.
    public let path: String
    /// The tensors in bytewise order of their names.
    public let tensors: [Tensor]
    /// The text of config.json, if there is one.
    public let config: String?
    /// The names of small files beside the weights that belong to the model.
    public let sidecarFiles: [String]
    private let places: [String: Int]

    /// The safetensors files that the tensors are in.
    public var shards: Set<String> { Set(tensors.compactMap { ($0.source as? SafetensorsFile.Tensor)?.path }) }

    /// The model's tokenizer.json, if there is one.
    var tokenizerPath: String? { sidecarFiles.contains("tokenizer.json") ? path + "/tokenizer.json" : nil }

    /// A tensor by name.
    public subscript(name: String) -> Tensor? { places[name].map { tensors[$0] } }

    /// Opens a model without reading its weights.
    ///
    /// Throws `missingInput` when there is nothing, and `data` when files are damaged, contradict each other, or hold scaled
    /// 8-bit weights.
    public static func open(_ path: String, label: String) throws -> Checkpoint {
        var isDirectory: ObjCBool = false
        // The system would read a path up to its first NUL.
        guard !path.utf8.contains(0), FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw DPPAError(.missingInput, "there is no model at \(path.shown)")
        }
        guard isDirectory.boolValue else {
            return try Checkpoint(
                label, path, try SafetensorsFile(path).tensors, config: nil, sidecarFiles: [])
        }
        let names = try list(path)
        let config = names.contains("config.json") ? try text(path + "/config.json", limit: 16 << 20) : nil
        // Now rather than when the weights are written, which may take hours.
        if let config { try JSONScanner.requireObject(config, "\(path)/config.json is not a JSON object") }
        let tensors = try self.tensors(path, names)
        return try Checkpoint(
            label, path, tensors, config: config,
            sidecarFiles: names.filter { isSidecar($0) && isFile(path + "/" + $0) })
    }

    private init(
        _ label: String, _ path: String, _ found: [SafetensorsFile.Tensor], config: String?, sidecarFiles: [String]
    ) throws {
        let sorted = found.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        let facts = TensorNaming.facts(sorted.map { ($0.name, $0.shape) })
        self.label = label
        self.path = path
        tensors = zip(facts, sorted).map { Tensor(facts: $0, source: $1) }
        places = Dictionary(tensors.enumerated().map { ($1.facts.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.config = config
        self.sidecarFiles = sidecarFiles
        let elements = facts.reduce(0.0) { $0 + Double($1.numel) }
        guard elements <= 0x1p50 else {
            throw DPPAError(.data, "\(path) has \(elements) elements; at most 2^50 are read")
        }
        try refuseScaled8Bit()
    }

    /// Scaled 8-bit weights are not the numbers that they stand for.
    private func refuseScaled8Bit() throws {
        guard let tensor = tensors.first(where: { $0.source.dtype == .f8E4M3 || $0.source.dtype == .f8E5M2 }) else {
            return
        }
        let scale = tensors.first { tensor in
            ["_scale_inv", "_scale", ".scale", ".scale_inv", "scale_weight"].contains {
                tensor.facts.name.hasSuffix($0)
            }
        }
        let isQuantised = config?.contains("\"quantization_config\"") ?? false
        guard scale != nil || isQuantised else { return }
        let sign =
            scale.map { "the scale \($0.facts.name) stands beside it" } ?? "config.json has a quantization_config"
        throw DPPAError(
            .data, "\(path): \(tensor.facts.name) is a scaled 8-bit weight (\(tensor.source.dtype.rawValue)): \(sign)",
            notes: ["merge the 16-bit model, or convert this one to bf16 first"])
    }

    private static func tensors(_ path: String, _ names: [String]) throws -> [SafetensorsFile.Tensor] {
        let index = "model.safetensors.index.json"
        if names.contains(index) { return try sharded(path, path + "/" + index, names) }
        if names.contains("model.safetensors") { return try SafetensorsFile(path + "/model.safetensors").tensors }
        let files = names.filter { $0.hasSuffix(".safetensors") }
        if files.count == 1 { return try SafetensorsFile(path + "/" + files[0]).tensors }
        if files.count > 1 {
            throw DPPAError(
                .data,
                "\(path) has \(files.count) safetensors files and no \(index): \(files.prefix(3).joined(separator: ", "))",
                notes: ["name the file you mean, or restore the index"])
        }
        let other = names.first {
            $0.hasSuffix(".bin") || $0.hasSuffix(".gguf") || $0.hasSuffix(".pt") || $0.hasSuffix(".pth")
        }
        throw DPPAError(
            .missingInput, "\(path) holds no safetensors file" + (other.map { "; it has \($0)" } ?? ""),
            notes: other == nil
                ? [] : ["convert it first: load it with transformers and call save_pretrained(directory)"])
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
        try bytes.withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes: bytes, file: index, kind: .text)
            try scanner.members { name, scanner in
                if name == "weight_map" { map = try scanner.strings() } else { try scanner.skipValue() }
            }
            try scanner.end()
        }
        guard let map, !map.isEmpty else {
            throw DPPAError(.data, "\(index) has no weight_map from tensor names to files")
        }
        return map
    }

    private static func list(_ path: String) throws -> [String] {
        do { return try FileManager.default.contentsOfDirectory(atPath: path).sorted() } catch {
            let reason = Errno(beneath: error)
            throw DPPAError(
                .missingInput, "cannot list \(path)", notes: reason.map(OpenFiles.note) ?? [],
                cause: reason?.description ?? "\(error)")
        }
    }

    private static func text(_ path: String, limit: Int) throws -> String {
        guard let text = String(validating: try FileDescriptor.contents(path, limit: limit), as: UTF8.self) else {
            throw DPPAError(.data, "\(path) is not UTF-8 text")
        }
        return text
    }

    private static func isFile(_ path: String) -> Bool {
        var status = stat()
        return fstatat(AT_FDCWD, path, &status, 0) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    static func isSidecar(_ name: String) -> Bool {
        let exact: Set<String> = [
            "generation_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt",
            "vocab.txt", "preprocessor_config.json", "video_preprocessor_config.json", "processor_config.json",
        ]
        return exact.contains(name) || name.hasPrefix("tokenizer") || name.hasPrefix("chat_template")
            || name.hasSuffix(".model") || name.hasSuffix(".tiktoken")
    }
}
