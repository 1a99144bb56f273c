import Foundation
import SystemPackage

/// A file that a command writes at its end, such as a report: tried out before the work, and written after it, by one rule.
///
/// Folders above it are made. The file comes into being as a whole, in place of one that may be there; where a link leads to
/// a file, that file is replaced. A pipe or a device is written as it is, and `-` is standard output.
package struct WrittenFile: Sendable {
    /// The path as the user named it.
    package let given: String
    /// Whether it is written to standard output, which is then nobody else's.
    package let isStandardOutput: Bool
    /// The file itself, with all links resolved; nil for what is no regular file.
    package let target: FilePath?

    /// Finds out whether a file can be written there, and leaves nothing.
    ///
    /// Throws `cannotCreate` with the reason when it cannot.
    package init(_ given: String) throws {
        self.given = given
        guard !given.isEmpty else {
            throw DPPAError(
                .cannotCreate, "cannot write a file without a name",
                notes: ["name a file, or - for standard output"])
        }
        var status = stat()
        if given == "-" {
            (isStandardOutput, target) = (true, nil)
        } else if stat(given, &status) == 0 {
            try Self.requireWritable(given, status)
            isStandardOutput = Self.isStandardOutput(status)
            let isRegular = status.st_mode & S_IFMT == S_IFREG
            target = isRegular && !isStandardOutput ? FilePath(given).real : nil
        } else {
            let reason = errno
            guard [ENOENT, ENOTDIR].contains(reason), !given.hasSuffix("/") else {
                throw Self.failure(
                    given, given.hasSuffix("/") ? "it names a folder" : OutputPlace.words(reason),
                    notes: given.hasSuffix("/") ? ["name a file in it"] : [])
            }
            let place = try OutputPlace(given)
            guard place.status == nil else {
                throw Self.failure(
                    given, "it is a link that leads nowhere", notes: ["remove the link, or name another file"])
            }
            (isStandardOutput, target) = (false, place.target)
        }
        try tryOut()
    }

    /// Writes the file and brings it to the disk.
    ///
    /// Throws `cannotCreate` or `inputOutput` with the reason when that fails; then what was there is as it was.
    package func write(_ bytes: some Collection<UInt8>) throws {
        let bytes = Array(bytes)
        guard let target else {
            let descriptor = isStandardOutput ? STDOUT_FILENO : open(given, O_WRONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw Self.failure(given, OutputPlace.words(errno)) }
            defer { if !isStandardOutput { close(descriptor) } }
            try put(bytes, descriptor)
            return
        }
        let made = try makeTemporary(target)
        var isDone = false
        defer {
            close(made.descriptor)
            if !isDone { made.remove() }
        }
        try put(bytes, made.descriptor)
        guard fsync(made.descriptor) == 0, rename(made.path.string, target.string) == 0 else {
            throw Self.failure(given, OutputPlace.words(errno), code: .inputOutput)
        }
        isDone = true
        for folder in made.folders + [target.folder] { OutputPlace.sync(folder) }
    }

    /// Does what `write` does, but for the last step, with a file that has no name where there can be one: a kill leaves nothing.
    private func tryOut() throws {
        guard let target else { return }
        // Linux's O_TMPFILE, which is no constant to Swift.
        let unnamed = open(target.folder.string, 0o20_000_000 | O_DIRECTORY | O_WRONLY | O_CLOEXEC, 0o666)
        if unnamed >= 0 {
            close(unnamed)
            return
        }
        let made = try makeTemporary(target)
        close(made.descriptor)
        made.remove()
    }

    /// A new file beside the target, and the folders that were made for it.
    private struct Temporary {
        let path: FilePath
        let descriptor: Int32
        let folders: [FilePath]

        func remove() {
            unlink(path.string)
            // Only empty ones go: somebody else may have begun to write there.
            for folder in folders.reversed() { rmdir(folder.string) }
        }
    }

    private func makeTemporary(_ target: FilePath) throws -> Temporary {
        let place = try OutputPlace(target.string, given: given)
        let folders = try place.createParents()
        let path = place.parent.appending(".dppa-" + OutputPlace.randomName())
        // A file that is replaced keeps its permissions.
        let mode = place.status.map { $0.st_mode & 0o7777 }
        let descriptor = open(path.string, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            let reason = OutputPlace.words(errno)
            for folder in folders.reversed() { rmdir(folder.string) }
            throw Self.failure(given, "no file can be made in \(place.parent): \(reason)")
        }
        if let mode { fchmod(descriptor, mode) }
        return Temporary(path: path, descriptor: descriptor, folders: folders)
    }

    private func put(_ bytes: [UInt8], _ descriptor: Int32) throws {
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                done += count
            } else if errno == EPIPE, isStandardOutput {
                // Who reads it has seen enough.
                return
            } else if errno != EINTR {
                throw Self.failure(given, OutputPlace.words(errno), code: .inputOutput)
            }
        }
    }

    private static func requireWritable(_ given: String, _ status: stat) throws {
        switch status.st_mode & S_IFMT {
        case S_IFDIR:
            throw failure(given, "it is a folder", notes: ["name a file, such as \(FilePath(given).appending("file"))"])
        case S_IFBLK, S_IFSOCK: throw failure(given, "it is no file")
        default:
            guard access(given, W_OK) == 0 else { throw failure(given, OutputPlace.words(errno)) }
        }
    }

    /// Whether it is what standard output leads to: `/dev/stdout`, or the file that a shell has opened for it.
    private static func isStandardOutput(_ status: stat) -> Bool {
        var output = stat()
        return fstat(STDOUT_FILENO, &output) == 0 && output.st_dev == status.st_dev && output.st_ino == status.st_ino
    }

    private static func failure(
        _ given: String, _ reason: String, notes: [String] = [], code: DPPAError.Code = .cannotCreate
    ) -> DPPAError {
        DPPAError(code, "cannot write \(given)", notes: notes, cause: reason)
    }
}
