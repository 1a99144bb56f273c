import Foundation

/// A directory that comes into being as a whole, or not at all.
///
/// Everything is written into a temporary directory beside the target, which is exchanged with it in one step; an existing
/// target is lost only when the new one stands. A target that is a symbolic link is replaced itself; what it leads to stays.
public final class OutputDirectory {
    /// Where to write until `commit`.
    public var temporaryPath: String { temporary.path }
    private let temporary: TemporaryDirectory
    private let place: OutputPlace
    private let force: Bool
    private let created: [String]
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
        do { return try OutputDirectory(place, force: force, created: created) } catch {
            for path in created.reversed() { rmdir(path) }
            throw error
        }
    }

    /// Throws `cannotCreate` when there is something at the target that may not be replaced.
    ///
    /// What runs have left there that are no more is removed first, and a target that one had moved aside comes back.
    public static func requireFree(_ target: String, force: Bool) throws {
        let place = try OutputPlace(target)
        TemporaryDirectory.removeLeftovers(place)
        guard force || !place.exists else {
            throw DPPAError(
                .cannotCreate, "\(target) exists", notes: ["replace it with --force, or write to another directory"])
        }
    }

    private init(_ place: OutputPlace, force: Bool, created: [String]) throws {
        self.place = place
        self.force = force
        self.created = created
        temporary = try TemporaryDirectory(beside: place)
    }

    deinit { abandon() }

    /// Puts the finished directory in the target's place.
    ///
    /// Throws `inputOutput` when that fails, and `cannotCreate` when a target has appeared that may not be replaced; then the
    /// target is as it was.
    public func commit() throws {
        Self.syncFolders(temporaryPath)
        if !Self.rename(temporaryPath, place.target, Self.noReplace) {
            guard errno == EEXIST || errno == ENOTEMPTY else { throw failure() }
            guard force else { throw appeared() }
            try replace()
        }
        isDone = true
        temporary.remove()
        for path in created + [place.parent] { Self.sync(path) }
        if let first = created.first { Self.sync(NSString(string: first).deletingLastPathComponent) }
    }

    /// Takes the place of an existing target.
    private func replace() throws {
        if Self.rename(temporaryPath, place.target, Self.exchange) { return }
        // Without an exchange the old one steps aside first, and comes back when the new one cannot take its place.
        guard Foundation.rename(place.target, temporary.asidePath) == 0 else { throw failure() }
        guard Foundation.rename(temporaryPath, place.target) == 0 else {
            let error = failure()
            Foundation.rename(temporary.asidePath, place.target)
            throw error
        }
        try? FileManager.default.removeItem(atPath: temporary.asidePath)
    }

    /// Removes what was written, and the directories above it that were made for it.
    public func abandon() {
        guard !isDone else { return }
        isDone = true
        temporary.remove()
        // Only empty ones go: another run may have begun to write there.
        for path in created.reversed() { rmdir(path) }
    }

    private func appeared() -> DPPAError {
        DPPAError(
            .cannotCreate, "\(place.target) has been created since the run began",
            notes: ["replace it with --force, or write to another directory"])
    }

    private func failure() -> DPPAError {
        DPPAError(.inputOutput, "cannot put the result at \(place.target)", cause: String(cString: strerror(errno)))
    }

    private static let (noReplace, exchange): (UInt32, UInt32) = (1, 2)

    /// renameat2, which is not in every C library's headers.
    ///
    /// A file system that knows no flags gets a plain rename where nothing may be replaced, after a look whether there is
    /// anything.
    private static func rename(_ old: String, _ new: String, _ flags: UInt32) -> Bool {
        typealias Rename = @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32
        if let symbol = dlsym(nil, "renameat2") {
            if unsafeBitCast(symbol, to: Rename.self)(AT_FDCWD, old, AT_FDCWD, new, flags) == 0 { return true }
            if errno != EINVAL && errno != ENOSYS { return false }
        }
        guard flags == noReplace else { return false }
        var status = stat()
        guard lstat(new, &status) != 0 else {
            errno = EEXIST
            return false
        }
        return Foundation.rename(old, new) == 0
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
