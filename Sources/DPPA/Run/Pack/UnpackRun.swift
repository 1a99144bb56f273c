import DPPACheckpoint
import DPPAExecution
import DPPAKernels
import DPPASupport

/// Writes the model that a pack makes of its base, as a directory with its small files.
package struct UnpackRun {
    private let model: OpenModel
    private let options: EngineOptions
    private let observer: (any EngineObserver)?
    /// Elements that are read at once, by each thread.
    private static let size = 1 << 18

    /// Throws `data` when the model was not opened from a pack.
    package init(_ model: OpenModel, options: EngineOptions, observer: (any EngineObserver)? = nil) throws {
        guard model.packed != nil else {
            throw DPPAError(
                .data, "\(model.path.shown) is no pack",
                notes: ["dppa-run pack MODEL --base BASE --out FILE writes one"])
        }
        (self.model, self.options, self.observer) = (model, options, observer)
    }

    /// Writes into an empty directory; every tensor is checked to be the one that was packed.
    ///
    /// Returns warnings of the small files. Throws `data` when the pack is damaged, or its base another one.
    package func write(into directory: String, shardSize: Int) throws -> [String] {
        let sources = model.tensors.map(\.source)
        let writer = try CheckpointWriter(
            directory: directory,
            tensors: model.tensors.map { .init(name: $0.facts.name, shape: $0.facts.shape, dtype: $0.source.dtype) },
            shardSize: shardSize, metadata: [:])
        let pieces = sources.enumerated().flatMap { number, source in
            let count = source.shape.reduce(1, *)
            return stride(from: 0, to: count, by: Self.size).map { (number, $0..<min(count, $0 + Self.size)) }
        }
        let digests = sources.map { _ in StreamDigest() }
        observer?.plan(bytes: model.byteCount)
        observer?.begin(stage: "unpack")
        try WorkerPool(width: options.threads).run(pieces.count) { [observer] index, _ in
            try observer?.checkInterruption()
            let (number, range) = pieces[index]
            let (source, size) = (sources[number], sources[number].dtype.byteSize)
            let buffer = Buffer<UInt8>(range.count * size)
            try source.load(range, into: buffer.pointer)
            let bytes = UnsafeRawBufferPointer(start: buffer.pointer, count: buffer.count)
            digests[number].add(bytes, at: range.lowerBound * size)
            try writer.write(tensor: number, byteOffset: range.lowerBound * size, bytes)
            withExtendedLifetime(buffer) {}
            observer?.advance(bytes: source.bytesRead(range.count))
        }
        try requireEqual(digests)
        try writer.finish()
        return try PackFolder.write(model, to: directory)
    }

    /// Throws `data` when a tensor is not what was packed.
    private func requireEqual(_ digests: [StreamDigest]) throws {
        let others = zip(model.packed ?? [], zip(model.tensors, digests)).filter { packed, found in
            packed.digest.map { found.1.finish() != $0 } ?? false
        }
        guard let first = others.first else { return }
        throw DPPAError(
            .data,
            "\(model.path) is damaged: \(others.count) of \(Phrase.counted(model.tensors.count, "tensor")) are not what was "
                + "packed, first \(first.1.0.facts.name.shown)",
            notes: ["copy or download the pack again"])
    }
}
