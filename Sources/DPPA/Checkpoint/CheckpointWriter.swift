import DPPAKernels
import DPPASupport
import Synchronization

/// Writes a checkpoint whose tensors arrive in pieces, in any order and from several threads.
///
/// The headers are written first, so every piece has its place; files are preallocated, so a full disk is noticed early.
public final class CheckpointWriter: Sendable {
    /// A tensor to be written.
    public struct Tensor: Sendable {
        /// The name in the checkpoint.
        public var name: String
        /// The dimensions.
        public var shape: [Int]
        /// The encoding.
        public var dtype: DType

        /// A tensor by name, shape and type.
        public init(name: String, shape: [Int], dtype: DType) {
            self.name = name
            self.shape = shape
            self.dtype = dtype
        }

        package var byteCount: Int { shape.reduce(1, *) * dtype.byteSize }
    }

    /// The bytes of all tensors.
    public let totalBytes: Int
    private let directory: String
    /// What names of files begin with.
    private let stem: String
    let tensors: [Tensor]
    let files: [OutputFile]
    let places: [(file: Int, offset: Int)]
    /// The digests of the tensors, made as they are written; none where nobody wants them.
    let tensorDigests: [StreamDigest]
    /// Of the tensors that something was written of, the bytes between the first and the last that was.
    let begun = Mutex<[Int: Range<Int>]>([:])
    /// The index, once it is written.
    private let index = Mutex<FileDigest?>(nil)

    /// Creates the files of a checkpoint in an existing directory.
    ///
    /// Tensors keep their order; a new file begins where the next tensor would exceed `shardSize` bytes. `stem` is what names of
    /// files begin with.
    public convenience init(
        directory: String, tensors: [Tensor], shardSize: Int, metadata: [String: String], stem: String = "model"
    ) throws {
        try self.init(
            directory: directory, tensors: tensors, shardSize: shardSize, metadata: metadata, stem: stem,
            as: .new)
    }

    /// How the files come to be.
    package enum Opening: Sendable {
        /// They are made, and no digests of tensors.
        case new
        /// They are made, with digests of the tensors. Those that lie there already, of an earlier run, are kept if `continues`
        /// where they begin with the same header and have the same size, so that `keep` can find out which of their tensors are
        /// whole; all others are removed.
        case resumable(continues: Bool)
        /// Another rank has made them, and writes other tensors.
        case joining
        /// They are made where nobody looks for them: the first rank collects what this one writes.
        case apart

        /// Whether the first rank, or the only one, opens them.
        package var isFirst: Bool {
            switch self {
            case .new, .resumable: true
            case .joining, .apart: false
            }
        }
    }

    /// The same, opened in some way.
    package init(
        directory: String, tensors: [Tensor], shardSize: Int, metadata: [String: String], stem: String = "model",
        as opening: Opening
    ) throws {
        self.directory = directory
        self.stem = stem
        self.tensors = tensors
        totalBytes = tensors.reduce(0) { $0 + $1.byteCount }
        let continues: Bool? = if case .resumable(let continues) = opening { continues } else { nil }
        tensorDigests = continues == nil && opening.isFirst ? [] : tensors.map { _ in StreamDigest() }
        var files: [OutputFile] = []
        var places = Array(repeating: (file: 0, offset: 0), count: tensors.count)
        for (number, shard) in Self.shards(tensors, shardSize, stem).enumerated() {
            let header = Self.header(shard.tensors.map { tensors[$0] }, metadata)
            var offset = header.count
            for index in shard.tensors {
                places[index] = (number, offset)
                offset += tensors[index].byteCount
            }
            let path = directory + "/" + shard.name
            guard opening.isFirst else {
                let isApart = if case .apart = opening { true } else { false }
                files.append(
                    try isApart
                        ? OutputFile(partial: path, name: shard.name, size: offset)
                        : OutputFile(joining: path, name: shard.name, size: offset))
                continue
            }
            let file =
                try
                (continues == true ? OutputFile(continuing: path, name: shard.name, size: offset, start: header) : nil)
                ?? OutputFile(path, name: shard.name, size: offset)
            try header.withUnsafeBytes { try file.write($0, at: 0) }
            files.append(file)
        }
        self.files = files
        self.places = places
    }

    /// The names of the files that tensors go to.
    package static func fileNames(_ tensors: [Tensor], shardSize: Int, stem: String = "model") -> [String] {
        shards(tensors, shardSize, stem).map(\.name)
    }

