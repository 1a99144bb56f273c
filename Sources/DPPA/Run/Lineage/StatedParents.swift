import DPPACheckpoint
import DPPASupport
import Foundation

/// A parent that a model's own files name.
package struct StatedParent: Sendable, Equatable {
    /// Its name: `org/name`, or the name of a folder.
    package var name: String
    /// How the child was made of it, in the words of hubs such as `merge`, or `read` where a lock alone tells.
    package var relation: String
    /// The files that name it.
    package var sources: [String]
    /// The commit that a lock has.
    package var revision: String?
    /// The sampled digest that a lock has.
    package var digest: String?
}

/// What the files of a model's folder tell of where it comes from; weights are not looked at.
package struct StatedParents: Sendable {
    /// The parents, in the order of the files; one that several name is there once.
    package private(set) var parents: [StatedParent] = []
    /// The licence of the card, such as `apache-2.0`, with its name where it is `other`.
    package let licence: String?

    /// Reads the card, adapter_config.json and the lock of a folder.
    ///
    /// Throws `data` when one of the last two is damaged.
    package init(folder: String) throws {
        let card = FrontMatter(path: folder + "/README.md")
        licence = card["license"].first.map { identifier in
            card["license_name"].first.map { "\(identifier) (\($0))" } ?? identifier
        }
        let relation = card["base_model_relation"].first
        for key in ["base_model", "base_models", "merged_from"] {
            for name in card[key] {
                add(StatedParent(name: name, relation: relation ?? "parent", sources: ["README.md"]))
            }
        }
        let adapter = folder + "/adapter_config.json"
        if FileManager.default.fileExists(atPath: adapter) {
            let config = try JSONObject(
                FileDescriptor.contents(adapter, limit: 1 << 20), file: adapter, nonFinite: true)
            if let name = config["base_model_name_or_path"]?.string, !name.isEmpty {
                add(StatedParent(name: name, relation: "adapter", sources: ["adapter_config.json"]))
            }
        }
        let lock = folder + "/" + RecipeLock.fileName
        guard FileManager.default.fileExists(atPath: lock) else { return }
        for model in try RecipeLock(reading: lock).models {
            add(
                StatedParent(
                    name: model.repository ?? model.name, relation: "read", sources: [RecipeLock.fileName],
                    revision: model.revision, digest: model.sampledDigest))
        }
    }

    private mutating func add(_ parent: StatedParent) {
        // A lock that knows no repository has the last part of the name alone.
        let place = parents.firstIndex { $0.name == parent.name || $0.name.hasSuffix("/" + parent.name) }
        guard let place else { return parents.append(parent) }
        let sources = parent.sources.filter { !parents[place].sources.contains($0) }
        parents[place].sources += sources
        parents[place].revision = parents[place].revision ?? parent.revision
        parents[place].digest = parents[place].digest ?? parent.digest
    }
}
