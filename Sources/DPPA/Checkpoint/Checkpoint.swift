import DPPASupport
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
    /// What was left aside when it was opened, in words.
    public let notices: [String]
    private let places: [String: Int]

    /// The safetensors files that the tensors are in.
    public var shards: Set<String> { Set(tensors.compactMap { ($0.source as? SafetensorsFile.Tensor)?.path }) }

    /// The model's tokenizer.json, if there is one.
    package var tokenizerPath: String? { sidecarFiles.contains("tokenizer.json") ? path + "/tokenizer.json" : nil }

    /// A tensor by name.
    public subscript(name: String) -> Tensor? { places[name].map { tensors[$0] } }

    /// Opens a model without reading its weights.
    ///
    /// Throws `missingInput` when there is nothing, and `data` when files are damaged, contradict each other, or hold
    /// something else than weights: quantised ones, or an adapter.
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
        let weights = try WeightFiles(path, names)
        return try Checkpoint(
            label, path, weights.tensors, config: config, sidecarFiles: try sidecars(path, names),
            notices: weights.notices)
    }

    private init(
        _ label: String, _ path: String, _ found: [SafetensorsFile.Tensor], config: String?, sidecarFiles: [String],
        notices: [String] = []
    ) throws {
        let sorted = found.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        let facts = TensorNaming.facts(sorted.map { ($0.name, $0.shape) })
        self.label = label
        self.path = path
        tensors = zip(facts, sorted).map { Tensor(facts: $0, source: $1) }
        places = Dictionary(tensors.enumerated().map { ($1.facts.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.config = config
        self.sidecarFiles = sidecarFiles
        self.notices = notices
        let elements = facts.reduce(0.0) { $0 + Double($1.numel) }
        guard elements <= 0x1p50 else {
            throw DPPAError(.data, "\(path) has \(elements) elements; at most 2^50 are read")
        }
        try refuseOtherThanWeights()
    }

    /// Codes and low-rank factors are not the numbers that they stand for.
    private func refuseOtherThanWeights() throws {
        if FolderKind.isAdapter(tensors.map(\.facts.name)) { throw FolderKind.adapter(path) }
        let types = tensors.map { ($0.facts.name, $0.source.dtype) }
        if let found = Quantisation(config: config, tensors: types) {
            throw found.refusal(path) { self[$0]?.source.dtype }
        }
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

    /// The names of the small files that belong to a model, those in a folder of further chat templates with its name.
    private static func sidecars(_ path: String, _ names: [String]) throws -> [String] {
        var names = names
        let templates = String(SidecarFile.templates.dropLast())
        if names.contains(templates), isFolder(path + "/" + templates) {
            names += try list(path + "/" + templates).map { SidecarFile.templates + $0 }
        }
        let hasCode =
            names.contains { $0.hasSuffix(".py") }
            && names.contains { name in
                name.hasSuffix(".json") && name.contains("config")
                    && !AutoMap(try? text(path + "/" + name, limit: 64 << 20)).references.isEmpty
            }
        return names.filter { SidecarFile($0, hasCode: hasCode) != nil && isFile(path + "/" + $0) }
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return fstatat(AT_FDCWD, path, &status, 0) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
