import DPPASupport
import Dispatch
import Foundation
import Synchronization
import SystemPackage

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

    /// Whether it was there already, written in part by an earlier run.
    package let isContinued: Bool

    package convenience init(_ path: String, name: String, size: Int) throws {
        try self.init(path, name: name, size: size, O_CREAT | O_EXCL)
    }

    /// The file that an earlier run has begun; where it is another one, or has not got that far, it is removed, and there is nil.
    package convenience init?(continuing path: String, name: String, size: Int, start: [UInt8]) throws {
        guard let found = try? FileDescriptor(path), let length = try? found.size(), length == size,
            let head = try? found.head(start.count), head == start
        else {
            unlink(path)
            return nil
        }
        try self.init(path, name: name, size: size, 0)
    }

    /// A new file of which a part is written, and no room is reserved for the rest.
    package convenience init(partial path: String, name: String, size: Int) throws {
        try self.init(path, name: name, size: size, O_CREAT | O_EXCL, reserves: false)
    }

    /// The file that another process has made, and writes as well.
    package convenience init(joining path: String, name: String, size: Int) throws {
        try self.init(path, name: name, size: size, 0, reserves: false)
    }

    private init(_ path: String, name: String, size: Int, _ flags: Int32, reserves: Bool = true) throws {
        (self.path, self.name, self.size, isContinued) = (path, name, size, flags == 0)
        do {
            file = try PooledFile(path, O_RDWR | flags, permissions: 0o666)
        } catch let reason as Errno {
            throw DPPAError(
                .cannotCreate, "cannot create \(path)", notes: OpenFiles.note(reason), cause: reason.description)
        }
        // Reserving the blocks tells of a full disk before hours of work; not every file system can.
        let result = reserves && size > 0 ? try use { posix_fallocate($0, 0, off_t(size)) } : 0
        guard result == 0 || result == EOPNOTSUPP || result == EINVAL else {
            throw DPPAError(
                .cannotCreate, "cannot reserve \(ByteCount.memory(size)) for \(path)",
                cause: OutputPlace.words(result))
        }
    }

    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
        digest.add(bytes, at: offset)
        try use { try WholeWrite.put(bytes, $0, at: offset) }
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
            do { try flush() } catch {
                failure.withLock { $0 = $0 ?? error }
            }
            isSyncing.store(false, ordering: .relaxed)
        }
    }

    /// Counts bytes that are there as written, if they are what a digest says.
    func keep(_ range: Range<Int>, as wanted: Digest) throws -> Bool {
        // Apart from the file's, as they may turn out to be others.
        let (own, placed) = (StreamDigest(), StreamDigest())
        let buffer = Buffer<UInt8>(min(range.count, FileRange.piece))
        for start in stride(from: range.lowerBound, to: range.upperBound, by: FileRange.piece) {
            let count = min(FileRange.piece, range.upperBound - start)
            guard try read(start..<start + count, into: buffer.pointer) else { return false }
            let bytes = UnsafeRawBufferPointer(start: buffer.pointer, count: count)
            own.add(bytes, at: start - range.lowerBound)
            placed.add(bytes, at: start)
        }
        withExtendedLifetime(buffer) {}
        guard own.finish() == wanted else { return false }
        digest.add(placed)
        return true
    }

    /// Reads what has been written; false where the file ends before.
    func read(_ range: Range<Int>, into target: UnsafeMutablePointer<UInt8>) throws -> Bool {
        var done = 0
        while done < range.count {
            let got = try use { descriptor in
                let got = pread(descriptor, target + done, range.count - done, off_t(range.lowerBound + done))
                if got < 0, errno != EINTR { throw Errno(rawValue: errno) }
                return got
            }
            guard got != 0 else { return false }
            done += max(0, got)
        }
        return true
    }

    /// Copies a part of another file to an offset, within the file system where it can; false where that part cannot be read.
    func copy(_ source: FileRange, to offset: Int) throws -> Bool {
        try use { try source.copy(to: $0, at: offset) }
    }

    /// Brings what has been written to the disk.
    func flush() throws {
        try use { descriptor in
            guard fdatasync(descriptor) == 0 else { throw Errno(rawValue: errno) }
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
    func digested() throws -> FileDigest {
        guard let digest = digest.finish() else {
            throw DPPAError(.internalFault, "bytes of \(name.shown) have not been written")
        }
        return FileDigest(name: name, size: size, digest: digest)
    }

    /// Tells another process what of the file was written here.
    func put(into message: inout Message) { digest.put(into: &message) }

    /// Takes in what another process has written of it.
    func add(_ message: inout Message) throws { try digest.add(&message) }

    private func use<Result>(_ body: (Int32) throws -> Result) throws -> Result {
        do { return try file.use(body) } catch let reason as Errno {
            throw DPPAError(
                .inputOutput, "cannot write \(path)", notes: OpenFiles.note(reason), cause: reason.description)
        } catch is PooledFile.Replaced {
            throw DPPAError(.inputOutput, "cannot write \(path)", cause: "another file is in its place")
        }
    }
}