    /// The files with the numbers of their tensors.
    private static func shards(
        _ tensors: [Tensor], _ shardSize: Int, _ stem: String
    ) -> [(name: String, tensors: [Int])] {
        var shards: [[Int]] = [[]]
        var size = 0
        for (index, tensor) in tensors.enumerated() {
            if size > 0, size + tensor.byteCount > shardSize {
                shards.append([])
                size = 0
            }
            shards[shards.count - 1].append(index)
            size += tensor.byteCount
        }
        return shards.enumerated().map { number, shard in
            let part = "-\(Self.padded(number + 1))-of-\(Self.padded(shards.count))"
            return ("\(stem)\(shards.count == 1 ? "" : part).safetensors", shard)
        }
    }

    /// Writes a piece of a tensor, `byteOffset` bytes from its start.
    ///
    /// Safe to call from several threads.
    public func write(tensor: Int, byteOffset: Int, _ bytes: UnsafeRawBufferPointer) throws {
        let place = places[tensor]
        let (start, end) = (byteOffset, byteOffset + bytes.count)
        begun.withLock { begun in
            let known = begun[tensor] ?? start..<end
            begun[tensor] = min(known.lowerBound, start)..<max(known.upperBound, end)
        }
        if !tensorDigests.isEmpty { tensorDigests[tensor].add(bytes, at: byteOffset) }
        try files[place.file].write(bytes, at: place.offset + byteOffset)
    }

    /// The digest of a tensor of which all has been written; nil where something is missing, or no digests are made.
    package func digest(of tensor: Int) -> Digest? { tensorDigests.isEmpty ? nil : tensorDigests[tensor].finish() }

    /// Keeps a tensor that an earlier run has written to a file which lies there; false where it is not what the digest says,
    /// so that it must be written.
    package func keep(tensor: Int, digest: Digest) throws -> Bool {
        let file = files[places[tensor].file]
        guard file.isContinued else { return false }
        return try take(tensor, digest) { _ in true }
    }

    /// Copies a tensor out of another file, where its bytes are what the digest says; false where they are not, so that it must
    /// be written.
    package func copy(tensor: Int, from source: FileRange, digest: Digest) throws -> Bool {
        guard source.bytes.count == tensors[tensor].byteCount else { return false }
        return try take(tensor, digest) { try self.files[self.places[tensor].file].copy(source, to: $0) }
    }

    private func take(_ tensor: Int, _ digest: Digest, _ bring: (Int) throws -> Bool) throws -> Bool {
        let (place, count) = (places[tensor], tensors[tensor].byteCount)
        guard try bring(place.offset),
            try files[place.file].keep(place.offset..<place.offset + count, as: digest)
        else { return false }
        return true
    }

    /// Brings the tensors to the disk that have been written by now, or those that share their files.
    package func sync(tensors: some Sequence<Int>) throws {
        for file in Set(tensors.map { places[$0].file }) { try files[file].flush() }
    }

    /// Brings everything to the disk and writes the index of a sharded checkpoint.
    public func finish() throws {
        for file in files { try file.sync() }
        guard files.count > 1 else { return }
        var lines = ["{", "  \"metadata\": {", "    \"total_size\": \(totalBytes)", "  },", "  \"weight_map\": {"]
        let entries = zip(tensors, places).map { tensor, place in
            "    \(Self.quoted(tensor.name)): \(Self.quoted(files[place.file].name))"
        }
        lines.append(entries.joined(separator: ",\n"))
        lines += ["  }", "}", ""]
        let text = Array(lines.joined(separator: "\n").utf8)
        let digest = try OutputFile.write(text, "\(stem).safetensors.index.json", in: directory)
        index.withLock { $0 = digest }
    }

    /// The files with their digests, made of the bytes as they were written.
    ///
    /// Throws an `internalFault` when some have not been written.
    package func digests() throws -> [FileDigest] {
        try files.map { try $0.digested() } + [index.withLock { $0 }].compactMap(\.self)
    }

    private static func header(_ tensors: [Tensor], _ metadata: [String: String]) -> [UInt8] {
        var entries: [String] = []
        let all = metadata.merging(["format": "pt"]) { own, _ in own }
        let words = all.keys.sorted().map { "\(quoted($0)):\(quoted(all[$0] ?? ""))" }
        entries.append("\"__metadata__\":{\(words.joined(separator: ","))}")
        var offset = 0
        for tensor in tensors {
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            entries.append(
                "\(quoted(tensor.name)):{\"dtype\":\"\(tensor.dtype.rawValue)\",\"shape\":[\(shape)],"
                    + "\"data_offsets\":[\(offset),\(offset + tensor.byteCount)]}")
            offset += tensor.byteCount
        }
        var text = Array("{\(entries.joined(separator: ","))}".utf8)
        while text.count % 8 != 0 { text.append(32) }
        return withUnsafeBytes(of: UInt64(text.count).littleEndian, Array.init) + text
    }

    private static func quoted(_ text: String) -> String { JSONValue.quoted(text) }

    /// The number of a part of a model, of at least five digits.
    static func padded(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
}
