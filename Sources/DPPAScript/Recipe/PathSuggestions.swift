import DPPA
import Foundation

/// What a path that is not there was probably meant to be.
package enum PathSuggestions {
    /// "did you mean …?" for a path that the person at the keyboard gives, or nothing.
    package static func sentence(_ path: String) -> String {
        let near = near(given: path)
        return near.isEmpty ? "" : "did you mean \(Suggestions.list(Array(near.prefix(3))))?"
    }

    /// Paths like one that the person at the keyboard gives, which may be anywhere.
    static func near(given path: String) -> [String] {
        let isAbsolute = path.hasPrefix("/")
        return near(path, under: isAbsolute ? "/" : ".", isGranted: true).map { isAbsolute ? "/" + $0 : $0 }
    }

    /// Paths like `path` that are there, below a folder and, unless the person at the keyboard gave the path, never outside it.
    ///
    /// The first part that is not there is looked for among its neighbours.
    static func near(_ path: String, under root: String, isGranted: Bool = false) -> [String] {
        let parts = path.split(separator: "/").filter { $0 != "." }.map(String.init)
        guard isGranted || !(parts.contains("..") || path.hasPrefix("/")), let top = isGranted ? "/" : real(root) else {
            return []
        }
        var walked: [String] = []
        for (index, part) in parts.enumerated() {
            let folder = ([root] + walked).joined(separator: "/")
            guard isInside(folder, top) else { return [] }
            if FileManager.default.fileExists(atPath: folder + "/" + part) {
                walked.append(part)
                continue
            }
            return neighbours(of: part, in: folder).map { name in
                let found = (walked + [name]).joined(separator: "/")
                let rest = parts[(index + 1)...].joined(separator: "/")
                guard !rest.isEmpty, isInside(folder + "/" + name, top) else { return found }
                // Where nothing is like the rest, the folder alone is what there is to say.
                return near(rest, under: folder + "/" + name, isGranted: isGranted).first.map { found + "/" + $0 }
                    ?? found
            }
        }
        let whole = walked.joined(separator: "/")
        return isInside(root + "/" + whole, top) ? [whole] : []
    }

    private static func neighbours(of word: String, in folder: String) -> [String] {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { !$0.hasPrefix(".") }
        let alike = names.filter { $0.lowercased() == word.lowercased() || $0.hasPrefix(word + ".") }.sorted()
        return alike.isEmpty ? Suggestions.nearest(to: word, among: names) : Array(alike.prefix(3))
    }

    private static func isInside(_ folder: String, _ top: String) -> Bool {
        real(folder).map { $0 == top || $0.hasPrefix(top == "/" ? "/" : top + "/") } ?? false
    }

    private static func real(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
