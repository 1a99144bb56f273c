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
    private let hubCache: String
    /// What the run writes, which may be nothing that it reads.
    private let outputs: OutputPaths

    package enum Kind { case model, file }

    /// A path that was found, with the label that it gets.
    package struct Place {
        package var path: String
        package var label: String
    }

    package init(
        recipeFolder: String, granted: Set<String>, roots: [String], hubCache: String,
        outputs: OutputPaths = OutputPaths()
    ) {
        self.recipeFolder = recipeFolder
        self.granted = granted
        self.roots = roots
        self.hubCache = hubCache
        self.outputs = outputs
    }

    /// The Hugging Face cache that the environment names.
    package static func hubCache(_ environment: [String: String]) -> String {
        if let cache = environment["HF_HUB_CACHE"] { return cache }
        let home = environment["HF_HOME"] ?? (environment["HOME"] ?? "") + "/.cache/huggingface"
        return home + "/hub"
    }

    /// Finds what a recipe names.
    ///
    /// `label=path` gives the label. Throws when it is nowhere, where it must not be, or where the run writes.
    package func resolve(_ written: String, for kind: Kind) throws -> Place {
        let place = try find(written, for: kind)
        try outputs.requireApart(from: place.path)
        return place
    }

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
        let place = { (found: String) in Place(path: found, label: label ?? PathRules.lastComponent(path)) }
        var looked: [String] = []
        if isGranted {
            let expanded = FilePath(path).expandingTilde.string
            if FileManager.default.fileExists(atPath: expanded) { return place(expanded) }
            looked.append(expanded)
        }
        var escaped: String?
        for root in [recipeFolder] + roots {
            switch find(path, under: root) {
            case .found(let found): return place(found)
            case .outside: escaped = escaped ?? root
            case .absent: looked.append(root + "/" + path)
            }
        }
        if let snapshot = hubSnapshot(path) { return place(snapshot) }
        if let escaped, !isGranted {
            throw DPPAError(
                .data, "'\(path)' leads out of \(escaped)",
                notes: [
                    "a recipe may only name what lies in its own folder",
                    "allow another folder with --models DIR, or give the path yourself with --set",
                ])
        }
        var near = ([recipeFolder] + roots).flatMap { PathSuggestions.near(path, under: $0) }
        if isGranted {
            let isAbsolute = path.hasPrefix("/")
            near += PathSuggestions.near(path, under: isAbsolute ? "/" : ".", isGranted: true)
                .map { isAbsolute ? "/" + $0 : $0 }
        }
        var notes = near.isEmpty ? [] : ["did you mean \(Suggestions.list(Array(near.prefix(3))))?"]
        notes.append("looked for \(looked.joined(separator: ", "))")
        if kind == .model {
            if near.isEmpty, let download = PathSuggestions.download(path) { notes.append(download) }
            notes.append("add a folder of models with --models DIR")
        }
        throw DPPAError(.missingInput, "there is no \(kind == .model ? "model" : "file") '\(path)'", notes: notes)
    }

    private enum Search { case found(String), outside, absent }

    private func find(_ path: String, under root: String) -> Search {
        // Judged by its spelling first, so that an answer never tells whether something outside exists.
        var depth = 0
        for part in path.split(separator: "/") where part != "." {
            depth += part == ".." ? -1 : 1
            if depth < 0 { return .outside }
        }
        guard !path.hasPrefix("/"), !path.hasPrefix("~") else { return .outside }
        let candidate = root + "/" + path
        guard let real = FilePath(candidate).real, let realRoot = FilePath(root).real else { return .absent }
        return realRoot.holds(real) ? .found(candidate) : .outside
    }

    private func hubSnapshot(_ name: String) -> String? {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else { return nil }
        let folder = hubCache + "/models--\(parts[0])--\(parts[1])"
        guard let data = FileManager.default.contents(atPath: folder + "/refs/main"), data.count < 256 else {
            return nil
        }
        let revision = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard !revision.contains("/"), !revision.hasPrefix(".") else { return nil }
        let snapshot = folder + "/snapshots/" + revision
        return FileManager.default.fileExists(atPath: snapshot) ? snapshot : nil
    }

    /// The label of a model that is given none.
    private static func lastComponent(_ path: String) -> String {
        guard let last = FilePath(path).lastComponent else { return path }
        return last.extension == "safetensors" ? last.stem : last.string
    }
}
