import DPPASupport
import Foundation
import SystemPackage

/// A directory for one candidate, which is locked as long as its run lives; its name tells the process and the host, for file
/// systems that know no locks.
public final class CandidateDirectory {
    /// Where the candidate is to be written.
    public let path: String
    private let descriptor: Int32
    private var cleanup: Cleanup.Token?

    private static let prefix = "dppa-candidate-"
    private static var ownPrefix: String {
        let own = RunningProcess.own
        return "\(prefix)\(own.process)-\(own.host.replacing("/", with: "_").prefix(64))-"
    }

    /// Makes a new directory in `scratch`.
    ///
    /// Throws `cannotCreate` when that fails.
    init(in scratch: String) throws {
        for _ in 0..<100 {
            let path = FilePath(scratch).appending(Self.ownPrefix + OutputPlace.randomName()).string
            guard mkdir(path, 0o700) == 0 else {
                if errno == EEXIST { continue }
                throw DPPAError(
                    .cannotCreate, "cannot create a directory in \(scratch)", cause: OutputPlace.words(errno))
            }
            // Another run may have taken it for a leftover in the moment before it was locked.
            guard let descriptor = Self.lock(path, whereNoneKnown: true), access(path, F_OK) == 0 else { continue }
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

    /// Removes what runs have left in a directory that are no more.
    static func removeLeftovers(in scratch: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: scratch)) ?? [] where name.hasPrefix(prefix) {
            let path = FilePath(scratch).appending(name).string
            guard let descriptor = lock(path, whereNoneKnown: maker(name)?.mayLive == false) else { continue }
            try? FileManager.default.removeItem(atPath: path)
            close(descriptor)
        }
    }

    /// Who has made a directory, by its name.
    private static func maker(_ name: String) -> RunningProcess? {
        let words = name.dropFirst(prefix.count).split(separator: "-", omittingEmptySubsequences: false)
        guard words.count > 2, let process = Int32(words[0]), process > 0 else { return nil }
        return RunningProcess(host: words[1..<words.count - 1].joined(separator: "-"), process: process)
    }

    /// Nil when somebody else has locked it; where the file system knows no locks, what is given decides.
    private static func lock(_ path: String, whereNoneKnown isFree: Bool) -> Int32? {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK && isFree { return descriptor }
        close(descriptor)
        return nil
    }
}
