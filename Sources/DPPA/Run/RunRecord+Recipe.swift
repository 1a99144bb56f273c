import DPPASupport

/// The recipe of a run as files beside the model, so that `dppa-run run MODEL_DIRECTORY` can run it again.
extension RunRecord {
    /// recipe.lua, the recipe's own modules in lib/, and recipe.json with the options as given: names with their texts.
    ///
    /// `carried` are the files of the model's folder that only recipe.json tells to be its own.
    func recipeFiles(carried: [String]) -> [(name: String, text: String)] {
        [("recipe.lua", recipe.text), ("recipe.json", recordedOptions(carried))]
            + recipe.modules.map { ("lib/\($0.name).lua", $0.text) }
    }

    /// The command that runs the recipe with the same options, with models under their names.
    func command(out: String) -> String {
        let settings = options.filter { $0.given != nil }.map { option -> String in
            "--set " + Self.quoted("\(option.name)=\(shown(option.value, separator: ","))")
        }
        let type = dtype.map { ["--dtype \($0.rawValue.lowercased())"] } ?? []
        return (["dppa-run run \(Self.quoted(recipe.name))"] + settings + type + ["--out \(out)"]).joined(
            separator: " ")
    }

    /// An option's value in words: models under their names, and nothing of local folders.
    public func shown(_ value: Option.Value, separator: String = ", ") -> String {
        value.shown(separator: separator, shown)
    }

    /// A text that may be the path of a model or of a file.
    private func shown(_ text: String) -> String {
        guard let model = models.first(where: { $0.written.contains(text) }) else {
            return Option.Value.lastComponent(text)
        }
        // The label names random streams: it stays, whatever the model is called now.
        return Option.Value.lastComponent(model.name) == model.label ? model.name : "\(model.label)=\(model.name)"
    }

    /// recipe.json.
    private func recordedOptions(_ carried: [String]) -> String {
        let given = options.filter { $0.given != nil }.map { (name: $0.name, value: json($0)) }
        let models = models.map { model -> JSONValue in
            [
                "label": .string(model.label), "name": .string(model.name),
                "repository": JSONValue(model.origin.repository), "revision": JSONValue(model.origin.revision),
                "sampled_digest": JSONValue(model.digest),
                "sha256": .object(JSONObject(model.origin.checksums.map { ($0.key, .string($0.value)) })),
            ]
        }
        let files: JSONObject = carried.isEmpty ? [:] : ["carried": JSONValue(carried)]
        let record: JSONObject = [
            "dppa_run": .string(version), "recipe": .string(recipe.name), "options": .object(JSONObject(given)),
            "dtype": JSONValue(dtype?.rawValue.lowercased()), "models": .array(models),
        ]
        return JSONValue.object(record.merging(files)).lines
    }

    /// A given option: texts and lists without local folders, the rest as it was written.
    private func json(_ option: Option) -> JSONValue {
        switch option.value {
        case .text(let text): .string(shown(text))
        case .list(let values): JSONValue(values.map { shown($0) })
        default: JSONValue(option.given)
        }
    }

    /// A word of a shell command.
    private static func quoted(_ text: String) -> String {
        let isPlain =
            !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./=,:+@%".contains($0)) }
        return isPlain ? text : "'" + text.replacing("'", with: "'\\''") + "'"
    }
}
