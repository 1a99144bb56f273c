/// The parts that a model has: its stacks with their last layers, and its modules outside the stacks.
///
/// A part that a model does not have at all was dropped or never there; a tensor that is missing inside a part that it has is
/// a difference of architecture. Wrappers before the names do not count.
struct ModelParts {
    private var lastLayers: [String: Int] = [:]
    private var modules: Set<String> = []
    private let layerCount: Int?

    /// The parts of tensors by name; layers from `layerCount` on are beyond the blocks, such as heads that predict further
    /// tokens.
    init(_ names: some Sequence<String>, layerCount: Int? = nil) {
        self.layerCount = layerCount
        for facts in TensorNaming.facts(names.map { (NameMatching.core($0), []) }) {
            if let stack = facts.stack, let layer = facts.layer {
                lastLayers[stack] = max(lastLayers[stack] ?? 0, layer)
            } else {
                modules.insert(Self.first(facts.name))
            }
        }
    }

    /// Whether the model has the part that a tensor is in.
    func hasPart(of tensor: TensorFacts) -> Bool {
        let core = NameMatching.core(tensor.name)
        if let facts = TensorNaming.facts([(core, tensor.shape)]).first, let stack = facts.stack,
            let layer = facts.layer
        {
            guard let last = lastLayers[stack] else { return false }
            return layer <= last || layer < layerCount ?? .max
        }
        // The embedding, the last norm and the head are parts of every language model.
        let isBasic = ["embedding", "norm", "head", "bias"].contains(tensor.role)
        return isBasic && core.split(separator: ".").count <= 2 || modules.contains(Self.first(core))
    }

    private static func first(_ core: String) -> String { String(core.split(separator: ".").first ?? "") }
}

extension OpenModel {
    /// How many blocks its config.json says that it has.
    package var layerCount: Int? {
        guard let config = config.flatMap(ConfigText.object) else { return nil }
        let places = [config] + ["text_config", "language_config"].compactMap { config[$0]?.object }
        for key in ["num_hidden_layers", "n_layer", "num_layers", "n_layers"] {
            for place in places { if let count = place[key]?.int { return count } }
        }
        return nil
    }
}
