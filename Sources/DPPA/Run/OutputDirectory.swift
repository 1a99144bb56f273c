import Foundation

/// A directory that comes into being as a whole, or not at all.
///
/// Everything is written into a temporary directory beside the target, which is exchanged with it in one step; an existing
/// target is lost only when the new one stands. A target that is a symbolic link is replaced itself; what it leads to stays.
public final class OutputDirectory {
    /// Where to write until `commit`.
    public let temporaryPath: String
    private let place: OutputPlace
    private let force: Bool
    private let created: [String]
    private let lock: Int32
    private var isDone = false

    /// Makes the temporary directory for a target.
    ///
    /// Throws `cannotCreate` when the target exists and `force` is false, and when it is, holds or lies in an input; then
    /// nothing has been created.
    public static func prepare(target: String, force: Bool, inputs: [String]) throws -> OutputDirectory {
        try requireFree(target, force: force)
        let place = try OutputPlace(target)
        try place.requireApart(from: inputs)
        let created = try place.createParents()
        removeLeftovers(place)
        do { return try OutputDirectory(place, force: force, created: created) } catch {
            for path in created.reversed() { rmdir(path) }
            throw error
        }
    }

    /// Throws `cannotCreate` when there is something at the target that may not be replaced.
    public static func requireFree(_ target: String, force: Bool) throws {
        guard try force || !OutputPlace(target).exists else {
            throw DPPAError(
                .cannotCreate, "\(target) exists", notes: ["replace it with --force, or write to another directory"])
        }
    }

    private init(_ place: OutputPlace, force: Bool, created: [String]) throws {
        self.place = place
        self.force = force
        self.created = created
        var template = Array("\(place.parent)/\(Self.prefix(place))XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw DPPAError(
                .cannotCreate, "cannot create a directory in \(place.parent)", cause: String(cString: strerror(errno)))
        }
        temporaryPath = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        chmod(temporaryPath, 0o755)
        lock = open(temporaryPath + "/" + Self.lockName, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            throw DPPAError(.cannotCreate, "cannot lock \(temporaryPath)", cause: String(cString: strerror(errno)))
        }
    }

    deinit { abandon() }

    /// Puts the finished directory in the target's place.
    ///
    /// Throws `inputOutput` when that fails, and `cannotCreate` when a target has appeared that may not be replaced; then the
    /// target is as it was.
    public func commit() throws {
        if !force, place.exists {
            throw DPPAError(
                .cannotCreate, "\(place.target) has been created since the run began",
                notes: ["replace it with --force, or write to another directory"])
        }
        Self.syncFolders(temporaryPath)
        unlink(temporaryPath + "/" + Self.lockName)
        if !place.exists {
            guard rename(temporaryPath, place.target) == 0 else { throw failure() }
        } else if Self.exchange(temporaryPath, place.target) {
            try? FileManager.default.removeItem(atPath: temporaryPath)
        } else {
            // Without an exchange the old one steps aside first, and comes back when the new one cannot take its place.
            let aside = temporaryPath + Self.asideSuffix
            guard rename(place.target, aside) == 0 else { throw failure() }
            guard rename(temporaryPath, place.target) == 0 else {
                let error = failure()
                rename(aside, place.target)
                throw error
            }
            try? FileManager.default.removeItem(atPath: aside)
        }
        isDone = true
        for path in created + [place.parent] { Self.sync(path) }
        if let first = created.first { Self.sync(NSString(string: first).deletingLastPathComponent) }
        close(lock)
    }

    /// Removes what was written, and the directories above it that were made for it.
    public func abandon() {
        guard !isDone else { return }
        isDone = true
        try? FileManager.default.removeItem(atPath: temporaryPath)
        // Only empty ones go: another run may have begun to write there.
        for path in created.reversed() { rmdir(path) }
        close(lock)
    }

    private static let lockName = ".lock"
    private static let asideSuffix = ".old"

    private static func prefix(_ place: OutputPlace) -> String { ".\(place.name).dppa-" }

    private func failure() -> DPPAError {
        DPPAError(.inputOutput, "cannot put the result at \(place.target)", cause: String(cString: strerror(errno)))
    }

    /// Removes temporary directories of runs that are no more: nobody holds their lock.
    private static func removeLeftovers(_ place: OutputPlace) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: place.parent)) ?? []
        // What stepped aside is somebody's model: only a run that put a new one in its place removes it.
        for leftover in names where leftover.hasPrefix(prefix(place)) && !leftover.hasSuffix(asideSuffix) {
            let path = place.parent + "/" + leftover
            let descriptor = open(path + "/" + lockName, O_RDWR | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { try? FileManager.default.removeItem(atPath: path) }
            close(descriptor)
        }
    }

    private static func exchange(_ a: String, _ b: String) -> Bool {
        // renameat2 with RENAME_EXCHANGE (2) is not in every C library's headers.
        typealias Rename = @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32
        guard let symbol = dlsym(nil, "renameat2") else { return false }
        return unsafeBitCast(symbol, to: Rename.self)(AT_FDCWD, a, AT_FDCWD, b, 2) == 0
    }

    /// Brings the entries of a directory and of all below it to the disk; the files have been brought there by their writers.
    private static func syncFolders(_ path: String) {
        let below = FileManager.default.enumerator(atPath: path)
        while let name = below?.nextObject() as? String { sync(path + "/" + name) }
        sync(path)
    }

    /// Brings the entries of a directory to the disk; does nothing for a file.
    private static func sync(_ path: String) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}
