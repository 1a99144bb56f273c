import DPPASupport
import Foundation
import SystemPackage

/// A directory for one candidate, which is locked as long as its run lives.
public final class CandidateDirectory {
    /// Where the candidate is to be written.
    public let path: String
    private let descriptor: Int32
    private var cleanup: Cleanup.Token?

    private static let prefix = "dppa-candidate-"

    /// Makes a new directory in `scratch`.
    ///
    /// Throws `cannotCreate` when that fails.
    init(in scratch: String) throws {
        for _ in 0..<100 {
            let path = FilePath(scratch).appending(Self.prefix + OutputPlace.randomName()).string
            guard mkdir(path, 0o700) == 0 else {
                if errno == EEXIST { continue }
                throw DPPAError(
                    .cannotCreate, "cannot create a directory in \(scratch)", cause: OutputPlace.words(errno))
            }
            // Another run may have taken it for a leftover in the moment before it was locked.
            guard let descriptor = Self.lock(path), access(path, F_OK) == 0 else { continue }
            self.path = path
            self.descriptor = descriptor
            cleanup = Cleanup.add { try? FileManager.default.removeItem(atPath: path) }
            return
        }
        throw DPPAError(.cannotCreate, "cannot create a directory in \(scratch)")
    }

    deinit { close(descriptor) }

    /// Removes the directory with all that is in it.
    ///
    /// Throws `inputOutput` when it cannot be removed.
    public func remove() throws {
        cleanup = nil
        do { try FileManager.default.removeItem(atPath: path) } catch {
            throw DPPAError(.inputOutput, "cannot remove \(path)", cause: OutputPlace.words(errno))
        }
    }

    /// Removes what runs have left in a directory that are no more; where the file system knows no locks, nothing.
    static func removeLeftovers(in scratch: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: scratch)) ?? [] where name.hasPrefix(prefix) {
            let path = FilePath(scratch).appending(name).string
            guard let descriptor = lock(path, isOwn: false) else { continue }
            try? FileManager.default.removeItem(atPath: path)
            close(descriptor)
        }
    }

    /// Nil when somebody else has locked it; a file system without locks does not hinder its maker.
    private static func lock(_ path: String, isOwn: Bool = true) -> Int32? {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 || isOwn && errno != EWOULDBLOCK { return descriptor }
        close(descriptor)
        return nil
    }
}
