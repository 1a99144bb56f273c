import Foundation
import SystemPackage

/// Where something is to be made: its real path, found without creating anything.
package struct OutputPlace {
    /// The path as the user named it.
    package let given: String
    /// The real path of the folder that is to hold it; it may have yet to be created.
    package let parent: FilePath
    /// Its own name.
    package let name: String
    /// The folders to create, the outermost first.
    private let missing: [FilePath]

    /// The path, with the links above it resolved.
    package var target: FilePath { parent.appending(name) }

    /// What is at the path itself, be it a link; nil when nothing is.
    package var status: stat? {
        var status = stat()
        return lstat(target.string, &status) == 0 ? status : nil
    }

    /// Throws `cannotCreate` when nothing can be made there.
    ///
    /// Messages show `given`, which may be another name of the same place.
    package init(_ place: String, given: String? = nil) throws {
        let given = given ?? place
        self.given = given
        var path = FilePath(place)
        guard let last = path.components.last, last.kind == .regular else {
            throw DPPAError(
                .cannotCreate, "'\(given)' names nothing that can be written", notes: ["give it a name of its own"])
        }
        name = last.string
        path = path.folder
        var absent: [FilePath.Component] = []
        var base = path.real
        while base == nil, let last = path.components.last {
            // A link that leads nowhere, or a folder that may not be entered, is no place to create anything.
            absent.insert(last, at: 0)
            path = path.folder
            base = path.real
        }
        guard var base, !absent.contains(where: { $0.kind == .parentDirectory }) else {
            throw DPPAError(
                .cannotCreate, "cannot write \(given)", cause: "there is no folder \(FilePath(given).folder)")
        }
        var status = stat()
        guard stat(base.string, &status) != 0 || status.st_mode & S_IFMT == S_IFDIR else {
            throw DPPAError(
                .cannotCreate, "cannot write \(given)", notes: ["write into a folder"],
                cause: "\(path) is no folder but a file")
        }
        var missing: [FilePath] = []
        for part in absent where part.kind == .regular {
            base.append(part)
            missing.append(base)
        }
        guard String(validating: base) != nil else {
            throw DPPAError(
                .cannotCreate, "cannot write \(given)", notes: ["write below a folder whose name is UTF-8"],
                cause: "the name of the folder \(base) is not UTF-8")
        }
        parent = base
        self.missing = missing
    }

    /// Creates the folders above the path, and gives those that were not there, the outermost first.
    ///
    /// Throws `cannotCreate` when that is not possible; then none has been created.
    package func createParents() throws -> [FilePath] {
        var created: [FilePath] = []
        for path in missing {
            var status = stat()
            if mkdir(path.string, 0o777) == 0 {
                created.append(path)
            } else if errno != EEXIST || stat(path.string, &status) != 0 {
                let reason = Self.words(errno)
                for path in created.reversed() { rmdir(path.string) }
                throw DPPAError(
                    .cannotCreate, "cannot write \(given)", cause: "cannot create the folder \(path): \(reason)")
            }
        }
        return created
    }

    /// Creates a folder at the path itself, and those above it.
    ///
    /// Throws `cannotCreate` when that is not possible; then none has been created.
    package func create() throws {
        let created = try createParents()
        guard mkdir(target.string, 0o777) != 0, errno != EEXIST else { return }
        let reason = Self.words(errno)
        for path in created.reversed() { rmdir(path.string) }
        throw DPPAError(.cannotCreate, "cannot create the folder \(given)", cause: reason)
    }

    /// An error number of the system in words.
    package static func words(_ number: Int32) -> String { Errno(rawValue: number).description }

    /// Eight letters and digits for the name of something temporary.
    package static func randomName() -> String {
        let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789")
        return String((0..<8).map { _ in letters[Int.random(in: letters.indices)] })
    }

    /// Brings the entries of a folder to the disk; does nothing for a file.
    package static func sync(_ folder: FilePath) {
        let descriptor = open(folder.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}
