import DPPASupport
import Foundation
import SystemPackage

/// A part of a file that lies there, to be copied into another.
package struct FileRange: Sendable {
    package let path: String
    package let bytes: Range<Int>

    package init(path: String, bytes: Range<Int>) { (self.path, self.bytes) = (path, bytes) }

    /// Bytes that are read at once.
    static let piece = 4 << 20

    /// Copies it to an offset of an open file; false when it cannot be read.
    ///
    /// A file system that can lets both files share the blocks. Throws the system's `Errno` when it cannot be written.
    func copy(to descriptor: Int32, at offset: Int) throws -> Bool {
        let source = open(path, O_RDONLY | O_CLOEXEC)
        guard source >= 0 else { return false }
        defer { close(source) }
        var done = 0
        while done < bytes.count {
            let put = Self.copyRange(source, bytes.lowerBound + done, descriptor, offset + done, bytes.count - done)
            if put > 0 {
                done += put
            } else if put == 0 {
                return false
            } else if errno != EINTR {
                break
            }
        }
        // Not every pair of files can be copied like that.
        return try done == bytes.count || copy(source, from: done, to: descriptor, at: offset)
    }

    private func copy(_ source: Int32, from start: Int, to descriptor: Int32, at offset: Int) throws -> Bool {
        let buffer = Buffer<UInt8>(min(bytes.count, Self.piece))
        defer { withExtendedLifetime(buffer) {} }
        var done = start
        while done < bytes.count {
            let got = pread(
                source, buffer.pointer, min(Self.piece, bytes.count - done), off_t(bytes.lowerBound + done))
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { return false }
            let piece = UnsafeRawBufferPointer(start: buffer.pointer, count: got)
            try WholeWrite.put(piece, descriptor, at: offset + done)
            done += got
        }
        return true
    }

    /// copy_file_range, which is not in every C library.
    private static func copyRange(
        _ source: Int32, _ from: Int, _ target: Int32, _ to: Int, _ count: Int
    ) -> Int {
        typealias Call =
            @convention(c) (
                Int32, UnsafeMutablePointer<Int64>, Int32, UnsafeMutablePointer<Int64>, Int, UInt32
            ) -> Int
        guard let symbol = dlsym(nil, "copy_file_range") else {
            errno = ENOSYS
            return -1
        }
        var (from, to) = (Int64(from), Int64(to))
        return unsafeBitCast(symbol, to: Call.self)(source, &from, target, &to, count, 0)
    }
}
