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
    public var temporaryPath: String { draft.folder.string }
    /// The same with what tells which part of it is finished; it may be an earlier run's.
    package let draft: Draft
    /// What the person at the keyboard should know of the place, if anything.
    public let warning: String?
    private let place: OutputPlace
    private let workplace: Workplace
    private let lock: OutputLock
    private let force: Bool
    private let created: [FilePath]
    private var cleanup: Cleanup.Token?
    private var isDone = false
    /// Whether a draft that was left has been changed.
    private var hasBegun = false

    /// Takes the right to write at a target, and makes the temporary directory.
    ///
    /// What a killed run has left there is removed or completed first, but for a draft when this run can go on with it. Throws `cannotCreate` when another run is at work,
    /// when the target exists and `force` is false, or when it holds what belongs to no model; then nothing has been
    /// created. An empty folder is free.
    public static func prepare(target: String, force: Bool) throws -> OutputDirectory {
        try prepare(target: target, force: force, continues: false)
    }

    /// The same; `continues` says whether the run can go on with a draft.
    package static func prepare(target: String, force: Bool, continues: Bool) throws -> OutputDirectory {
        let place = try OutputPlace(target)
        let created = try place.createParents()
        do {
            func prepare(_ workplace: Workplace) throws -> OutputDirectory {
                try OutputDirectory(place, workplace, force: force, continues: continues, created: created)
            }
            do { return try prepare(.beside(place)) } catch is Workplace.CannotExchange {
                return try prepare(.inside(place))
            }
        } catch {
            for path in created.reversed() { rmdir(path.string) }
            throw error
        }
    }

    private init(
        _ place: OutputPlace, _ workplace: Workplace, force: Bool, continues: Bool, created: [FilePath]
    ) throws {
        let lock = try workplace.takeLock(place)
        let left = continues ? workplace.leftDraft(lock.leftNote) : nil
        workplace.recover(lock.leftNote, place, keeping: left)
        let draft =
            try left ?? Draft(folder: workplace.makeTemporary(place, lock).string, isContinued: false)
        do {
            try workplace.tryExchange(place, draft.folder)
            try place.requireFree(force: force)
        } catch {
            if left == nil { try? FileManager.default.removeItem(atPath: draft.folder.string) } else { lock.leave() }
            throw error
        }
        (self.place, self.workplace, self.draft, self.lock) = (place, workplace, draft, lock)
        (self.force, self.created) = (force, created)
        warning = lock.complaint.map {
            "warning: \(workplace.folder) cannot be locked (\($0)); let no other run write to \(place.given) meanwhile"
        }
        cleanup = Cleanup.add { [lockPath = lock.path] in
            if draft.isWorthKeeping { return }
            try? FileManager.default.removeItem(atPath: draft.folder.string)
            unlink(lockPath.string)
        }
    }

    deinit { abandon() }

    /// Puts the finished directory in the target's place.
    ///
    /// Throws `inputOutput` when that fails, and `cannotCreate` when something has appeared there that may not be replaced;
    /// the error says where the result has been left.
    public func commit() throws {
        Workplace.syncFolders(draft.folder)
        do {
            if workplace.isInside { try replaceContents() } else { try takePlace() }
        } catch let error as DPPAError {
            throw keepingResult(error)
        }
        end()
        for path in created + [place.parent, place.target] { OutputPlace.sync(path) }
        if let first = created.first { OutputPlace.sync(first.folder) }
    }

    /// Says that the draft is changed from now on.
    package func begin() { hasBegun = true }

    /// Leaves what is finished to the next run, unless an error says that no run can succeed; gives the error with a word on it.
    package func leave(after error: any Error) -> any Error {
        guard !isDone, draft.isWorthKeeping, var error = error as? DPPAError else { return error }
        switch error.code {
        case .interrupted, .inputOutput, .limit, .cannotCreate: break
        case .usage, .data, .missingInput, .internalFault: if hasBegun { return error }
        }
        leave()
        error.notes.append(
            "what is finished is kept: the same command goes on from there, and with --fresh it starts over")
        return error
    }

    private func leave() {
        isDone = true
        cleanup = nil
        lock.leave()
    }

    /// Removes what was written, and the directories above it that were made for it.
    ///
    /// What an earlier run has left stays where it is as that one left it.
    public func abandon() {
        guard !isDone else { return }
        if draft.isContinued, !hasBegun { return leave() }
        end()
        // Only empty ones go: another run may have begun to write there.
        for path in created.reversed() { rmdir(path.string) }
    }

    private func end() {
        isDone = true
        cleanup = nil
        for path in Draft.journals(of: draft.folder) + [draft.folder] {
            try? FileManager.default.removeItem(atPath: path.string)
        }
        lock.release()
    }

    private func takePlace() throws {
        if Rename.ifFree(draft.folder, place.target) { return }
        guard errno == EEXIST || errno == ENOTEMPTY else { throw failure() }
        do { try place.requireFree(force: force) } catch var error as DPPAError {
            error.notes.insert("it has appeared since the run began", at: 0)
            throw error
        }
        // An empty folder gives way to a plain rename.
        if Rename.exchange(draft.folder, place.target) || !force && Rename.plain(draft.folder, place.target) { return }
        if errno == EBUSY || errno == EXDEV { return try replaceContents() }
        guard errno == EINVAL || errno == ENOSYS else { throw failure() }
        // Without an exchange the old one steps aside first, and comes back when the new one cannot take its place.
        let aside = Workplace.aside(draft.folder)
        guard Rename.plain(place.target, aside) else { throw failure() }
        guard Rename.plain(draft.folder, place.target) else {
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
        let new = ModelFolder.names(draft.folder) + ["lost+found"]
        let old = ModelFolder.names(place.target).filter { !new.contains($0) }
        try lock.note([draft.folder.name, Workplace.contentsWord] + old)
        guard Workplace.replaceContents(of: place.target, from: draft.folder, removing: old) else {
            throw failure()
        }
    }

    private func failure() -> DPPAError {
        DPPAError(.inputOutput, "cannot put the result at \(place.given)", cause: OutputPlace.words(errno))
    }

    /// Leaves the result, which may be hours of work, under a name of its own.
    private func keepingResult(_ error: DPPAError) -> DPPAError {
        let kept = workplace.folder.appending("\(place.name)-\(OutputPlace.randomName())")
        guard Rename.ifFree(draft.folder, kept) else { return error }
        end()
        var error = error
        error.notes.append("the result is in \(kept)")
        return error
    }
}
