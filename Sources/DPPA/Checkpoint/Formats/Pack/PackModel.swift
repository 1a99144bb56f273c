import DPPAKernels
import DPPASupport

/// A pack: a model as what makes it of its base, in one safetensors file, alone or in a folder with small files.
///
/// Opened with its base it is that model, word for word.
package enum PackModel: ModelFormat {
    package static let fileExtensions: [String] = []
    /// The name that packs are written under in a folder.
    package static let fileName = "delta.safetensors"

    package static func recognises(_ place: ModelPlace) -> Bool { file(place) != nil }

    /// The file, if there is one; what cannot be read is no pack, and others say why.
    private static func file(_ place: ModelPlace) -> SafetensorsFile? {
        var path = place.path
        if let names = place.names {
            let weights = names.filter(SafetensorsModel.isWeights)
            guard weights.count == 1, !SafetensorsModel.hasItsNames(names) else { return nil }
            path += "/" + weights[0]
        } else if place.kind != nil {
            return nil
        }
        guard let file = try? SafetensorsFile(path), file.metadata[PackDescription.key] != nil else { return nil }
        return file
    }

    /// Whether a pack lies at a path.
    package static func isPack(_ path: String) throws -> Bool { recognises(try ModelPlace(path)) }

    package static func open(_ place: ModelPlace, base: OpenModel?) throws -> ModelContents {
        guard let file = file(place) else { throw place.refusal }
        let description = try PackDescription(file)
        guard let base, base.space == .model else {
            let digest = PackDescription.digest(of: description.base).map { "its base has the digest \($0)" }
            throw DPPAError(
                .data, "\(place.path) is a pack, which needs the model that it was made onto",
                notes: ["open the base first, or name both: base+pack"] + [digest].compactMap(\.self))
        }
        let reader = try PackReading(file, description, base)
        let tensors = try description.tensors.map { (name: $0.name, source: try reader.source($0, $1)) }
        try reader.requireUsed(description)
        return ModelContents(
            tensors, files: [file.path], notices: notices(place.path, description), base: base)
    }

    /// What is lost, and what is not there.
    private static func notices(_ path: String, _ description: PackDescription) -> [String] {
        var notices: [String] = []
        let lossy = description.tensors.filter(\.coding.isLossy)
        if let first = lossy.first {
            let kinds = Set(lossy.map(\.coding.name)).sorted().joined(separator: " and ")
            notices.append(
                "\(path): \(Phrase.counted(lossy.count, "tensor")), such as \(first.tensor.name.shown), "
                    + "\(lossy.count == 1 ? "is" : "are") kept by \(kinds), which loses a part of the difference to the base"
            )
        }
        if !description.otherFiles.isEmpty {
            notices.append(
                "\(path): the model that was packed has \(Phrase.list(description.otherFiles.map(\.shown))) otherwise than "
                    + "its base, and the pack has weights alone")
        }
        return notices
    }
}

/// The tensors of a pack, put together.
private struct PackReading {
    private let file: SafetensorsFile
    private let base: PackBase
    private let parts: [String: StoredTensor]
    private let cache = FactorCache()

