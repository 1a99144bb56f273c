import DPPA
import Foundation
import SystemPackage

/// Where a path of a recipe may lead.
///
/// A path written in a recipe is resolved beside the recipe and must stay in its folder; one that the person at the
/// keyboard gives may be anywhere. `--models` adds roots, and `org/name` is looked up in the local Hugging Face cache.
/// Containment is judged, after symbolic links, against the root under which the path was found.
package struct PathRules {
    private let recipeFolder: String
    private let granted: Set<String>
    private let roots: [String]
    private let hub: HubCache
    /// What the run writes, which may be nothing that it reads.
    private let outputs: OutputPaths

    package enum Kind { case model, file }

    /// A path that was found, with the label that it gets, and what it was taken for where it is another one.
    package struct Place {
        package var path: String
        package var label: String
        package var notices: [String] = []
    }

    package init(
        recipeFolder: String, granted: Set<String>, roots: [String], hub: HubCache,
        outputs: OutputPaths = OutputPaths()
    ) {
        self.recipeFolder = recipeFolder
        self.granted = granted
        self.roots = roots
        self.hub = hub
        self.outputs = outputs
    }

    /// Finds what a recipe names.
    ///
    /// `label=path` gives the label. Throws when it is nowhere, where it must not be, or where the run writes.
    package func resolve(_ written: String, for kind: Kind) throws -> Place {
        let place = try find(written, for: kind)
        try outputs.requireApart(from: place.path)
        return place
    }

    /// Throws when the run writes where an input is that was found by another one, such as the questions of a task.
    package func requireApart(from path: String) throws { try outputs.requireApart(from: path) }

    private func find(_ written: String, for kind: Kind) throws -> Place {
        let isGranted = granted.contains(written)
        var (label, path) = (String?.none, written)
        if let equals = written.firstIndex(of: "="), equals != written.startIndex {
            let name = written[..<equals]
            if name.allSatisfy({ $0.isLetter || $0.isNumber || "-_. ".contains($0) }) {
                label = String(name)
                path = String(written[written.index(after: equals)...])
            }
        }
        guard !path.isEmpty, !path.contains("\0") else { throw DPPAError(.data, "a model's path is empty") }
        func place(_ found: String, _ notices: [String] = []) -> Place {
            Place(path: found, label: label ?? PathRules.lastComponent(path), notices: notices)
        }
        var looked: [String] = []
        if isGranted {
            let expanded = FilePath(path).expandingTilde.string
            if let found = try standing(expanded) { return place(found.path, found.notices) }
            if let error = FileDescriptor.dangling(expanded) { throw error }
            looked.append(expanded)
        }
        var escaped: String?
        for root in [recipeFolder] + roots {
            switch try find(path, under: root) {
            case .found(let found, let notices): return place(found, notices)
            case .outside: escaped = escaped ?? root
            case .absent: looked.append(root + "/" + path)
            }
        }
        if let snapshot = hub.snapshot(path) { return place(snapshot) }
        if let escaped, !isGranted {
            throw DPPAError(
                .data, "'\(path)' leads out of \(escaped)",
                notes: [
                    "a recipe may only name what lies in its own folder",
                    "allow another folder with --models DIR, or give the path yourself with --set",
                ])
        }
        let near = near(path, isGranted: isGranted)
        throw DPPAError(
            .missingInput, "there is no \(kind == .model ? "model" : "file") '\(path)'",
            notes: near
                + ["looked for \(looked.joined(separator: ", "))", "add a folder of models with --models DIR"]
                + (kind == .model && near.isEmpty ? hub.advice(path) : []))
    }

    /// What the path may be meant to be, among what the recipe may read.
    private func near(_ path: String, isGranted: Bool) -> [String] {
        var found = ([recipeFolder] + roots).flatMap { PathSuggestions.near(path, under: $0) }
        if isGranted { found += PathSuggestions.near(given: path) }
        return found.isEmpty ? [] : ["did you mean \(Suggestions.list(Array(found.prefix(3))))?"]
    }

    private enum Search { case found(String, notices: [String]), outside, absent }

    /// What is at a path; of a model's folder in the Hugging Face cache, the snapshot that it stands for.
    private func standing(_ path: String) throws -> (path: String, notices: [String])? {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return nil }
        return isFolder.boolValue ? try ModelPlace.standing(path) : (path, [])
    }

    private func find(_ path: String, under root: String) throws -> Search {
        // Judged by its spelling first, so that an answer never tells whether something outside exists.
        var depth = 0
        for part in path.split(separator: "/") where part != "." {
            depth += part == ".." ? -1 : 1
            if depth < 0 { return .outside }
        }
        guard !path.hasPrefix("/"), !path.hasPrefix("~") else { return .outside }
        let candidate = root + "/" + path
        guard let real = FilePath(candidate).real, let realRoot = FilePath(root).real else { return .absent }
        guard realRoot.holds(real) else { return .outside }
        // What a folder of a cache holds may lead out again, and its names are nobody's business.
        if let snapshots = FilePath(candidate + "/snapshots").real, !realRoot.holds(snapshots),
            CacheFolder(found: candidate) != nil
        {
            return .outside
        }
        guard let found = try standing(candidate), let place = FilePath(found.path).real else { return .absent }
        return realRoot.holds(place) ? .found(found.path, notices: found.notices) : .outside
    }

    /// The label of a model that is given none.
    private static func lastComponent(_ path: String) -> String {
        guard let last = FilePath(path).lastComponent else { return path }
        return last.extension.map(ModelFormats.knows) == true ? last.stem : last.string
    }
}
