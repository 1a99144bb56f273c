import Foundation

/// A file that is open for reading and closes itself.
final class FileDescriptor: Sendable {
    private let descriptor: Int32
    let path: String

    init(_ path: String) throws {
        self.path = path
        var status = stat()
        // Before it is opened, because opening alone makes some devices act.
        if fstatat(AT_FDCWD, path, &status, 0) == 0, status.st_mode & S_IFMT != S_IFREG {
            throw Self.irregular(path)
        }
        // Without waiting: a named pipe would hold the run until somebody writes into it.
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            let reason = String(cString: strerror(errno))
            throw DPPAError(.missingInput, "cannot open \(path)", cause: reason)
        }
        // deinit closes the descriptor, after a throw from here too.
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw Self.irregular(path)
        }
    }

    private static func irregular(_ path: String) -> DPPAError {
        DPPAError(.missingInput, "\(path) is no regular file")
    }

    /// All bytes of a small file.
    ///
    /// Throws `data` when there are more than `limit`, and else like `init` and `read`.
    static func contents(_ path: String, limit: Int) throws -> [UInt8] {
        let file = try FileDescriptor(path)
        let size = try file.size()
        guard size <= limit else { throw DPPAError(.data, "\(path) has \(size) bytes; at most \(limit) are read") }
        return try [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            if let start = buffer.baseAddress { try file.read(size, at: 0, into: start, nil) }
            count = size
        }
    }

    deinit { close(descriptor) }

    func size() throws -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw DPPAError(.inputOutput, "cannot read \(path)", cause: String(cString: strerror(errno)))
        }
        return Int(status.st_size)
    }

    /// Reads exactly so many bytes; a file that has become shorter is an error that names it.
    func read(_ count: Int, at offset: Int, into buffer: UnsafeMutableRawPointer, _ tensor: String?) throws {
        var done = 0
        while done < count {
            let got = pread(descriptor, buffer + done, count - done, off_t(offset + done))
            if got > 0 {
                done += got
                continue
            }
            if got < 0, errno == EINTR { continue }
            let of = tensor.map { " of \($0.shown)" } ?? ""
            guard got < 0 else {
                throw DPPAError(
                    .inputOutput, "\(path) ended \(count - done) bytes early, within the data\(of)",
                    notes: ["the file has changed while it was read"])
            }
            throw DPPAError(.inputOutput, "cannot read \(path)\(of)", cause: String(cString: strerror(errno)))
        }
    }
}
