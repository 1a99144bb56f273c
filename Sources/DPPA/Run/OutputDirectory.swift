import DPPACheckpoint
import DPPASupport
import Foundation
import SystemPackage

/// A directory that comes into being as a whole, or not at all.
///
/// Everything is written into a temporary directory beside the target, which is exchanged with it in one step; an existing
/// target is lost only when the new one stands. A target that is a symbolic link is replaced itself; what it leads to stays.
/// A target that cannot be exchanged, such as a mount point, gets its new content from a temporary directory in it.
public final class OutputDirectory {
    /// Where to write until `commit`.
    public var temporaryPath: String { temporary.string }
    /// What the person at the keyboard should know of the place, if anything.
    public let warning: String?
    private let place: OutputPlace
    private let workplace: Workplace
    private let temporary: FilePath
    private let lock: OutputLock
    private let force: Bool
    private let created: [FilePath]
    private var cleanup: Cleanup.Token?
    private var isDone = false

    /// Takes the right to write at a target, and makes the temporary directory.
    ///
    /// What a killed run has left there is removed or completed first. Throws `cannotCreate` when another run is at work,
    /// when the target exists and `force` is false, or when it holds what belongs to no model; then nothing has been
    /// created. An empty folder is free.
    public static func prepare(target: String, force: Bool) throws -> OutputDirectory {
        let place = try OutputPlace(target)
        let created = try place.createParents()
        do {
            do { return try OutputDirectory(place, .beside(place), force: force, created: created) } catch is Workplace
                .CannotExchange
            {
                return try OutputDirectory(place, .inside(place), force: force, created: created)
            }
        } catch {
            for path in created.reversed() { rmdir(path.string) }
            throw error
        }
    }

    private init(_ place: OutputPlace, _ workplace: Workplace, force: Bool, created: [FilePath]) throws {
        let lock = try workplace.takeLock(place)
        workplace.recover(lock.leftNote, place)
        let temporary = try workplace.makeTemporary(place, lock)
        do {
            try workplace.tryExchange(place, temporary)
            try place.requireFree(force: force)
        } catch {
            try? FileManager.default.removeItem(atPath: temporary.string)
            throw error
        }
        (self.place, self.workplace, self.temporary, self.lock) = (place, workplace, temporary, lock)
        (self.force, self.created) = (force, created)
        warning = lock.complaint.map {
            "warning: \(workplace.folder) cannot be locked (\($0)); let no other run write to \(place.given) meanwhile"
        }
        cleanup = Cleanup.add { [lockPath = lock.path] in
            try? FileManager.default.removeItem(atPath: temporary.string)
            unlink(lockPath.string)
        }
    }

    deinit { abandon() }

    /// Puts the finished directory in the target's place.
    ///
    /// Throws `inputOutput` when that fails, and `cannotCreate` when something has appeared there that may not be replaced;
    /// the error says where the result has been left.
    public func commit() throws {
        Workplace.syncFolders(temporary)
        do {
            if workplace.isInside { try replaceContents() } else { try takePlace() }
        } catch let error as DPPAError {
            throw keepingResult(error)
        }
        end()
        for path in created + [place.parent, place.target] { OutputPlace.sync(path) }
        if let first = created.first { OutputPlace.sync(first.folder) }
    }

    /// Removes what was written, and the directories above it that were made for it.
    public func abandon() {
        guard !isDone else { return }
        end()
        // Only empty ones go: another run may have begun to write there.
        for path in created.reversed() { rmdir(path.string) }
    }

    private func end() {
        isDone = true
        cleanup = nil
        try? FileManager.default.removeItem(atPath: temporary.string)
        lock.release()
    }

    private func takePlace() throws {
        if Rename.ifFree(temporary, place.target) { return }
        guard errno == EEXIST || errno == ENOTEMPTY else { throw failure() }
        do { try place.requireFree(force: force) } catch var error as DPPAError {
            error.notes.insert("it has appeared since the run began", at: 0)
            throw error
        }
        // An empty folder gives way to a plain rename.
        if Rename.exchange(temporary, place.target) || !force && Rename.plain(temporary, place.target) { return }
        if errno == EBUSY || errno == EXDEV { return try replaceContents() }
        guard errno == EINVAL || errno == ENOSYS else { throw failure() }
        // Without an exchange the old one steps aside first, and comes back when the new one cannot take its place.
        let aside = Workplace.aside(temporary)
        guard Rename.plain(place.target, aside) else { throw failure() }
        guard Rename.plain(temporary, place.target) else {
            let error = failure()
            _ = Rename.plain(aside, place.target)
            throw error
        }
        try? FileManager.default.removeItem(atPath: aside.string)
    }

    /// Puts the new content in the place of the old one, entry by entry.
    ///
    /// The lock notes what is to be done, so that the next run completes what a kill has interrupted.
    private func replaceContents() throws {
        try place.requireFree(force: force)
        let new = ModelFolder.names(temporary) + ["lost+found"]
        let old = ModelFolder.names(place.target).filter { !new.contains($0) }
        try lock.note([temporary.name, Workplace.contentsWord] + old)
        guard Workplace.replaceContents(of: place.target, from: temporary, removing: old) else {
            throw failure()
        }
    }

    private func failure() -> DPPAError {
        DPPAError(.inputOutput, "cannot put the result at \(place.given)", cause: OutputPlace.words(errno))
    }

    /// Leaves the result, which may be hours of work, under a name of its own.
    private func keepingResult(_ error: DPPAError) -> DPPAError {
        let kept = workplace.folder.appending("\(place.name)-\(OutputPlace.randomName())")
        guard Rename.ifFree(temporary, kept) else { return error }
        end()
        var error = error
        error.notes.append("the result is in \(kept)")
        return error
    }
}
