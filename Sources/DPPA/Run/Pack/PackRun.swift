import DPPACheckpoint
import DPPAExecution
import DPPAKernels
import DPPASupport

/// Writes a model as what makes it of its base: the words that differ, each tensor as it takes the fewest bytes.
///
/// Both models are read twice, piece by piece: first to be compared, then to be written.
package struct PackRun {
    private let model, base: OpenModel
    private let options: EngineOptions
    private let observer: (any EngineObserver)?
    private let pieces: PackPieces
    private let otherFiles: [String]

    /// Throws `data` when a glob of `losses` matches no tensor, and when the models have no tensor in common.
    ///
    /// `otherFiles` are small files of the model that differ from the base's and are not written beside the pack.
    package init(
        _ model: OpenModel, base: OpenModel, losses: [PackLoss] = [], otherFiles: [String] = [],
        options: EngineOptions, observer: (any EngineObserver)? = nil
    ) throws {
        (self.model, self.base, self.otherFiles) = (model, base, otherFiles)
        (self.options, self.observer) = (options, observer)
        for one in [model, base] where one.space == .delta {
            throw DPPAError(
                .data, "\(one.path.shown) is an adapter, and no model",
                notes: ["an adapter is small as it is; the model with it is base+adapter"])
        }
        let codings = try PackLoss.codings(losses, model)
        let names = Set(model.tensors.map(\.facts.name)).union(base.tensors.map(\.facts.name))
        let subjects = names.sorted { $0.precedes($1) }.map { name in
            PackSubject(name: name, own: model.source(name), base: base.source(name), loss: codings[name])
        }
        guard subjects.contains(where: \.isComparable) else {
            throw DPPAError(
                .data, "\(model.title) and \(base.title) have no tensor of one name, type and shape in common",
                notes: [
                    "a pack keeps what differs from a base; write the model in the base's type, or name the base that it was "
                        + "made from"
                ])
        }
        pieces = PackPieces(subjects, threads: options.threads, observer: observer)
    }

    /// Writes `delta.safetensors` into a directory that exists.
    ///
    /// Returns what it holds, and the file's digest. When it throws, the directory holds what was written until then.
    package func write(into directory: String) throws -> (report: PackReport, files: [FileDigest]) {
        observer?.plan(bytes: 2 * pieces.byteCount)
        let survey = try PackSurvey(pieces)
        try requireMemory(survey.entries)
        let parts = survey.entries.flatMap { entry in
            entry.parts.map { (name: $0.name(of: entry.subject.name), part: $0) }
        }.sorted {
            // The widest first, so that each lies where its type is aligned.
            ($1.part.dtype.byteSize, $0.name) < ($0.part.dtype.byteSize, $1.name)
        }
        let writer = try CheckpointWriter(
            directory: directory,
            tensors: parts.map { .init(name: $0.name, shape: $0.part.shape, dtype: $0.part.dtype) },
            shardSize: .max, metadata: [PackDescription.key: try description(survey).text], stem: "delta")
        let numbers = Dictionary(
            parts.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        let output = PackOutput(writer: writer, numbers: numbers)
        try writePieces(survey, output)
        let lost = try survey.entries.map { try writeLossy($0, output) }
        try writer.finish()
        let files = try writer.digests()
        let tensors = zip(survey.entries, lost).map { entry, lost in
            PackReport.Tensor(
                name: entry.subject.name, dtype: entry.subject.own?.dtype ?? .f32, count: entry.subject.count,
                changed: entry.changed, coding: entry.coding.words, byteCount: entry.byteCount, lost: lost,
                refusal: entry.refusal)
        }
        return (
            PackReport(
                tensors: tensors, fileBytes: files.reduce(0) { $0 + $1.size }, otherFiles: otherFiles), files
        )
    }

    /// What the pack says of itself.
    private func description(_ survey: PackSurvey) throws -> PackDescription {
        func tensor(
            _ name: String, _ source: any TensorSource, _ digest: Digest?
        ) -> PackDescription.Tensor {
            PackDescription.Tensor(name: name, dtype: source.dtype, shape: source.shape, digest: digest)
        }
        func finished(_ digest: StreamDigest, _ name: String) throws -> Digest {
            guard let digest = digest.finish() else {
                throw DPPAError(.internalFault, "\(name.shown) was not read whole")
            }
            return digest
        }
        let below = try pieces.subjects.compactMap { subject in
            try subject.base.map { tensor(subject.name, $0, try finished(subject.baseDigest, subject.name)) }
        }
        let own = try survey.entries.compactMap { entry -> (tensor: PackDescription.Tensor, coding: PackCoding)? in
            guard let source = entry.subject.own else { return nil }
            let digest = entry.coding.isLossy ? nil : try finished(entry.subject.ownDigest, entry.subject.name)
            return (tensor(entry.subject.name, source, digest), entry.coding)
        }
        return PackDescription(program: "dppa-run \(version)", base: below, tensors: own, otherFiles: otherFiles)
    }

    /// Writes what goes piece by piece: words, places, signs.
    private func writePieces(_ survey: PackSurvey, _ output: PackOutput) throws {
        let entries = Dictionary(
            survey.entries.map { ($0.subject.name, $0) }, uniquingKeysWith: { first, _ in first })
        let wanted = pieces.pieces.indices.filter { number in
            let piece = pieces.pieces[number]
            guard let entry = entries[pieces.subjects[piece.subject].name], piece.start < entry.subject.count else {
                return false
            }
            switch entry.coding {
            case .same, .lowrank: return false
            default: return true
            }
        }
        let places = survey.places
        try pieces.run(wanted, stage: "write", digests: false) { piece in
            guard let entry = entries[piece.subject.name] else { return }
            try output.write(piece, entry, places[piece.number])
        }
    }

    /// Writes what is known of a lossy tensor as a whole, and gives what is lost of it; nil for one that is kept whole.
    private func writeLossy(_ entry: PackSurvey.Entry, _ output: PackOutput) throws -> Double? {
        switch entry.coding {
        case .sign:
            try output.write(number: entry.scale, "scale", entry)
            try output.write(number: entry.signLoss, "lost", entry)
            return entry.signLoss
        case .lowrank(let rank):
            try observer?.checkInterruption()
            let factors = try PackFactors(entry.subject, rank: rank)
            try output.write(all: factors.up, "up", entry)
            try output.write(all: factors.down, "down", entry)
            try output.write(number: factors.lost, "lost", entry)
            return factors.lost
        default: return nil
        }
    }

    /// Throws `limit` when the memory does not hold a matrix that is to be decomposed.
    private func requireMemory(_ entries: [PackSurvey.Entry]) throws {
        for entry in entries {
            guard case .lowrank(let rank) = entry.coding else { continue }
            let bytes = PackFactors.byteCount(entry.subject, rank: rank)
            guard bytes > options.memory else { continue }
            throw DPPAError(
                .limit,
                "\(entry.subject.name.shown) at rank \(rank) takes \(ByteCount.memory(bytes)) of memory; the limit is "
                    + ByteCount.memory(options.memory),
                notes: ["allow more with --memory"])
        }
    }
}
