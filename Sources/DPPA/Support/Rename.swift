import Foundation
import SystemPackage

/// The ways to give a file or folder another name; each tells whether it was done, and `errno` tells why not.
package enum Rename {
    /// Takes the place of a file, or of an empty folder.
    package static func plain(_ old: FilePath, _ new: FilePath) -> Bool {
        Foundation.rename(old.string, new.string) == 0
    }

    /// Two names change their places.
    package static func exchange(_ one: FilePath, _ other: FilePath) -> Bool { flagged(one, other, 2) }

    /// Takes the place of nothing.
    ///
    /// A file system that knows no flags gets a plain rename, after a look whether there is anything.
    package static func ifFree(_ old: FilePath, _ new: FilePath) -> Bool {
        if flagged(old, new, 1) { return true }
        guard errno == EINVAL || errno == ENOSYS else { return false }
        var status = stat()
        guard lstat(new.string, &status) != 0 else {
            errno = EEXIST
            return false
        }
        return plain(old, new)
    }

    /// renameat2, which is not in every C library's headers.
    private static func flagged(_ old: FilePath, _ new: FilePath, _ flags: UInt32) -> Bool {
        typealias Call = @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32
        guard let symbol = dlsym(nil, "renameat2") else {
            errno = ENOSYS
            return false
        }
        return unsafeBitCast(symbol, to: Call.self)(AT_FDCWD, old.string, AT_FDCWD, new.string, flags) == 0
    }
}
