import DPPASupport
import Foundation
import SystemPackage

/// The right to write at a place, which one run has at a time.
///
/// A file holds it, with a note of what the run makes there: who gets the right next reads what a killed run has left.
/// Where the file system knows no locks, the process that the file names is asked for.
final class OutputLock {
    /// Why the file system cannot lock, in words; nil where it can.
    let complaint: String?
    /// What a run that is no more has noted; nothing when there was none.
    let leftNote: [String]
    let path: FilePath
    private let descriptor: Int32
    private var isHeld = true

    /// Takes the right.
    ///
    /// Throws `cannotCreate` when another run has it, and the system's `Errno` when the file cannot be made.
    init(_ path: FilePath, target: String) throws {
        self.path = path
        for _ in 0..<1000 {
            let descriptor = open(path.string, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
            guard descriptor >= 0 else { throw Errno(rawValue: errno) }
            let reason = flock(descriptor, LOCK_EX | LOCK_NB) == 0 ? 0 : errno
            let (holder, note) = Self.read(descriptor)
            if reason == EWOULDBLOCK || reason != 0 && holder?.mayLive == true {
                close(descriptor)
                throw Self.busy(target, path, holder, isLock: reason == EWOULDBLOCK)
            }
            // Whoever had it may have removed the file in the moment before it was locked.
            guard Self.isAt(path, descriptor) else {
                close(descriptor)
                continue
            }
            complaint = reason == 0 ? nil : Errno(rawValue: reason).description
            leftNote = note
            self.descriptor = descriptor
            try write(note)
            return
        }
        throw Errno.resourceTemporarilyUnavailable
    }

    deinit { release() }

    /// Says what the run makes there, for the case that it is killed.
    ///
    /// Throws `cannotCreate` when that cannot be kept.
    func note(_ words: [String]) throws {
        do { try write(words) } catch let error as Errno {
            throw DPPAError(.cannotCreate, "cannot write \(path)", cause: error.description)
        }
    }

    /// Gives the right back, and leaves the note for who gets it next.
    func leave() {
        guard isHeld else { return }
        isHeld = false
        close(descriptor)
    }

    /// Gives the right back.
    func release() {
        guard isHeld else { return }
        isHeld = false
        unlink(path.string)
        close(descriptor)
    }

    /// Puts words in the place of those before, which stand until then: a kill in between must not lose what is to be removed.
    private func write(_ words: [String]) throws {
        let own = RunningProcess.own
        let bytes = Array(([own.host, "\(own.process)"] + words).joined(separator: "\0").utf8) + Self.end
        try bytes.withUnsafeBytes { try WholeWrite.put($0, descriptor, at: 0) }
        guard ftruncate(descriptor, off_t(bytes.count)) == 0, fsync(descriptor) == 0 else {
            throw Errno(rawValue: errno)
        }
    }

    /// What the words end with; none of them is empty.
    private static let end: [UInt8] = [0, 0]

    private static func read(_ descriptor: Int32) -> (RunningProcess?, note: [String]) {
        var status = stat()
        guard fstat(descriptor, &status) == 0, (1...(1 << 24)).contains(status.st_size) else { return (nil, []) }
        let size = Int(status.st_size)
        let bytes = [UInt8](unsafeUninitializedCapacity: size) {
            $1 = max(0, pread(descriptor, $0.baseAddress, size, 0))
        }
        // Behind the end may be the rest of a longer text that was there before.
        let whole = bytes[..<(bytes.firstRange(of: end)?.lowerBound ?? bytes.count)]
        let words = whole.split(separator: 0, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard words.count >= 2, let process = Int32(words[1]), process > 0 else { return (nil, []) }
        return (RunningProcess(host: words[0], process: process), Array(words.dropFirst(2)))
    }

    private static func isAt(_ path: FilePath, _ descriptor: Int32) -> Bool {
        var (opened, found) = (stat(), stat())
        return fstat(descriptor, &opened) == 0 && lstat(path.string, &found) == 0 && opened.st_ino == found.st_ino
            && opened.st_dev == found.st_dev
    }

    private static func busy(_ target: String, _ path: FilePath, _ holder: RunningProcess?, isLock: Bool) -> DPPAError {
        let process = holder.map {
            " (process \($0.process)" + ($0.host == RunningProcess.own.host ? ")" : " on \($0.host))")
        }
        return DPPAError(
            .cannotCreate, "another run is writing to \(target)\(process ?? "")",
            notes: ["wait for its end, or write to another directory"]
                + (isLock ? [] : ["if there is no such run any more, remove \(path)"]))
    }
}
