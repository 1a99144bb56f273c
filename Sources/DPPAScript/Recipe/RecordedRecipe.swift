import DPPA
import Foundation
import SystemPackage

/// The recipe that a written model was made by: of a model's folder the files beside the weights, of a lock the texts in it.
package struct RecordedRecipe {
    /// The recipe's file, which for a lock is not there.
    package let path: String
    /// What stands in the place of files, by path; for a folder nothing.
    let texts: [String: String]
    /// The lock; nil where a folder has none.
    package let lock: RecipeLock?

    /// The recipe of a model's folder, or of a lock; nil for what is neither.
    ///
    /// Throws `missingInput` when the folder has no recipe, and `data` when the lock cannot be read.
    package init?(_ place: String) throws {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: place, isDirectory: &isDirectory) else { return nil }
        guard !isDirectory.boolValue else {
            path = place + "/recipe.lua"
            guard FileManager.default.fileExists(atPath: path) else {
                throw DPPAError(
                    .missingInput, "\(place) is a folder without a recipe.lua",
                    notes: ["name a recipe, or a model that dppa-run has written"])
            }
            let file = place + "/" + RecipeLock.fileName
            lock = FileManager.default.fileExists(atPath: file) ? try RecipeLock(reading: file) : nil
            texts = [:]
            return
        }
        guard RecordedRecipe.isLock(place) else { return nil }
        let (lock, folder) = (try RecipeLock(reading: place), FilePath(place).folder)
        let path = folder.appending("recipe.lua").string
        let modules = lock.modules.map { (folder.appending("lib/\($0.key).lua").string, $0.value) }
        (self.path, self.lock) = (path, lock)
        texts = Dictionary(modules + [(path, lock.text)], uniquingKeysWith: { first, _ in first })
    }

    /// Whether a file is a lock by its name.
    package static func isLock(_ path: String) -> Bool { path.hasSuffix(".lock.json") }

    /// The options as they were given, as `--set` has them.
    package var options: [String: String] {
        (lock?.options ?? []).reduce(into: [:]) { options, member in
            options[member.name] =
                member.value.array?.map { $0.string ?? $0.text }.joined(separator: ",") ?? member.value.string
        }
    }

    /// The name of the file that the recipe was run from.
    var name: String { lock?.name ?? "recipe.lua" }

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
