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
        let path = place.path
        guard let format = formats.first(where: { $0.recognises(place) }) else { throw place.refusal }
        var contents = try format.open(place, base: base)
        if let (names, notice) = WrapperNames.removed(from: contents.tensors.map(\.name), in: path) {
            contents.tensors = zip(names, contents.tensors).map { ($0, $1.source) }
            contents.notices.append(notice)
        }
        let sorted = contents.tensors.sorted { $0.name.precedes($1.name) }
        let facts = TensorNaming.facts(sorted.map { ($0.name, $0.source.shape) })
        let elements = facts.reduce(0.0) { $0 + Double($1.numel) }
        guard elements <= 0x1p50 else {
            throw DPPAError(.data, "\(path) has \(elements) elements; at most 2^50 are read")
        }
        var stamp = Fingerprint(value: place.stamp(contents.files))
        if let base = contents.base { stamp.add(base.stamp) }
        // What brings a config.json brings all that goes with it.
        let frame = place.config == nil ? contents.base : nil
        self.init(
            label: label, path: path, identity: contents.base?.packedIdentity(path) ?? path, space: contents.space,
            tensors: zip(facts, sorted).map { Tensor(facts: $0, source: $1.source) },
            config: contents.config ?? place.config ?? frame?.config,
            sidecarFiles: frame?.sidecarFiles ?? SideFiles(path, weightFiles: contents.files).carried,
            weightFiles: contents.files + (contents.base?.weightFiles ?? []), notices: place.notices + contents.notices,
            stamp: stamp.value, home: frame?.home)
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
        let weights = weightFiles.filter { $0.hasPrefix(path + "/") }.map { String($0.dropFirst(path.count + 1)) }
        let files = names.map { names in
            (weights + names.filter { $0 == "config.json" || $0 == "tokenizer.json" }).sorted()
        }
        // Of a file that is a part of a model, the other parts as well.
        let parts = names == nil ? weightFiles.filter { $0 != path } : []
        for (name, file) in (files ?? [""]).map({ ($0, names == nil ? path : path + "/" + $0) })
            + parts.map({ ($0, $0) })
        {
            var status = stat()
            guard fstatat(AT_FDCWD, file, &status, 0) == 0 else { continue }
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
}
