import DPPASupport
import Foundation
import SystemPackage

/// A regular file for reading.
package final class FileDescriptor: Sendable {
    private let file: PooledFile
    let path: String

    init(_ path: String) throws {
        self.path = path
        var status = stat()
        // Before it is opened, because opening alone makes some devices act.
        if fstatat(AT_FDCWD, path, &status, 0) == 0, status.st_mode & S_IFMT != S_IFREG {
            throw Self.irregular(path)
        }
        // Without waiting: a named pipe would hold the run until somebody writes into it.
        do { file = try PooledFile(path, O_RDONLY | O_NONBLOCK) } catch let reason as Errno {
            throw Self.dangling(path)
                ?? DPPAError(
                    .missingInput, "cannot open \(path)", notes: OpenFiles.note(reason), cause: reason.description)
        }
        guard try self.status().st_mode & S_IFMT == S_IFREG else { throw Self.irregular(path) }
    }

    private static func irregular(_ path: String) -> DPPAError {
        DPPAError(.missingInput, "\(path) is no regular file")
    }

    /// Whether a folder has an entry of this name, be it a link that leads nowhere.
    static func isEntry(_ path: String) -> Bool {
        var status = stat()
        return !path.utf8.contains(0) && lstat(path, &status) == 0
    }

    /// The error for a link to what is not there; nil for everything else.
    package static func dangling(_ path: String) -> DPPAError? {
        var status = stat()
        guard isEntry(path), fstatat(AT_FDCWD, path, &status, 0) != 0, errno == ENOENT else { return nil }
        return DPPAError(
            .missingInput, "\(path.shown) is a link to a file that is not there",
            notes: ["the download was not finished, or what it links to was deleted: download it again"])
    }

    /// All bytes of a small file.
    ///
    /// Throws `data` when there are more than `limit`, and else like `init` and `read`.
    package static func contents(_ path: String, limit: Int) throws -> [UInt8] {
        let file = try FileDescriptor(path)
        let size = try file.size()
        guard size <= limit else { throw DPPAError(.data, "\(path) has \(size) bytes; at most \(limit) are read") }
        return try file.head(size)
    }

    func size() throws -> Int { Int(try status().st_size) }

    private func status() throws -> stat {
        var status = stat()
        try use(nil) { descriptor in
            guard fstat(descriptor, &status) == 0 else { throw Errno(rawValue: errno) }
        }
        return status
    }

    /// The first bytes.
    func head(_ count: Int) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            if let start = buffer.baseAddress { try read(count, at: 0, into: start, nil) }
            filled = count
        }
    }

    /// Reads exactly so many bytes; a file that has become shorter is an error that names it.
    func read(_ count: Int, at offset: Int, into buffer: UnsafeMutableRawPointer, _ tensor: String?) throws {
        try use(tensor) { descriptor in
            var done = 0
            while done < count {
                let got = pread(descriptor, buffer + done, count - done, off_t(offset + done))
                if got > 0 {
                    done += got
                    continue
                }
                if got < 0, errno == EINTR { continue }
                guard got < 0 else {
                    throw DPPAError(
                        .inputOutput, "\(path) ended \(count - done) bytes early, within the data\(Self.of(tensor))",
                        notes: ["the file has changed while it was read"])
                }
                throw Errno(rawValue: errno)
            }
        }
    }

    private func use(_ tensor: String?, _ body: (Int32) throws -> Void) throws {
        do { try file.use(body) } catch let reason as Errno {
            throw DPPAError(
                .inputOutput, "cannot read \(path)\(Self.of(tensor))", notes: OpenFiles.note(reason),
                cause: reason.description)
        } catch is PooledFile.Replaced {
            throw DPPAError(
                .inputOutput, "cannot read \(path)\(Self.of(tensor))",
                notes: ["the file has been replaced by another one while it was read"])
        }
    }

    private static func of(_ tensor: String?) -> String { tensor.map { " of \($0.shown)" } ?? "" }
}
