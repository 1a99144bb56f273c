import DPPAKernels
import DPPASupport
import Dispatch
import Foundation
import Synchronization
import SystemPackage

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
    private let tensors: [Tensor]
    private let files: [OutputFile]
    private let places: [(file: Int, offset: Int)]
    /// The index, once it is written.
    private let index = Mutex<FileDigest?>(nil)

    /// Creates the files of a checkpoint in an existing directory.
    ///
    /// Tensors keep their order; a new file begins where the next tensor would exceed `shardSize` bytes. `stem` is what names of
    /// files begin with.
    public init(
        directory: String, tensors: [Tensor], shardSize: Int, metadata: [String: String], stem: String = "model"
    ) throws {
        self.directory = directory
        self.stem = stem
        self.tensors = tensors
        totalBytes = tensors.reduce(0) { $0 + $1.byteCount }
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
        var files: [OutputFile] = []
        var places = Array(repeating: (file: 0, offset: 0), count: tensors.count)
        for (number, shard) in shards.enumerated() {
            let name =
                shards.count == 1
                ? "\(stem).safetensors"
                : "\(stem)-\(Self.padded(number + 1))-of-\(Self.padded(shards.count)).safetensors"
            let header = Self.header(shard.map { tensors[$0] }, metadata)
            var offset = header.count
            for index in shard {
                places[index] = (number, offset)
                offset += tensors[index].byteCount
            }
            let file = try OutputFile(directory + "/" + name, name: name, size: offset)
            try header.withUnsafeBytes { try file.write($0, at: 0) }
            files.append(file)
        }
        self.files = files
        self.places = places
    }

    /// Writes a piece of a tensor, `byteOffset` bytes from its start.
    ///
    /// Safe to call from several threads.
    public func write(tensor: Int, byteOffset: Int, _ bytes: UnsafeRawBufferPointer) throws {
        let place = places[tensor]
        try files[place.file].write(bytes, at: place.offset + byteOffset)
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

/// A new file that closes itself.
package final class OutputFile: Sendable {
    let name: String
    private let path: String
    private let file: PooledFile
    private let size: Int
    private let digest = StreamDigest()
    /// How many bytes have been written.
    private let written = Atomic<Int>(0)
    /// What brings them to the disk meanwhile, and the first error that it met.
    private let syncs = DispatchGroup()
    private let isSyncing = Atomic<Bool>(false)
    private let failure = Mutex<(any Error)?>(nil)

    package init(_ path: String, name: String, size: Int) throws {
        (self.path, self.name, self.size) = (path, name, size)
        do {
            file = try PooledFile(path, O_WRONLY | O_CREAT | O_EXCL, permissions: 0o666)
        } catch let reason as Errno {
            throw DPPAError(
                .cannotCreate, "cannot create \(path)", notes: OpenFiles.note(reason), cause: reason.description)
        }
        // Reserving the blocks tells of a full disk before hours of work; not every file system can.
        let result = size > 0 ? try use { posix_fallocate($0, 0, off_t(size)) } : 0
        guard result == 0 || result == EOPNOTSUPP || result == EINVAL else {
            throw DPPAError(
                .cannotCreate, "cannot reserve \(ByteCount.memory(size)) for \(path)",
                cause: OutputPlace.words(result))
        }
    }

    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
        digest.add(bytes, at: offset)
        try use { descriptor in
            var done = 0
            while done < bytes.count, let start = bytes.baseAddress {
                let put = pwrite(descriptor, start + done, bytes.count - done, off_t(offset + done))
                if put >= 0 { done += put } else if errno != EINTR { throw Errno(rawValue: errno) }
            }
        }
        let (before, after) = written.add(bytes.count, ordering: .relaxed)
        if before / Self.syncedAtOnce != after / Self.syncedAtOnce { startSync() }
    }

    /// After so many bytes the disk begins to take them while more is computed, so that little is left to wait for in the end.
    private static let syncedAtOnce = 64 << 20

    /// One sync at a time, on a thread of its own.
    private func startSync() {
        guard isSyncing.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged else { return }
        DispatchQueue.global(qos: .utility).async(group: syncs) { [self] in
            // A file's error is told once, so it is kept for `sync`.
            do { try use { if fdatasync($0) != 0 { throw Errno(rawValue: errno) } } } catch {
                failure.withLock { $0 = $0 ?? error }
            }
            isSyncing.store(false, ordering: .relaxed)
        }
    }

    /// Waits until everything is on the disk.
    package func sync() throws {
        syncs.wait()
        if let failure = failure.withLock({ $0 }) { throw failure }
        try use { descriptor in
            guard fsync(descriptor) == 0 else { throw Errno(rawValue: errno) }
        }
    }

    /// Writes a whole file into a folder that is there.
    package static func write(_ data: [UInt8], _ name: String, in directory: String) throws -> FileDigest {
        let file = try OutputFile(directory + "/" + name, name: name, size: data.count)
        try data.withUnsafeBytes { try file.write($0, at: 0) }
        try file.sync()
        return try file.digested()
    }

    /// The file as it was written, each byte once.
    fileprivate func digested() throws -> FileDigest {
        guard let digest = digest.finish() else {
            throw DPPAError(.internalFault, "bytes of \(name.shown) have not been written")
        }
        return FileDigest(name: name, size: size, digest: digest)
    }

    private func use<Result>(_ body: (Int32) throws -> Result) throws -> Result {
        do { return try file.use(body) } catch let reason as Errno {
            throw DPPAError(
                .inputOutput, "cannot write \(path)", notes: OpenFiles.note(reason), cause: reason.description)
        } catch is PooledFile.Replaced {
            throw DPPAError(.inputOutput, "cannot write \(path)", cause: "another file is in its place")
        }
    }
}
