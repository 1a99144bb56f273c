import Foundation

/// A directory that comes into being as a whole, or not at all.
///
/// Everything is written into a temporary directory beside the target, which is exchanged with it in one step; an existing
/// target is lost only when the new one stands.
public final class OutputDirectory {
    /// Where to write until `commit`.
    public let temporaryPath: String
    private let target: String
    private let parent: String
    private let lock: Int32
    private var isDone = false

    /// Makes the temporary directory for a target.
    ///
    /// Throws `cannotCreate` when the target exists and `force` is false, and when it is, holds or lies in an input.
    public static func prepare(target: String, force: Bool, inputs: [String]) throws -> OutputDirectory {
        var path = target
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        let parent = NSString(string: path).deletingLastPathComponent
        let folder = parent.isEmpty ? "." : parent
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw DPPAError(.cannotCreate, "cannot create the directory \(folder)", cause: error.localizedDescription)
        }
        guard let realParent = real(folder) else {
            throw DPPAError(.cannotCreate, "cannot create anything in \(folder)")
        }
        let name = NSString(string: path).lastPathComponent
        guard !name.isEmpty, name != ".", name != "..", name != "/" else {
            throw DPPAError(.cannotCreate, "\(target) cannot be written as a whole", notes: ["name a new directory"])
        }
        let full = real(realParent + "/" + name) ?? realParent + "/" + name
        for input in inputs {
            guard let used = real(input) else { continue }
            if full == used || used.hasPrefix(full + "/") || full.hasPrefix(used + "/") {
                throw DPPAError(
                    .cannotCreate, "the output \(target) and the input \(input) lie in one another",
                    notes: ["write to another directory"])
            }
        }
        var status = stat()
        if lstat(realParent + "/" + name, &status) == 0, !force {
            throw DPPAError(
                .cannotCreate, "\(target) exists", notes: ["replace it with --force, or write to another directory"])
        }
        removeLeftovers(realParent, name)
        return try OutputDirectory(target: realParent + "/" + name, parent: realParent, name: name)
    }

    private init(target: String, parent: String, name: String) throws {
        self.target = target
        self.parent = parent
        var template = Array("\(parent)/.\(name).dppa-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw DPPAError(
                .cannotCreate, "cannot create a directory in \(parent)", cause: String(cString: strerror(errno)))
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
    /// Throws `inputOutput`; then the target is as it was.
    public func commit() throws {
        unlink(temporaryPath + "/" + Self.lockName)
        Self.sync(temporaryPath)
        var status = stat()
        let exists = lstat(target, &status) == 0
        if !exists {
            guard rename(temporaryPath, target) == 0 else { throw failure() }
        } else if Self.exchange(temporaryPath, target) {
            try? FileManager.default.removeItem(atPath: temporaryPath)
        } else {
            // Without an exchange the old one steps aside first, and comes back when the new one cannot take its place.
            let aside = temporaryPath + ".old"
            guard rename(target, aside) == 0 else { throw failure() }
            guard rename(temporaryPath, target) == 0 else {
                let error = failure()
                rename(aside, target)
                throw error
            }
            try? FileManager.default.removeItem(atPath: aside)
        }
        isDone = true
        Self.sync(parent)
        close(lock)
    }

    /// Removes what was written.
    public func abandon() {
        guard !isDone else { return }
        isDone = true
        try? FileManager.default.removeItem(atPath: temporaryPath)
        close(lock)
    }

    private static let lockName = ".lock"

    private func failure() -> DPPAError {
        DPPAError(.inputOutput, "cannot put the result at \(target)", cause: String(cString: strerror(errno)))
    }

    /// Removes temporary directories of runs that are no more: nobody holds their lock.
    private static func removeLeftovers(_ parent: String, _ name: String) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
        for leftover in names where leftover.hasPrefix(".\(name).dppa-") {
            let path = parent + "/" + leftover
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

    private static func sync(_ path: String) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private static func real(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
