import ArgumentParser
import DPPA
import DPPAScript
import SystemPackage

/// The small tasks that ship with the program, written for it: enough to see whether a model still says sensible things, not to
/// compare it with what others publish.
enum SampleTasks {
    /// Their files by their names.
    static let shipped: [String: String] = {
        guard let folder = RecipeLookup.shippedFolder.map({ FilePath($0).appending("tasks").string }) else {
            return [:]
        }
        let files = RecipeLookup.entries(folder).filter { $0.hasSuffix(".jsonl") }
        return Dictionary(
            files.map { (FilePath($0).stem ?? $0, FilePath(folder).appending($0).string) },
            uniquingKeysWith: { first, _ in first })
    }()

    /// All names.
    ///
    /// Throws `usage` where none ship.
    static func all() throws -> [String] {
        guard !shipped.isEmpty else {
            throw DPPAError(
                .usage, "no task is named, and none lies beside the program", notes: ["name some with --task"])
        }
        return shipped.keys.sorted()
    }

    /// What shells complete the name of a task with: folders, files that may be tasks, and the tasks that ship.
    static let completion = CompletionKind.custom { _, _, typed in
        let (folder, begun) =
            typed.lastIndex(of: "/").map { (String(typed[...$0]), typed[typed.index(after: $0)...]) } ?? (
                "", typed[...]
            )
        let names = RecipeLookup.entries(folder.isEmpty ? "." : folder).filter { $0.hasPrefix(begun) }
        let found = names.compactMap { name -> String? in
            if RecipeLookup.isFolder(folder + name) { return folder + name + "/" }
            return name.hasSuffix(".jsonl") || name.hasSuffix(".json") ? folder + name : nil
        }
        return found + (folder.isEmpty ? shipped.keys.sorted() : [])
    }
}
