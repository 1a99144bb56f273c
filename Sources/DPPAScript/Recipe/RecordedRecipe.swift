import DPPA
import Foundation
import SystemPackage

/// A recipe that stands with what it needs: of a written model the files beside the weights, or, as of a lock, a bundle and a model
/// card, the texts in it.
package struct RecordedRecipe {
    /// The recipe's file, which for a lock, a bundle or a card is not there.
    package let path: String
    /// What stands in the place of files, by path; for a model's folder that has its recipe's files nothing.
    let texts: [String: String]
    /// The JSON files that it reads, by the paths that it has for them; of a bundle alone.
    let tables: [String: String]
    /// The lock; nil where there is none.
    package let lock: RecipeLock?
    /// The name of the file that the recipe was run from.
    package let name: String

    /// The recipe of a model's folder, of a lock, a bundle or a card; nil for what is none of them.
    ///
    /// Throws `missingInput` when the folder or the card has no recipe, and `data` when the lock or the bundle cannot be read.
    package init?(_ place: String) throws {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: place, isDirectory: &isDirectory) else { return nil }
        let folder = isDirectory.boolValue ? FilePath(place) : FilePath(place).folder
        if isDirectory.boolValue {
            let file = place + "/" + RecipeLock.fileName
            let lock = FileManager.default.fileExists(atPath: file) ? try RecipeLock(reading: file) : nil
            let path = folder.appending("recipe.lua").string
            if FileManager.default.fileExists(atPath: path) {
                self.init(path: path, name: lock?.name ?? "recipe.lua", lock: lock)
                return
            }
            guard let lock else { throw Self.absence(place) }
            self.init(path: path, lock: lock)
        } else if RecipeBundle.isBundle(place) {
            let bundle = try RecipeBundle(reading: place)
            let path = folder.appending(bundle.name).string
            self.init(
                path: path, name: bundle.name,
                lock: try bundle.lock.map { try RecipeLock(Array($0.utf8), file: place) },
                texts: Self.texts(bundle.text, bundle.modules, at: path), tables: bundle.tables)
        } else {
            guard Self.isLock(place) || RecipeCard.isCard(place) else { return nil }
            let lock = Self.isLock(place) ? try RecipeLock(reading: place) : try RecipeCard.lock(reading: place)
            self.init(path: folder.appending("recipe.lua").string, lock: lock)
        }
    }

    private init(path: String, lock: RecipeLock) {
        self.init(path: path, name: lock.name, lock: lock, texts: Self.texts(lock.text, lock.modules, at: path))
    }

    private init(
        path: String, name: String, lock: RecipeLock?, texts: [String: String] = [:], tables: [String: String] = [:]
    ) {
        (self.path, self.name, self.lock, self.texts, self.tables) = (path, name, lock, texts, tables)
    }

    /// A recipe's text and those of its modules, by the paths that their files would have.
    private static func texts(_ text: String, _ modules: [String: String], at path: String) -> [String: String] {
        let folder = FilePath(path).folder
        let modules = modules.map { (folder.appending("lib/\($0.key).lua").string, $0.value) }
        return Dictionary(modules + [(path, text)], uniquingKeysWith: { first, _ in first })
    }

    /// That a folder tells no recipe, with what it has instead.
    package static func absence(_ place: String) -> DPPAError {
        let others = ((try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []).sorted()
        let recipes = others.filter { $0.hasSuffix(".lua") && !$0.hasPrefix(".") }
        return DPPAError(
            .missingInput, "\(place) is a folder and has no recipe.lua and no \(RecipeLock.fileName)",
            notes: recipes.isEmpty
                ? ["name a recipe, or a model that dppa-run has written"]
                : ["it holds \(recipes.map(\.shown).joined(separator: ", "))"])
    }

    /// Whether a file is a lock by its name.
    package static func isLock(_ path: String) -> Bool { path.hasSuffix(".lock.json") }

    /// What a person is told before it runs: which recipe it is, and with which options.
    package func announcement(of place: String) -> String {
        let given = options.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return "note: \(place) holds the recipe \(name.shown)"
            + (given.isEmpty ? "" : ", which was run with \(given.map(\.shown).joined(separator: " "))")
    }

    /// The options as they were given, as `--set` has them.
    package var options: [String: String] {
        Dictionary(RecipeLock.settings(lock?.options ?? []), uniquingKeysWith: { first, _ in first })
    }

    /// An error of a run, with the models that the recipe was run with when one of them is not found.
    func explained(_ error: DPPAError) -> DPPAError {
        guard error.code == .missingInput, let models = lock?.models, !models.isEmpty else { return error }
        var error = error
        let names = models.map { model in
            let name = model.label == model.name ? model.name : "\(model.label) (\(model.name))"
            return name + (model.revision.map { " at \($0)" } ?? "")
        }
        error.notes += [
            "the recipe was run with the models \(names.joined(separator: ", "))",
            "give their paths with --set, or the folder that has them with --models",
        ]
        return error
    }

    /// Models that are not what they were when the recipe was run, a warning each.
    func differences(_ found: [RunRecord.Model]) -> [String] {
        (lock?.models ?? []).compactMap { model in
            guard let digest = model.sampledDigest, let now = found.first(where: { $0.label == model.label })?.digest,
                now != digest
            else { return nil }
            return
                "warning: \(model.label) is another model than the recipe was run with: its sampled digest is \(now), "
                + "it was \(digest)"
        }
    }
}
