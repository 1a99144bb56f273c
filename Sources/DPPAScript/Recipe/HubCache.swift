import Foundation

/// The local Hugging Face cache: models that were downloaded, by name.
package struct HubCache {
    /// The folder with `models--org--name`.
    private let folder: String

    /// The cache that the environment names, by the rules of huggingface_hub.
    package init(_ environment: [String: String]) {
        func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let caches = variable("XDG_CACHE_HOME") ?? (environment["HOME"] ?? "") + "/.cache"
        folder = variable("HF_HUB_CACHE") ?? (variable("HF_HOME") ?? caches + "/huggingface") + "/hub"
    }

    /// The files of `org/name` or `org/name@revision`: a branch, a tag or a commit; without one, `main`.
    package func snapshot(_ name: String) -> String? {
        guard let model = Model(name) else { return nil }
        let place = folder + "/" + model.folder
        var commit = model.revision
        if let data = FileManager.default.contents(atPath: place + "/refs/" + (model.revision ?? "main")),
            data.count < 256
        {
            commit = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
        guard let commit, Model.isWord(commit) else { return nil }
        let snapshot = place + "/snapshots/" + commit
        return FileManager.default.fileExists(atPath: snapshot) ? snapshot : nil
    }

    /// What helps when a model of this name is not there; nothing for what is no such name.
    package func advice(_ name: String) -> [String] {
        guard let model = Model(name), !FileManager.default.fileExists(atPath: model.organisation) else { return [] }
        let snapshots = entries(folder + "/" + model.folder + "/snapshots")
        if !snapshots.isEmpty {
            let first = "\(model.organisation)/\(model.name)@\(snapshots[0])"
            return ["the Hugging Face cache has other revisions of it: write \(first)"]
                + (snapshots.count > 1 ? ["there are \(snapshots.joined(separator: ", "))"] : [])
        }
        let known = entries(folder).filter { $0.hasPrefix("models--") }.map {
            String($0.dropFirst(8).replacing("--", with: "/", maxReplacements: 1))
        }
        let near = Suggestions.nearest(to: "\(model.organisation)/\(model.name)", among: known)
        return (near.isEmpty ? [] : ["did you mean \(Suggestions.list(near))?"]) + [
            "it is not in the Hugging Face cache: hf download \(model.organisation)/\(model.name)"
                + (model.revision.map { " --revision \($0)" } ?? "")
        ]
    }

    private func entries(_ folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }

    /// `org/name@revision`, taken apart.
    private struct Model {
        var organisation: String
        var name: String
        var revision: String?

        var folder: String { "models--\(organisation)--\(name)" }

        /// Nil when it is no such name.
        init?(_ text: String) {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else { return nil }
            let words = parts[1].split(separator: "@", omittingEmptySubsequences: false).map(String.init)
            guard words.count <= 2, ([parts[0]] + words).allSatisfy(Self.isWord) else { return nil }
            (organisation, name, revision) = (parts[0], words[0], words.count == 2 ? words[1] : nil)
        }

        /// Letters, digits, `-`, `_` and `.`, which does not come first: such a word names nothing but itself in a folder.
        static func isWord(_ text: String) -> Bool {
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
}
