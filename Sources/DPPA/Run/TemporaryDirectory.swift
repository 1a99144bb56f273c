import Foundation

/// A directory beside a target, in which its next content is made.
///
/// A lock file beside it tells that a run is at work: it is made before the directory and removed after it, so whatever a
/// killed run has left is found by its lock, which then nobody holds.
final class TemporaryDirectory {
    /// The directory.
    let path: String
    /// Where the target's old content steps aside on file systems that cannot exchange two names.
    var asidePath: String { path + Self.asideSuffix }
    private let lockPath: String
    private let lock: Int32
    private var isRemoved = false

    private static let lockSuffix = ".lock"
    private static let asideSuffix = ".old"

    /// Makes the directory and its lock.
    ///
    /// Throws `cannotCreate` when that is not possible.
    init(beside place: OutputPlace) throws {
        for _ in 0..<100 {
            let stem = place.parent + "/" + Self.prefix(place) + Self.randomName()
            let descriptor = open(stem + Self.lockSuffix, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else {
                if errno == EEXIST { continue }
                throw DPPAError(
                    .cannotCreate, "cannot create a directory in \(place.parent)",
                    cause: String(cString: strerror(errno)))
            }
            // Another run may have taken the new file for a leftover in the moment before it was locked.
            var status = stat()
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &status) == 0, status.st_nlink > 0 else {
                let reason = errno
                close(descriptor)
                if reason == EWOULDBLOCK || status.st_nlink == 0 { continue }
                unlink(stem + Self.lockSuffix)
                throw DPPAError(
                    .cannotCreate, "cannot lock \(stem + Self.lockSuffix)", cause: String(cString: strerror(reason)))
            }
            guard mkdir(stem, 0o755) == 0 else {
                let reason = errno
                unlink(stem + Self.lockSuffix)
                close(descriptor)
                throw DPPAError(.cannotCreate, "cannot create \(stem)", cause: String(cString: strerror(reason)))
            }
            (path, lockPath, lock) = (stem, stem + Self.lockSuffix, descriptor)
            return
        }
        throw DPPAError(.cannotCreate, "cannot find a free name for a directory in \(place.parent)")
    }

    deinit { remove() }

    /// Removes the directory, if it is still there, and then the lock.
    func remove() {
        guard !isRemoved else { return }
        isRemoved = true
        try? FileManager.default.removeItem(atPath: path)
        unlink(lockPath)
        close(lock)
    }

    /// Removes what runs have left that are no more, and brings back a target that one of them had moved aside.
    static func removeLeftovers(_ place: OutputPlace) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: place.parent)) ?? []
        for name in names where name.hasPrefix(prefix(place)) && name.hasSuffix(lockSuffix) {
            let lockPath = place.parent + "/" + name
            let path = String(lockPath.dropLast(lockSuffix.count))
            let descriptor = open(lockPath, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
            guard descriptor >= 0 else { continue }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
                if !place.exists { rename(path + asideSuffix, place.target) }
                try? FileManager.default.removeItem(atPath: path + asideSuffix)
                try? FileManager.default.removeItem(atPath: path)
                unlink(lockPath)
            }
            close(descriptor)
        }
    }

    private static func prefix(_ place: OutputPlace) -> String { ".\(place.name).dppa-" }

    private static func randomName() -> String {
        let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789")
        return String((0..<8).map { _ in letters[Int.random(in: letters.indices)] })
    }
}
