import DPPACheckpoint
import DPPASupport
import Foundation
import SystemPackage

/// Where a run makes what is to come to a target: beside it, or in it where a folder cannot be exchanged.
///
/// All names begin with one prefix. The lock is made first and removed last, so whatever a killed run has left is found by it.
struct Workplace {
    let folder: FilePath
    let isInside: Bool
    private let prefix: String

    /// An existing target is to be filled from inside.
    struct CannotExchange: Error {}

    /// Beside the target.
    static func beside(_ place: OutputPlace) -> Workplace {
        Workplace(folder: place.parent, isInside: false, prefix: ".\(place.name).dppa")
    }

    /// In the target, which is a folder.
    static func inside(_ place: OutputPlace) -> Workplace {
        Workplace(folder: place.target, isInside: true, prefix: ".dppa")
    }

    /// Takes the right to write there.
    ///
    /// Throws `CannotExchange` when nothing can be made beside an existing folder, and `cannotCreate`.
    func takeLock(_ place: OutputPlace) throws -> OutputLock {
        do { return try OutputLock(folder.appending(prefix + ".lock"), target: place.given) } catch let reason as Errno
        {
            let isForbidden = [.permissionDenied, .notPermitted, .readOnlyFileSystem].contains(reason)
            if isForbidden, !isInside, place.isFolder { throw CannotExchange() }
            throw DPPAError(.cannotCreate, "cannot write \(place.given)", cause: "\(folder): \(reason.description)")
        }
    }

    /// The draft that a run has left which is no more, when another one can go on with it: nothing of it has been put in the
    /// target's place yet.
    func leftDraft(_ note: [String]) -> Draft? {
        guard note.count == 1, let name = note.first, owns(name) else { return nil }
        let draft = Draft(folder: folder.appending(name).string, isContinued: true)
        var status = stat()
        guard draft.isWorthKeeping, lstat(draft.folder.string, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            return nil
        }
        return draft
    }

    /// Whether something in the folder is of this workplace: a note lies where others may write.
    private func owns(_ name: String) -> Bool { name.hasPrefix(prefix + "-") && !name.contains("/") }

    /// Makes an empty folder, and has the lock know of it before.
    func makeTemporary(_ place: OutputPlace, _ lock: OutputLock) throws -> FilePath {
        let path = folder.appending("\(prefix)-\(OutputPlace.randomName())")
        try lock.note([path.name])
        guard mkdir(path.string, 0o777) == 0 else {
            let reason = OutputPlace.words(errno)
            throw DPPAError(.cannotCreate, "cannot write \(place.given)", cause: "\(folder): \(reason)")
        }
        return path
    }

    /// Throws `CannotExchange` when an existing folder cannot be exchanged with one beside it, such as a mount point.
    ///
    /// A rename onto a folder that is not empty never happens; whether it is refused for that reason is what is asked.
    func tryExchange(_ place: OutputPlace, _ temporary: FilePath) throws {
        guard !isInside, place.isFolder else { return }
        let probe = temporary.appending("probe")
        guard mkdir(probe.string, 0o777) == 0 else {
            throw DPPAError(.cannotCreate, "cannot write \(place.given)", cause: OutputPlace.words(errno))
        }
        defer { rmdir(probe.string) }
        guard !Rename.plain(place.target, temporary) else {
            _ = Rename.plain(temporary, place.target)
            throw CannotExchange()
        }
        if errno == EBUSY { throw CannotExchange() }
    }

    /// Removes or completes what a run has left that is no more, as its lock tells, and brings back a target that it had
    /// moved aside; a draft that is kept stays.
    func recover(_ note: [String], _ place: OutputPlace, keeping draft: Draft? = nil) {
        guard let name = note.first, owns(name) else { return }
        let temporary = folder.appending(name)
        if note.dropFirst().first == Self.contentsWord {
            let old = note.dropFirst(2).filter { !$0.contains("/") && $0 != "." && $0 != ".." }
            _ = Self.replaceContents(of: place.target, from: temporary, removing: old)
        }
        let aside = Self.aside(temporary)
        if place.status == nil { _ = Rename.plain(aside, place.target) }
        for path in [aside] + (draft == nil ? [temporary] + Draft.journals(of: temporary) : []) {
            try? FileManager.default.removeItem(atPath: path.string)
        }
    }

    /// What the lock says, before the names of old entries, while contents are replaced.
    static let contentsWord = "contents"

    /// Where the target's old content steps aside on file systems that cannot exchange two names.
    static func aside(_ temporary: FilePath) -> FilePath { FilePath(temporary.string + ".old") }

    /// Moves all entries of one folder into another and removes old ones; may be done again after it was interrupted.
    ///
    /// Gives whether all was done; if not, `errno` says why.
    static func replaceContents(of target: FilePath, from temporary: FilePath, removing old: [String]) -> Bool {
        for name in ModelFolder.names(temporary) {
            let (from, to) = (temporary.appending(name), target.appending(name))
            if Rename.plain(from, to) { continue }
            // A file gives way to a file, but not to a folder, and a folder only when it is empty.
            guard [ENOTEMPTY, EEXIST, EISDIR, ENOTDIR].contains(errno) else { return false }
            try? FileManager.default.removeItem(atPath: to.string)
            guard Rename.plain(from, to) else { return false }
        }
        for name in old { try? FileManager.default.removeItem(atPath: target.appending(name).string) }
        return true
    }

    /// Brings the entries of a folder and of all below it to the disk; the files have been brought there by their writers.
    static func syncFolders(_ path: FilePath) {
        let below = FileManager.default.enumerator(atPath: path.string)
        while let name = below?.nextObject() as? String { OutputPlace.sync(path.appending(name)) }
        OutputPlace.sync(path)
    }
}

extension OutputPlace {
    /// Whether a folder, and no link to one, is at the target.
    var isFolder: Bool { status.map { $0.st_mode & S_IFMT == S_IFDIR } ?? false }

    /// Throws `cannotCreate` when there is something at the target that may not be replaced.
    ///
    /// Nothing and an empty folder are free; with `force` a link and a folder that holds models and nothing else.
    func requireFree(force: Bool) throws {
        guard let status else { return }
        let ways = ["replace it with --force, or write to another directory"]
        switch status.st_mode & S_IFMT {
        case S_IFLNK:
            guard force else { throw DPPAError(.cannotCreate, "\(given) exists: it is a link", notes: ways) }
        case S_IFDIR:
            let names = ModelFolder.names(target).filter { $0 != "lost+found" }
            if names.isEmpty { return }
            guard force else { throw DPPAError(.cannotCreate, "\(given) exists", notes: ways) }
            try requireModels(names)
        default:
            throw DPPAError(
                .cannotCreate, "\(given) exists: it is no folder", notes: ["remove it, or write to another directory"])
        }
    }

    /// Throws `cannotCreate` unless a folder holds models and nothing that is somebody else's.
    private func requireModels(_ names: [String]) throws {
        let (foreign, hasWeights) = ModelFolder.contents(target)
        let others = (hasWeights ? foreign : names).filter { $0 != "lost+found/" }
        guard !others.isEmpty else { return }
        let list = others.prefix(5).joined(separator: ", ") + (others.count > 5 ? " and \(others.count - 5) more" : "")
        throw DPPAError(
            .cannotCreate, "\(given) holds what belongs to no model: \(list)",
            notes: ["--force replaces models alone; move these away, or write to another directory"])
    }
}
