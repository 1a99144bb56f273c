import DPPA
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
        return CacheFolder(at: folder + "/" + model.folder).snapshot(model.revision ?? "main")
    }

    /// What helps when a model of this name is not there; nothing for what is no such name.
    package func advice(_ name: String) -> [String] {
        guard let model = Model(name), !FileManager.default.fileExists(atPath: model.organisation) else { return [] }
        let snapshots = CacheFolder(at: folder + "/" + model.folder).commits
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
            let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let names = parts[0].split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            // A branch may have slashes, such as refs/pr/1.
            let revision = parts.dropFirst().first
            let words = revision?.split(separator: "/", omittingEmptySubsequences: false).map(String.init) ?? []
            guard names.count == 2, (names + words).allSatisfy(CacheFolder.isWord) else { return nil }
            (organisation, name, self.revision) = (names[0], names[1], revision)
        }
    }
}
