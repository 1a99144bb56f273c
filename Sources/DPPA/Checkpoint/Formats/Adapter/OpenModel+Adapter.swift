import DPPASupport

extension OpenModel {
    /// The model with an adapter, or another delta, on it: W + ΔW in float32, rounded when it is written.
    ///
    /// Throws `data` when `adapter` is a whole model.
    package func adding(_ adapter: OpenModel, label: String) throws -> OpenModel {
        guard adapter.space == .delta else {
            throw DPPAError(
                .data, "\(adapter.path.shown) is a whole model, which cannot stand behind +",
                notes: ["base+adapter puts an adapter on its base; to combine models, merge them"])
        }
        let changed = tensors.map { tensor in
            guard let delta = adapter.source(tensor.facts.name) else { return tensor }
            return Tensor(facts: tensor.facts, source: SumSource.sum(tensor.source, delta))
        }
        return replacing(
            changed, identity: identity + " + " + adapter.identity, label: label, stamps: [adapter.stamp])
    }
}
