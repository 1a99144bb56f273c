import Foundation
import Synchronization
import SystemPackage

/// An open file among more of them than a program may have open: while nobody uses it, it may be closed, and is opened again
/// when somebody does.
package final class PooledFile: Sendable {
    private struct State {
        var descriptor: Int32 = -1
        var users = 0
        var lastUse = 0

        /// The open file for one more user; nil when it is closed.
        mutating func take(_ now: Int) -> Int32? {
            guard descriptor >= 0 else { return nil }
            users += 1
            lastUse = now
            return descriptor
        }
    }

    private let path: String
    private let flags: Int32
    private let device: dev_t
    private let inode: ino_t
    private let state = Mutex(State())

    /// Another file stands where this one was.
    package struct Replaced: Error {}

    /// Opens a file; later openings do not create or truncate it.
    ///
    /// Throws the system's `Errno`.
    package init(_ path: String, _ flags: Int32, permissions: mode_t = 0) throws {
        self.path = path
        self.flags = flags & ~(O_CREAT | O_EXCL | O_TRUNC) | O_CLOEXEC
        OpenFiles.makeRoom()
        let descriptor = try Self.open(path, flags | O_CLOEXEC, permissions)
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let reason = errno
            close(descriptor)
            throw Errno(rawValue: reason)
        }
        (device, inode) = (status.st_dev, status.st_ino)
        state.withLock { $0.descriptor = descriptor }
        OpenFiles.add(self)
    }

    deinit {
        OpenFiles.remove(self)
        state.withLock { if $0.descriptor >= 0 { close($0.descriptor) } }
    }

    /// Calls `body` with the open file.
    ///
    /// Throws an `Errno` when it cannot be opened again, and `Replaced` when another file is there by now.
    package func use<Result>(_ body: (Int32) throws -> Result) throws -> Result {
        let descriptor = try borrow()
        defer { state.withLock { $0.users -= 1 } }
        return try body(descriptor)
    }

    private func borrow() throws -> Int32 {
        let now = OpenFiles.now
        if let descriptor = state.withLock({ $0.take(now) }) { return descriptor }
        OpenFiles.makeRoom()
        return try state.withLock { state in
            if let descriptor = state.take(now) { return descriptor }
            let descriptor = try Self.open(path, flags, 0)
            var status = stat()
            guard fstat(descriptor, &status) == 0, status.st_dev == device, status.st_ino == inode else {
                close(descriptor)
                throw Replaced()
            }
            state = State(descriptor: descriptor, users: 1, lastUse: now)
            OpenFiles.count.add(1, ordering: .relaxed)
            return descriptor
        }
    }

    /// When it was used last; nil when it is closed or in use.
    fileprivate var idleSince: Int? { state.withLock { $0.descriptor >= 0 && $0.users == 0 ? $0.lastUse : nil } }

    /// Closes it unless somebody uses it.
    fileprivate func closeIfIdle() {
        state.withLock { state in
            guard state.descriptor >= 0, state.users == 0 else { return }
            close(state.descriptor)
            state.descriptor = -1
            OpenFiles.count.subtract(1, ordering: .relaxed)
        }
    }

    fileprivate var isOpen: Bool { state.withLock { $0.descriptor >= 0 } }

    private static func open(_ path: String, _ flags: Int32, _ permissions: mode_t) throws -> Int32 {
        while true {
            let descriptor = Foundation.open(path, flags, permissions)
            if descriptor >= 0 { return descriptor }
            let reason = errno
            if reason == EINTR || reason == EMFILE && OpenFiles.closeOldest() { continue }
            throw Errno(rawValue: reason)
        }
    }
}

/// How many files a program has open, and may have.
package enum OpenFiles {
    private struct Entry {
        weak var file: PooledFile?
    }

    private static let files = Mutex<[ObjectIdentifier: Entry]>([:])
    fileprivate static let count = Atomic(0)
    private static let clock = Atomic(0)
    fileprivate static var now: Int { clock.load(ordering: .relaxed) }

    /// Of what the system allows, something is left for everything else.
    private static let most: Int = {
        var limit = rlimit()
        guard getrlimit(fileLimit, &limit) == 0 else { return 200 }
        let allowed = Int(min(limit.rlim_cur, 1 << 20))
        return max(8, min(allowed - 32, allowed * 3 / 4))
    }()

    /// Lets the program have as many files open as it may without asking anybody; to be called at its start.
    package static func raiseLimit() {
        var limit = rlimit()
        guard getrlimit(fileLimit, &limit) == 0 else { return }
        // More than this helps nobody, and some programs count through all of them.
        let wanted = min(limit.rlim_max, 1 << 16)
        guard limit.rlim_cur < wanted else { return }
        limit.rlim_cur = wanted
        setrlimit(fileLimit, &limit)
    }

    /// What helps when there are too many.
    package static func note(_ reason: Errno) -> [String] {
        reason == .tooManyOpenFiles ? ["let the program open more files: ulimit -n 4096"] : []
    }

    fileprivate static func add(_ file: PooledFile) {
        files.withLock { $0[ObjectIdentifier(file)] = Entry(file: file) }
        count.add(1, ordering: .relaxed)
    }

    fileprivate static func remove(_ file: PooledFile) {
        files.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(file)) }
        if file.isOpen { count.subtract(1, ordering: .relaxed) }
    }

    fileprivate static func makeRoom() {
        clock.add(1, ordering: .relaxed)
        while count.load(ordering: .relaxed) >= most, closeOldest() {}
    }

    /// Closes the file that has not been used for longest; false when all are in use.
    fileprivate static func closeOldest() -> Bool {
        // The last reference to a file must not go away within the lock that its end takes.
        let all = files.withLock { $0.values.compactMap(\.file) }
        let idle = all.compactMap { file in file.idleSince.map { (file: file, since: $0) } }
        guard let oldest = idle.min(by: { $0.since < $1.since }) else { return false }
        oldest.file.closeIfIdle()
        return true
    }

    #if canImport(Glibc)
        private static let fileLimit = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
        private static let fileLimit = RLIMIT_NOFILE
    #endif
}
