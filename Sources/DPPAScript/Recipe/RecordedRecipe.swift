import DPPA
import Foundation

/// The recipe that a written model was made by, as it stands beside the weights.
package struct RecordedRecipe {
    /// A model that the run had read.
    struct Model {
        var label, name: String
        var repository, revision, digest: String?
    }

    /// The recipe's file.
    package let path: String
    /// The options as they were given, as `--set` has them.
    package let options: [String: String]
    /// The dtype that was asked for.
    package let dtype: DType?
    /// The name of the file that the recipe was run from.
    let name: String
    let models: [Model]

    /// The recipe of a model's folder; nil for what is no folder.
    ///
    /// Throws `missingInput` when the folder has no recipe, and `data` when recipe.json cannot be read.
    package init?(folder: String) throws {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isDirectory), isDirectory.boolValue else {
            return nil
        }
        path = folder + "/recipe.lua"
        guard FileManager.default.fileExists(atPath: path) else {
            throw DPPAError(
                .missingInput, "\(folder) is a folder without a recipe.lua",
                notes: ["name a recipe, or a model that dppa-run has written"])
        }
        let file = folder + "/recipe.json"
        guard let data = FileManager.default.contents(atPath: file) else {
            (options, dtype, name, models) = ([:], nil, "recipe.lua", [])
            return
        }
        guard let object = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] else {
            throw DPPAError(.data, "\(file) is not a JSON object")
        }
        options = (object["options"] as? [String: Any] ?? [:]).compactMapValues { value in
            (value as? [Any])?.map { "\($0)" }.joined(separator: ",") ?? value as? String
        }
        dtype = (object["dtype"] as? String).flatMap(DType.init(userSpelling:))
        name = object["recipe"] as? String ?? "recipe.lua"
        models = (object["models"] as? [[String: Any]] ?? []).compactMap { entry in
            guard let label = entry["label"] as? String, let name = entry["name"] as? String else { return nil }
            return Model(
                label: label, name: name, repository: entry["repository"] as? String,
                revision: entry["revision"] as? String, digest: entry["sampled_digest"] as? String)
        }
    }

    /// An error of a run, with the models that the recipe was run with when one of them is not found.
    func explained(_ error: DPPAError) -> DPPAError {
        guard error.code == .missingInput, !models.isEmpty else { return error }
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
        models.compactMap { model in
            guard let digest = model.digest, let now = found.first(where: { $0.label == model.label })?.digest,
                now != digest
            else { return nil }
            return
                "warning: \(model.label) is another model than the recipe was run with: its sampled digest is \(now), "
                + "it was \(digest)"
        }
    }
}
