import DPPACheckpoint
import DPPASupport
import Foundation
import SystemPackage

/// All places that a command writes to, none of which may be another one or an input.
package struct OutputPaths: Sendable {
    private struct Entry {
        /// How the person at the keyboard named it, such as `--json a.json`.
        let name: String
        let path: FilePath
        let isFolder: Bool
    }

    private var entries: [Entry] = []

    /// No place at all.
    package init() {}

    /// Adds a file, if it is one.
    ///
    /// Throws `cannotCreate` when it is, holds or lies in another output.
    package mutating func add(_ file: WrittenFile, as option: String) throws {
        if file.isStandardOutput {
            return try add(Entry(name: "\(option) \(file.given)", path: "-", isFolder: false))
        }
        guard let target = file.target else { return }
        try add(Entry(name: "\(option) \(file.given)", path: target, isFolder: false))
    }

    /// Adds a folder that is written as a whole.
    ///
    /// Throws `cannotCreate` when nothing can be made there, and when it is, holds or lies in another output.
    package mutating func add(folder: String, as option: String) throws {
        try add(Entry(name: "\(option) \(folder)", path: OutputPlace(folder).target, isFolder: true))
    }

    /// Throws `cannotCreate` when an output is, holds or lies in an input, or is a file that an input's links lead to.
    package func requireApart(from input: String) throws {
        guard let used = FilePath(input).real else { return }
        let files = Self.linked(used)
        for entry in entries {
            // Both count for a target that is a link: where it leads, and where the link stands, for it is replaced there.
            for path in [entry.path, entry.path.real ?? entry.path] {
                let isWithin = used.holds(path) && (entry.isFolder || path == used || ModelFolder.owns(file: path.name))
                guard isWithin || path.holds(used) || files.contains(where: path.holds) else { continue }
                throw DPPAError(
                    .cannotCreate, "the output \(entry.name) and the input \(input) lie in one another",
                    notes: ["write to another place; an input is never changed"])
            }
        }
    }

    /// Throws `cannotCreate` when a folder that is used meanwhile is, or lies in, an output folder.
    package static func requireOutside(folder: String, as option: String, output: String) throws {
        let outer = try OutputPlace(output).target
        guard outer.holds(try FilePath(folder).real ?? OutputPlace(folder).target) else { return }
        throw DPPAError(
            .cannotCreate, "\(option) \(folder) lies in the output \(output), which is written as a whole",
            notes: ["name a folder beside it"])
    }

    private mutating func add(_ entry: Entry) throws {
        for other in entries {
            if entry.path == other.path {
                throw DPPAError(
                    .cannotCreate, "\(other.name) and \(entry.name) are one place",
                    notes: ["give each output a name of its own"])
            }
            for (outer, inner) in [(entry, other), (other, entry)] where outer.path.holds(inner.path) {
                throw DPPAError(
                    .cannotCreate, "\(inner.name) lies in \(outer.name), which is written as a whole",
                    notes: ["write it beside that"])
            }
        }
        entries.append(entry)
    }

    /// Where the links in a folder lead, as in a cache of downloads.
    private static func linked(_ folder: FilePath) -> [FilePath] {
        ModelFolder.names(folder).compactMap { name in
            let path = folder.appending(name)
            var status = stat()
            guard lstat(path.string, &status) == 0, status.st_mode & S_IFMT == S_IFLNK else { return nil }
            return path.real
        }
    }
}
