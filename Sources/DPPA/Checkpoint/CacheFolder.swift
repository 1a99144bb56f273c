import DPPASupport
import Foundation
import SystemPackage

/// A model's folder in the Hugging Face cache, `models--org--name`: commits by branch and tag in `refs`, the files of each commit
/// in `snapshots`.
package struct CacheFolder {
    private let path: String

    /// The folder at a path, whatever is in it.
    package init(at path: String) { self.path = path }

    /// The folder at a path, when what is in it tells that it is one.
    package init?(found path: String) {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path + "/snapshots", isDirectory: &isDirectory),
            isDirectory.boolValue, let names = try? FileManager.default.contentsOfDirectory(atPath: path),
            !names.contains(where: { $0 == "config.json" || $0.hasSuffix(".safetensors") })
        else { return nil }
        self.path = path
    }

    /// The commits that are there, in order.
    package var commits: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path + "/snapshots")) ?? []
        return names.filter(Self.isWord).sorted()
    }

    /// The folder of a revision, a branch, a tag or a commit, if it is there.
    package func snapshot(_ revision: String) -> String? {
        guard revision.split(separator: "/", omittingEmptySubsequences: false).map(String.init).allSatisfy(Self.isWord)
        else { return nil }
        var commit = revision
        if let bytes = try? FileDescriptor.contents(path + "/refs/" + revision, limit: 256) {
            commit = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
        guard Self.isWord(commit) else { return nil }
        let snapshot = path + "/snapshots/" + commit
        return FileManager.default.fileExists(atPath: snapshot) ? snapshot : nil
    }

    /// The snapshot that the folder itself stands for, the one of `main` or the only one, and a word on it.
    ///
    /// Throws `missingInput` when there is none, or several of which none is meant.
    package func standing() throws -> (path: String, notice: String) {
        let (main, commits) = (snapshot("main"), commits)
        let hasMain = FileDescriptor.isEntry(path + "/refs/main")
        if let found = main ?? (hasMain || commits.count != 1 ? nil : path + "/snapshots/" + commits[0]) {
            let reason = main == nil ? "the only one" : "that of refs/main"
            return (
                found,
                "\(path.shown) is a folder of the Hugging Face cache: its snapshot \(FilePath(found).name.shown) was "
                    + "read, \(reason)"
            )
        }
        guard !commits.isEmpty else {
            throw DPPAError(
                .missingInput, "\(path.shown) is a folder of the Hugging Face cache without a snapshot",
                notes: ["the download was not finished: download it again"])
        }
        let fault = hasMain ? "refs/main names a snapshot that is not there" : "no refs/main tells which is meant"
        throw DPPAError(
            .missingInput,
            "\(path.shown) is a folder of the Hugging Face cache with \(Phrase.counted(commits.count, "snapshot")), "
                + "and \(fault): \(Phrase.list(commits.map(\.shown), limit: 16))",
            notes: ["name one: \(path.shown)/snapshots/\(commits[0].shown)"])
    }

    /// Letters, digits, `-`, `_` and `.`, which does not come first: such a word names nothing but itself in a folder.
    package static func isWord(_ text: String) -> Bool {
        !text.isEmpty && !text.hasPrefix(".") && text.utf8.count <= 128
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
                case UInt8(ascii: "a")...UInt8(ascii: "z"): true
                case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
                default: false
                }
            }
    }
}
