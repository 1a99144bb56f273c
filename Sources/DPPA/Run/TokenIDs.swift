import DPPACheckpoint
import DPPASupport

/// The tokens that config.json and generation_config.json name by number: they follow the tokenizer.
enum TokenIDs {
    private static let keys = ["bos_token_id", "eos_token_id", "pad_token_id"]

    /// The text of a config.json with the ids of the model whose tokenizer is written.
    static func follow(_ config: String, _ tokenizer: OpenModel, _ notices: inout [String]) throws -> String {
        guard let theirs = tokenizer.config.flatMap(ConfigText.object), let ours = ConfigText.object(config) else {
            return config
        }
        var text = config
        for key in keys {
            let (new, old) = (ids(theirs[key]), ids(ours[key]))
            guard !new.isEmpty, new != old else { continue }
            notices.append(
                "warning: \(key) of config.json became \(shown(new)) with the tokenizer of \(tokenizer.label); it was "
                    + (old.isEmpty ? "not there" : shown(old)))
            text = try ConfigText.setting(text, [key], to: shown(new))
        }
        return text
    }

    /// The text of a generation_config.json that stops where tokenizer and chat template end a text; nil where nothing needs
    /// to change.
    static func stops(
        generation: String?, config: String?, tokenizer: OpenModel, template: OpenModel, _ notices: inout [String]
    ) throws -> String? {
        let facts = TokenizerFacts(tokenizer)
        let settings = generation.flatMap(ConfigText.object)
        // What is no JSON cannot be mended; a reader says so.
        if generation != nil, settings == nil { return nil }
        let model = config.flatMap(ConfigText.object) ?? JSONObject()
        let held = ids(settings?["eos_token_id"] ?? model["eos_token_id"])
        var missing: [Int] = []
        if let id = facts.endID, !held.contains(id) { missing.append(id) }
        if template.path != tokenizer.path {
            // Its own files say ids of its own, whatever its rows are now.
            let theirs = TokenizerFacts(ownFilesOf: template)
            let generation = try Sidecars.object(template, "generation_config.json")["eos_token_id"]
            let declared = ids(template.config.flatMap(ConfigText.object)?["eos_token_id"])
            let stops =
                generation.map { ids($0).compactMap(theirs.text) }
                ?? declared.compactMap(TokenizerFacts(template).text)
            for word in Set(stops + [theirs.end].compactMap { $0 }).sorted() {
                guard let id = facts.added[word] else {
                    notices.append(
                        "warning: the chat template of \(template.label) ends a turn with \(word.shown), which the tokenizer "
                            + "of \(tokenizer.label) does not have")
                    continue
                }
                if !held.contains(id), !missing.contains(id) { missing.append(id) }
            }
        }
        guard !missing.isEmpty else { return nil }
        notices.append(
            "warning: eos_token_id of generation_config.json became \(shown(held + missing)): "
                + Phrase.list(missing.map { "\($0) (\((facts.text($0) ?? "?").shown))" }) + " ends a text of this model"
        )
        var text = generation ?? "{}"
        if generation == nil {
            for key in keys where !ids(model[key]).isEmpty {
                text = try ConfigText.setting(text, [key], to: shown(ids(model[key])))
            }
        }
        return try ConfigText.setting(text, ["eos_token_id"], to: shown(held + missing))
    }

    /// One id or a list of them.
    private static func ids(_ value: JSONValue?) -> [Int] {
        value?.int.map { [$0] } ?? value?.array?.compactMap(\.int) ?? []
    }

    private static func shown(_ ids: [Int]) -> String { ids.count == 1 ? String(ids[0]) : "\(ids)" }
}