    init(_ file: SafetensorsFile, _ description: PackDescription, _ base: OpenModel) throws {
        self.file = file
        self.base = try PackBase(base, stated: description.base, pack: file.path)
        parts = Dictionary(file.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Throws `data` when parts are missing or of other shapes, or the coding does not fit the tensor.
    func source(_ tensor: PackDescription.Tensor, _ coding: PackCoding) throws -> any TensorSource {
        let stated = base.stated(tensor.name)
        let own = coding == .dense ? nil : stated
        if coding != .dense {
            let isWhole = coding == .same || coding.isLossy
            guard let stated, stated.dtype == tensor.dtype,
                isWhole ? stated.shape == tensor.shape : PackCoding.isRowwise(stated.shape, tensor.shape)
            else { throw damage(tensor, "it is kept as \(coding.name), and its base is no such tensor") }
        }
        if coding.isLossy, !PackCoding.takesLoss(tensor.dtype) { throw damage(tensor, "its type is never lossy") }
        let found = try stored(tensor, coding)
        if let own { try requireWhole(tensor, coding, own, found) }
        let change: PackedTensor.Change
        switch coding {
        case .same: change = .words(UnchangedWords())
        case .dense: change = .whole(found[0])
        case .bitmask, .gaps:
            change = .words(
                ChangedWords(
                    found[0], found[1], areGaps: coding == .gaps, name: tensor.name, count: tensor.shape.reduce(1, *)))
        case .groups(let n, let m): change = .words(GroupedWords(values: found[0], places: found[1], n: n, m: m))
        case .sign: change = .difference(SignSource(shape: tensor.shape, signs: found[0], scale: found[1]))
        case .lowrank:
            change = .difference(
                LowRankSource(
                    name: tensor.name, shape: tensor.shape, left: Factor(source: found[0], isTransposed: false),
                    right: Factor(source: found[1], isTransposed: false), scale: 1, cache: cache))
        }
        return PackedTensor(
            tensor, coding, change, storedBytes: found.reduce(0) { $0 + $1.bytesRead($1.shape.reduce(1, *)) }, of: own,
            in: base)
    }

    /// Throws `data` when words are missing that the base does not have: a small file must not stand for a large tensor.
    private func requireWhole(
        _ tensor: PackDescription.Tensor, _ coding: PackCoding, _ base: PackDescription.Tensor, _ found: [StoredTensor]
    ) throws {
        let further = tensor.shape.reduce(1, *) - base.shape.reduce(1, *)
        let kept = coding == .bitmask || coding == .gaps ? found[0].shape[0] : 0
        guard further > kept else { return }
        throw damage(tensor, "\(further) words that the base does not have are not all there")
    }

    /// The parts of a tensor, in the order in which its coding has them.
    private func stored(_ tensor: PackDescription.Tensor, _ coding: PackCoding) throws -> [StoredTensor] {
        if case .lowrank = coding, tensor.shape.count != 2 { throw damage(tensor, "it is no matrix") }
        if case .groups(_, let m) = coding, (tensor.shape.last ?? 1) % m != 0 {
            throw damage(tensor, "its rows are no multiple of \(m)")
        }
        let kept = parts["values/" + tensor.name]?.shape.first ?? 0
        let gapBytes = parts["gaps/" + tensor.name]?.shape.first ?? 0
        return try coding.parts(tensor.dtype, tensor.shape, kept: kept, gapBytes: gapBytes).map { part in
            guard let found = parts[part.name(of: tensor.name)], found.dtype == part.dtype, found.shape == part.shape
            else {
                throw damage(tensor, "there is no \(part.word) of \(part.dtype.rawValue) \(part.shape)")
            }
            return found
        }
    }

    /// Throws `data` when the file has tensors that belong to none of the model.
    func requireUsed(_ description: PackDescription) throws {
        var known: Set<String> = []
        for (tensor, coding) in description.tensors {
            for part in coding.parts(tensor.dtype, tensor.shape, kept: 0, gapBytes: 0) {
                known.insert(part.name(of: tensor.name))
            }
        }
        guard let other = file.tensors.first(where: { !known.contains($0.name) }) else { return }
        throw DPPAError(
            .data, "\(file.path) has \(other.name.shown), which its description does not name",
            notes: ["the pack is damaged; copy or download it again"])
    }

    private func damage(_ tensor: PackDescription.Tensor, _ what: String) -> DPPAError {
        DPPAError(
            .data, "\(file.path): \(tensor.name.shown) of \(tensor.words): \(what)",
            notes: ["the pack is damaged; copy or download it again"])
    }
}

/// No words.
private struct UnchangedWords: PackedWords {
    func apply(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {}
}
