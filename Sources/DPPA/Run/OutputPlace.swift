import Foundation

/// Where an output directory is to be: its real path, found without creating anything.
struct OutputPlace {
    /// The target as the user named it.
    let given: String
    /// The real path of the directory that holds the target; it may have yet to be created.
    var parent: String { folder.isEmpty ? "/" : folder }
    /// The target's own name.
    let name: String
    /// The directories to create, the outermost first.
    private let missing: [String]
    /// The parent without a slash at its end: empty for the root.
    private let folder: String

    /// The target, with the links above it resolved.
    var target: String { folder + "/" + name }
    /// Whether something is at the target: a directory, a file or a link, even one that leads nowhere.
    var exists: Bool {
        var status = stat()
        return lstat(target, &status) == 0
    }

    /// Throws `cannotCreate` when no directory of its own can be made from the name.
    init(_ given: String) throws {
        self.given = given
        var above = given.split(separator: "/").map(String.init)
        let name = above.popLast() ?? ""
        guard !name.isEmpty, name != ".", name != ".." else {
            throw DPPAError(.cannotCreate, "'\(given)' cannot be written as a whole", notes: ["name a new directory"])
        }
        let root = given.hasPrefix("/") ? "/" : "./"
        var absent: [String] = []
        var base = Self.real(root + above.joined(separator: "/"))
        while base == nil, let last = above.popLast() {
            // A link that leads nowhere, or a directory that may not be entered, is no place to create anything.
            absent.insert(last, at: 0)
            base = Self.real(root + above.joined(separator: "/"))
        }
        guard let base, !absent.contains("..") else {
            throw DPPAError(.cannotCreate, "cannot find the directory that is to hold \(given)")
        }
        var path = base == "/" ? "" : base
        var missing: [String] = []
        for part in absent where part != "." {
            path += "/" + part
            missing.append(path)
        }
        self.name = name
        folder = path
        self.missing = missing
    }

    /// Throws `cannotCreate` when the target is, holds or lies in an input.
    func requireApart(from inputs: [String]) throws {
        let full = Self.real(target) ?? target
        for input in inputs {
            guard let used = Self.real(input) else { continue }
            // Both count for a target that is a link: where it leads, and where the link stands, for it would be replaced there.
            for path in [full, target] where path == used || used.hasPrefix(path + "/") || path.hasPrefix(used + "/") {
                throw DPPAError(
                    .cannotCreate, "the output \(given) and the input \(input) lie in one another",
                    notes: ["write to another directory"])
            }
        }
    }

    /// Creates the directories above the target.
    ///
    /// Gives those that were not there, the outermost first.
    func createParents() throws -> [String] {
        var created: [String] = []
        for path in missing {
            if mkdir(path, 0o777) == 0 {
                created.append(path)
            } else if errno != EEXIST {
                let reason = String(cString: strerror(errno))
                for path in created.reversed() { rmdir(path) }
                throw DPPAError(.cannotCreate, "cannot create the directory \(path)", cause: reason)
            }
        }
        return created
    }

    private static func real(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
