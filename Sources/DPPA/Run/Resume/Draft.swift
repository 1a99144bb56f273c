import DPPACheckpoint
import DPPASupport
import Foundation
import SystemPackage

/// The folder in which a run makes what is to come to its target, and the journal beside it.
package struct Draft: Sendable {
    let folder: FilePath
    /// The file in which this rank tells what in it is finished; there when something is.
    let journal: FilePath
    /// Whether an earlier run has left it.
    package let isContinued: Bool

    package init(folder: String, isContinued: Bool, rank: Int = 0) {
        self.folder = FilePath(folder)
        self.isContinued = isContinued
        journal = FilePath(folder + ".journal" + (rank == 0 ? "" : ".\(rank)"))
    }

    /// The journals of a draft's folder, one for each rank that has finished something, however many ranks there were.
    static func journals(of folder: FilePath) -> [FilePath] {
        let name = folder.name + ".journal"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.folder.string)) ?? []
        return names.filter { $0 == name || $0.hasPrefix(name + ".") }.sorted().map { folder.folder.appending($0) }
    }

    /// Whether there is something that a later run could go on from.
    var isWorthKeeping: Bool {
        var status = stat()
        return Self.journals(of: folder).contains { lstat($0.string, &status) == 0 && status.st_size > 0 }
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
        if kept.isEmpty { for journal in Self.journals(of: folder) { unlink(journal.string) } }
    }

    /// Brings the entries of its folders to the disk, and its own.
    func syncFolders() {
        Workplace.syncFolders(folder)
        OutputPlace.sync(folder.folder)
    }
}
