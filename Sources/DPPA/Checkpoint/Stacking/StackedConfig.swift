import DPPASupport

/// config.json of a stack: the number of layers, and every key that says something of single layers.
///
/// What a layer is, it stays wherever it goes: lists go with their layers, and a number that tells layers by their place (every
/// sixth, the first three) must tell the same of the stack, or there is no config.json that is true.
struct StackedConfig {
    private let text: String
    private let owner: OpenModel

    init(_ text: String, of owner: OpenModel) { (self.text, self.owner) = (text, owner) }

    private static let counts = ["num_hidden_layers", "n_layer", "num_layers", "n_layers"]
    private static let parts = ["text_config", "language_config", "llm_config"]

    /// The text for a stack of layers.
    ///
    /// Throws `data` when a key cannot be true of it, naming the key.
    func text(_ origins: [LayerStack.Origin], of blocks: String) throws -> String {
        let config = ConfigText.object(text) ?? JSONObject()
        let path = Self.path(config)
        var result = text
        let inner = Self.part(config)
        guard let count = Self.counts.first(where: { inner[$0]?.int != nil }) else {
            throw DPPAError(
                .data,
                "config.json of \(owner.title) has no num_hidden_layers, so it cannot say how many layers a stack has")
        }
        var facts: [String: LayerFacts] = [:]
        for model in LayerStack.distinct(origins.map(\.model) + [owner]) {
            guard let object = model.config.flatMap(ConfigText.object) else { continue }
            let own = LayerFacts(
                Self.part(object), count: try LayerStack.Blocks(of: model).count, title: model.title)
            if let unknown = own.unknownLists().first {
                throw DPPAError(
                    .data,
                    "config.json of \(model.title): \(unknown.shown) has as many values as there are layers, and nothing tells "
                        + "whether it is one for each",
                    notes: ["remove the key in a copy of config.json if it says nothing of layers"])
            }
            facts[model.identity] = own
        }
        for key in LayerKey.all {
            guard let value = try value(of: key, origins, facts) else { continue }
            result = try Self.setting(result, key.name, to: value)
        }
        return try ConfigText.setting(result, path + [count], to: String(origins.count))
    }

    /// What a key has to say of the stack, as JSON; nil where it says nothing, or what it says is still true.
    private func value(
        of key: LayerKey, _ origins: [LayerStack.Origin], _ facts: [String: LayerFacts]
    ) throws -> String? {
        let each = try facts.mapValues { try $0.each(key) }
        let models = LayerStack.distinct(origins.map(\.model)).filter { facts[$0.identity] != nil }
        let speaking = models.filter { each[$0.identity] ?? nil != nil }
        guard let speaker = speaking.first else { return nil }
        guard speaking.count == models.count, let own = facts[owner.identity]?.value(key) else {
            let silent = models.first { each[$0.identity] ?? nil == nil } ?? owner
            throw DPPAError(
                .data,
                "config.json of \(speaker.title) has \(key.name), which says what single layers are; that of "
                    + "\(silent.title) has not", notes: ["a stack is of models whose layers are told in the same way"])
        }
        let stacked = origins.compactMap { each[$0.model.identity]??[$0.layer] }
        if let list = own.array, case .members = key.form {
            let members = stacked.indices.filter { stacked[$0] == "true" }
            return list.isEmpty && members.isEmpty ? nil : "[\(members.map(String.init).joined(separator: ", "))]"
        }
        switch key.form {
        case .letters: return JSONValue.quoted(stacked.joined())
        case .list: return "[\(stacked.joined(separator: ", "))]"
        case _ where own.array != nil: return "[\(stacked.joined(separator: ", "))]"
        case .prefix:
            let end = stacked.prefix { $0 == "true" }.count
            guard !stacked[end...].contains("true") else { throw untrue(key, stacked, own) }
            // Beyond the last layer any number is true: what meant all layers still does.
            return end == stacked.count && (own.int ?? 0) > end ? nil : String(end)
        default:
            let rule = LayerFacts(
                JSONObject([(key.name, own)]).merging(offset(key)), count: stacked.count, title: owner.title)
            guard try rule.each(LayerKey(key.name, key.form)) == stacked else { throw untrue(key, stacked, own) }
            return nil
        }
    }

    private func offset(_ key: LayerKey) -> JSONObject {
        guard case .period(_, let name?) = key.form, let object = ConfigText.object(text),
            let value = Self.part(object)[name]
        else { return JSONObject() }
        return JSONObject([(name, value)])
    }

    private func untrue(_ key: LayerKey, _ stacked: [String], _ own: JSONValue) -> DPPAError {
        let places = stacked.indices.filter { stacked[$0] == "true" }.map(String.init)
        let isFirst = if case .prefix = key.form { true } else { false }
        return DPPAError(
            .data,
            "\(key.name) of config.json cannot be true of this stack: it is \(own.text), "
                + (isFirst ? "the first layers, " : "a place in every so many layers, ")
                + "and in the stack it would hold for \(places.isEmpty ? "no layer" : "layers \(Phrase.list(places, limit: 12))")",
            notes: [
                "take slices that leave layers of each kind where the family expects them",
                "or write \(key.overruledBy ?? "a list for each layer") into config.json of the models, if readers of the family "
                    + "know it",
            ])
    }

    /// The object that describes the language model.
    private static func part(_ config: JSONObject) -> JSONObject {
        path(config).first.flatMap { config[$0]?.object } ?? config
    }

    private static func path(_ config: JSONObject) -> [String] {
        let inner = parts.first { config[$0]?.object != nil }
        guard let inner, let object = config[inner]?.object,
            counts.contains(where: { object[$0] != nil }) || counts.allSatisfy({ config[$0] == nil })
        else { return [] }
        return [inner]
    }

    /// The text with a key of the language model's part set, or added at the top.
    static func setting(_ text: String, _ key: String, to json: String) throws -> String {
        let config = ConfigText.object(text) ?? JSONObject()
        let inner = path(config)
        return try ConfigText.setting(text, part(config)[key] == nil ? [key] : inner + [key], to: json)
    }
}
