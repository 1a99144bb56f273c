import DPPACheckpoint
import DPPASupport
import Foundation
import SystemPackage

/// A single file of a pack that comes into being as a whole, or not at all: it is written in a folder beside its place, and
/// renamed.
package final class PackFile {
    /// Where to write until `commit`.
    package var temporaryPath: String { temporary.string }
    private let place: OutputPlace
    private let temporary: FilePath
    private let lock: OutputLock
    private let force: Bool
    private let created: [FilePath]
    private var cleanup: Cleanup.Token?
    private var isDone = false

    /// Takes the right to write there; what a killed run has left is removed first.
    ///
    /// Throws `cannotCreate` when another run is at work, and when something is there that may not be replaced: with `force` a
    /// pack may.
    package init(target: String, force: Bool) throws {
        let place = try OutputPlace(target)
        let created = try place.createParents()
        do {
            try Self.requireFree(place, force: force)
            let workplace = Workplace.beside(place)
            let lock = try workplace.takeLock(place)
            workplace.recover(lock.leftNote, place)
            temporary = try workplace.makeTemporary(place, lock)
            (self.place, self.lock, self.force, self.created) = (place, lock, force, created)
        } catch {
            for path in created.reversed() { rmdir(path.string) }
            throw error
        }
        cleanup = Cleanup.add { [temporary = temporary, lockPath = lock.path] in
            try? FileManager.default.removeItem(atPath: temporary.string)
            unlink(lockPath.string)
        }
    }

    deinit { abandon() }

    /// Puts the file that was written as `delta.safetensors` in its place.
    ///
    /// Throws `cannotCreate` when something has appeared there, and `inputOutput` when that fails.
    package func commit() throws {
        let written = temporary.appending(PackModel.fileName)
        try Self.requireFree(place, force: force)
        guard force ? Rename.plain(written, place.target) : Rename.ifFree(written, place.target) else {
            throw DPPAError(.inputOutput, "cannot put the pack at \(place.given)", cause: OutputPlace.words(errno))
        }
        end()
        for path in created + [place.parent] { OutputPlace.sync(path) }
    }

    /// Removes what was written, and the folders above it that were made for it.
    package func abandon() {
        guard !isDone else { return }
        end()
        // Only empty ones go: somebody else may have begun to write there.
        for path in created.reversed() { rmdir(path.string) }
    }

    private func end() {
        isDone = true
        cleanup = nil
        try? FileManager.default.removeItem(atPath: temporary.string)
        lock.release()
    }

    /// Throws `cannotCreate` unless nothing is there, or with `force` a pack.
    private static func requireFree(_ place: OutputPlace, force: Bool) throws {
        guard let status = place.status else { return }
        guard force else {
            throw DPPAError(
                .cannotCreate, "\(place.given) exists",
                notes: ["replace it with --force, or write to another file"])
        }
        guard status.st_mode & S_IFMT == S_IFREG, (try? PackModel.isPack(place.target.string)) == true else {
            throw DPPAError(
                .cannotCreate, "\(place.given) exists and is no pack",
                notes: ["--force replaces packs alone; remove it, or write to another file"])
        }
    }
}
