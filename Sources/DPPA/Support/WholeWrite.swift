import Foundation
import SystemPackage

/// Writing all of some bytes, in as many calls as that takes: one may write a part, and a signal may come between.
package enum WholeWrite {
    /// Writes to an open file, at an offset or where it stands.
    ///
    /// Throws the system's `Errno`.
    package static func put(_ bytes: UnsafeRawBufferPointer, _ descriptor: Int32, at offset: Int? = nil) throws {
        guard let start = bytes.baseAddress else { return }
        var done = 0
        while done < bytes.count {
            let (from, left) = (start + done, bytes.count - done)
            let put =
                offset.map { pwrite(descriptor, from, left, off_t($0 + done)) }
                ?? Foundation.write(descriptor, from, left)
            if put >= 0 { done += put } else if errno != EINTR { throw Errno(rawValue: errno) }
        }
    }
}
