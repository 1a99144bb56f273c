import DPPASupport
import Foundation
import SystemPackage

extension OpenModel {
    /// Opens the model at a path in whichever format it comes, without reading its weights.
    ///
    /// `base` is the model that a format without names and shapes of its own, such as an adapter, takes them from.
    /// Throws `missingInput` when there is nothing, and `data` when files are damaged, contradict each other, or hold
    /// something else than a model.
    public init(at path: String, label: String, base: OpenModel? = nil) throws {
        try self.init(at: path, label: label, base: base, formats: ModelFormats.all)
    }

    package init(at path: String, label: String, base: OpenModel?, formats: [any ModelFormat.Type]) throws {
        let place = try ModelPlace(path)
        guard let format = formats.first(where: { $0.recognises(place) }) else { throw place.refusal }
        var contents = try format.open(place, base: base)
        if let (names, notice) = WrapperNames.removed(from: contents.tensors.map(\.name), in: path) {
            contents.tensors = zip(names, contents.tensors).map { ($0, $1.source) }
            contents.notices.append(notice)
        }
        let sorted = contents.tensors.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        let facts = TensorNaming.facts(sorted.map { ($0.name, $0.source.shape) })
        let elements = facts.reduce(0.0) { $0 + Double($1.numel) }
        guard elements <= 0x1p50 else {
            throw DPPAError(.data, "\(path) has \(elements) elements; at most 2^50 are read")
        }
        self.init(
            label: label, path: path, identity: path, space: contents.space,
            tensors: zip(facts, sorted).map { Tensor(facts: $0, source: $1.source) }, config: place.config,
            sidecarFiles: try place.sidecarFiles(), weightFiles: contents.files, notices: contents.notices,
            stamp: place.stamp(contents.files))
    }
}

extension ModelPlace {
    /// What tells what lies here from what lay here at another time: path, names, sizes and times of change of the weight
    /// files, of config.json and of tokenizer.json.
    ///
    /// Reading the weights would tell more, and cost more than a score that is remembered is worth.
    func stamp(_ weightFiles: [String]) -> UInt128 {
        var hash = Fingerprint()
        hash.add(FilePath(path).real?.string ?? path)
        let weights = Set(weightFiles.map { FilePath($0).lastComponent?.string ?? $0 })
        let files = names?.filter { weights.contains($0) || $0 == "config.json" || $0 == "tokenizer.json" }
        for name in files ?? [""] {
            var status = stat()
            guard fstatat(AT_FDCWD, names == nil ? path : path + "/" + name, &status, 0) == 0 else { continue }
            hash.add(name)
            hash.add(UInt64(bitPattern: Int64(status.st_size)))
            #if canImport(Darwin)
                let time = status.st_mtimespec
            #else
                let time = status.st_mtim
            #endif
            hash.add(UInt64(bitPattern: Int64(time.tv_sec)))
            hash.add(UInt64(bitPattern: Int64(time.tv_nsec)))
        }
        return hash.value
    }

    /// The names of the small files that belong to a model, those in a folder of further chat templates with its name.
    func sidecarFiles() throws -> [String] {
        guard var names else { return [] }
        let templates = String(SidecarFile.templates.dropLast())
        if names.contains(templates), Self.type(path + "/" + templates) == S_IFDIR {
            names += try Self.list(path + "/" + templates).map { SidecarFile.templates + $0 }
        }
        let hasCode =
            names.contains { $0.hasSuffix(".py") }
            && names.contains { name in
                name.hasSuffix(".json") && name.contains("config")
                    && !AutoMap(try? Self.text(path + "/" + name, limit: 64 << 20)).references.isEmpty
            }
        return names.filter {
            SidecarFile($0, hasCode: hasCode) != nil && Self.type(path + "/" + $0) == S_IFREG
        }
    }

    /// The type of a file, through links; 0 where there is none.
    private static func type(_ path: String) -> mode_t {
        var status = stat()
        return fstatat(AT_FDCWD, path, &status, 0) == 0 ? status.st_mode & S_IFMT : 0
    }
}
