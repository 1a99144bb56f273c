import DPPACheckpoint
import DPPASupport
import Foundation
import SystemPackage

/// The folder in which a run makes what is to come to its target, and the journal beside it.
package struct Draft: Sendable {
    let folder: FilePath
    /// The file that tells what in it is finished; there when something is.
    let journal: FilePath
    /// Whether an earlier run has left it.
    package let isContinued: Bool

    package init(folder: String, isContinued: Bool) {
        self.folder = FilePath(folder)
        self.isContinued = isContinued
        journal = Self.journal(of: self.folder)
    }

    /// The journal of a draft's folder.
    static func journal(of folder: FilePath) -> FilePath { FilePath(folder.string + ".journal") }

    /// Whether there is something that a later run could go on from.
    var isWorthKeeping: Bool {
        var status = stat()
        return lstat(journal.string, &status) == 0 && status.st_size > 0
    }

    /// Removes the files but for some, by their paths from the folder, and folders that are empty then.
    func clear(keeping kept: Set<String>) {
        func clear(_ path: FilePath, _ prefix: String) {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: path.string)) ?? [] {
                let (entry, place) = (path.appending(name), prefix + name)
                var status = stat()
                if lstat(entry.string, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
                    clear(entry, place + "/")
                    rmdir(entry.string)
                } else if !kept.contains(place) {
                    unlink(entry.string)
                }
            }
        }
        clear(folder, "")
        if kept.isEmpty { unlink(journal.string) }
    }

    /// Brings the entries of its folders to the disk, and its own.
    func syncFolders() {
        Workplace.syncFolders(folder)
        OutputPlace.sync(folder.folder)
    }
}
