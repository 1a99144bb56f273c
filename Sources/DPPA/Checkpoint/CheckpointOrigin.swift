import Foundation

/// Where a checkpoint comes from, as far as its place on the disk and its own files tell.
public struct CheckpointOrigin: Sendable, Equatable {
    /// A licence as model hubs name it.
    public struct Licence: Sendable, Equatable {
        /// The identifier, such as `apache-2.0`, or `other`.
        public var identifier: String
        /// The name and the address of one that is `other`.
        public var name, link: String?

        /// A licence, all given.
        public init(identifier: String, name: String? = nil, link: String? = nil) {
            self.identifier = identifier
            self.name = name
            self.link = link
        }
    }

    /// The repository on the hub, `org/name`, and the commit: known for a model in the Hugging Face cache.
    public internal(set) var repository, revision: String?
    /// The models on the hub that it says it was made from.
    public internal(set) var ancestors: [String] = []
    /// The licence of its card.
    public internal(set) var licence: Licence?
    /// The languages and data sets of its card.
    public internal(set) var languages, datasets: [String]
    /// The SHA-256 of its weight files by name, where the cache gives it.
    public internal(set) var checksums: [String: String] = [:]

    /// Nothing known but what is given.
    public init(
        repository: String? = nil, revision: String? = nil, licence: Licence? = nil, languages: [String] = [],
        datasets: [String] = []
    ) {
        self.repository = repository
        self.revision = revision
        self.licence = licence
        self.languages = languages
        self.datasets = datasets
    }
}

extension OpenModel {
    /// Where it comes from: its place in a cache, the front matter of its README.md, and config.json.
    public var origin: CheckpointOrigin {
        var origin = CheckpointOrigin()
        (origin.repository, origin.revision) = Self.cached(path) ?? (nil, nil)
        let card = FrontMatter(path: path + "/README.md")
        if let identifier = card["license"].first {
            origin.licence = CheckpointOrigin.Licence(
                identifier: identifier, name: card["license_name"].first, link: card["license_link"].first)
        }
        origin.languages = card["language"]
        origin.datasets = card["datasets"]
        let name = config.flatMap(ConfigText.object)?["_name_or_path"]?.string
        // A fine-tune's config names what it was loaded from, as its card does.
        for ancestor in card["base_model"] + [name].compactMap({ $0 }) where Self.isRepository(ancestor) {
            if ancestor != origin.repository, !origin.ancestors.contains(ancestor) { origin.ancestors.append(ancestor) }
        }
        for file in weightFiles {
            guard
                let blob = try? FileManager.default.destinationOfSymbolicLink(atPath: file).split(separator: "/").last,
                blob.utf8.count == 64, blob.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
            else { continue }
            // The cache names a large file by its SHA-256.
            origin.checksums[file.split(separator: "/").last.map(String.init) ?? file] = String(blob)
        }
        return origin
    }

    /// Repository and commit of a path such as `…/models--org--name/snapshots/COMMIT`.
    private static func cached(_ path: String) -> (String?, String?)? {
        for path in [path, URL(fileURLWithPath: path).resolvingSymlinksInPath().path] {
            let parts = path.split(separator: "/")
            guard let place = parts.lastIndex(of: "snapshots"), place > 0, place + 1 < parts.count else { continue }
            let folder = parts[place - 1]
            guard folder.hasPrefix("models--") else { continue }
            let repository = folder.dropFirst(8).split(separator: "--", omittingEmptySubsequences: false)
            guard (1...2).contains(repository.count) else { continue }
            return (repository.joined(separator: "/"), String(parts[place + 1]))
        }
        return nil
    }

    /// Whether a text can be the name of a repository on the hub, and is no folder of somebody's disk.
    static func isRepository(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, text.utf8.count <= 96 else { return false }
        let isWord = parts.allSatisfy { part in
            guard let first = part.first, first.isASCII, first.isLetter || first.isNumber else { return false }
            return part.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
        }
        let folders: Set<String> = [
            "models", "model", "output", "outputs", "out", "results", "checkpoints", "ckpt", "ckpts", "runs", "tmp",
            "data",
            "weights", "saved", "saves", "merged", "experiments", "work", "home", "mnt",
        ]
        return isWord && !folders.contains(parts[0].lowercased()) && !parts[1].hasPrefix("checkpoint-")
    }
}
