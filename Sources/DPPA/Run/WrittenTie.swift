import DPPACheckpoint
import DPPASupport

/// Whether the head of a written model is its embedding, in config.json and in the weights.
struct WrittenTie {
    /// The places of the key in config.json that are there; its top where there is none.
    private let places: [[String]]
    private let declared: Bool?
    /// The names of embedding and head where both are written.
    private let pair: (embedding: String, head: String)?
    /// The head that the model of config.json has and that is not written.
    private let missingHead: String?
    private let firstIsTied: Bool

    /// What config.json says beside the tensors of a result; `source` is the model that it comes from, `first` the one that
    /// the expression starts from.
    init(config: String, source: OpenModel, first: OpenModel, _ tensors: [TensorFacts]) {
        let object = ConfigText.object(config) ?? JSONObject()
        let inner = ["text_config", "language_config"].filter { object[$0]?[TiedHead.key] != nil }
        places = (object[TiedHead.key] != nil ? [[TiedHead.key]] : []) + inner.map { [$0, TiedHead.key] }
        declared = TiedHead.declared(object)
        firstIsTied = first.config.flatMap(ConfigText.object)?[TiedHead.key]?.bool == true
        func head(_ facts: [TensorFacts]) -> TensorFacts? {
            facts.first { $0.name.hasSuffix("lm_head.weight") || $0.name.hasSuffix("embed_out.weight") }
        }
        let sourceHead = head(source.tensors.map(\.facts))
        let written = head(tensors)
        missingHead = written == nil ? sourceHead?.name : nil
        let embedding = written.flatMap { head in
            tensors.first { $0.role == "embedding" && $0.shape == head.shape }
        }
        // Without the key the family decides; a model that stores its head is read with it.
        let isImplied = declared == nil && sourceHead == nil
        if let written, let embedding, declared == true || isImplied {
            pair = (embedding.name, written.name)
        } else {
            pair = nil
        }
    }

    /// The text of config.json where the head that it calls for is not written.
    func fit(_ config: String, _ notices: inout [String]) throws -> String {
        guard declared != true, let missingHead else { return config }
        guard firstIsTied else {
            notices.append("warning: the result has no \(missingHead), which its config.json calls for")
            return config
        }
        notices.append("warning: \(TiedHead.key) of config.json became true: the result has no \(missingHead)")
        return try set(config, true)
    }

    /// The text of config.json once the weights are written: a head that differs from the embedding is not tied to it.
    func settle(_ config: String, _ written: @autoclosure () throws -> OpenModel, _ notices: inout [String]) throws
        -> String
    {
        guard let pair else { return config }
        let written = try written()
        guard let head = written[pair.head]?.source, let embedding = written[pair.embedding]?.source,
            try !head.hasBytes(of: embedding)
        else { return config }
        notices.append(
            "warning: \(TiedHead.key) of config.json became false: \(pair.head) differs from \(pair.embedding)")
        return try set(config, false)
    }

    private func set(_ config: String, _ flag: Bool) throws -> String {
        var text = config
        for place in places.isEmpty ? [[TiedHead.key]] : places {
            text = try ConfigText.setting(text, place, to: String(flag))
        }
        return text
    }
}
