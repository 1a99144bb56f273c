import DPPASupport

extension OpenModel {
    /// The model with an adapter, or another delta, on it: W + ΔW in float32, rounded when it is written; or, where a pack was made
    /// whole with it, that model.
    ///
    /// Throws `data` when `adapter` is a whole model of its own.
    package func adding(_ adapter: OpenModel, label: String) throws -> OpenModel {
        if adapter.identity == packedIdentity(adapter.path) {
            return adapter.replacing(adapter.tensors, identity: adapter.identity, label: label, stamps: [])
        }
        guard adapter.space == .delta else {
            throw DPPAError(
                .data, "\(adapter.path.shown) is a whole model, which cannot stand behind +",
                notes: ["base+adapter and base+pack put what was made onto a base on it; to combine models, merge them"]
            )
        }
        let changed = tensors.map { tensor in
            guard let delta = adapter.source(tensor.facts.name) else { return tensor }
            return Tensor(facts: tensor.facts, source: SumSource.sum(tensor.source, delta))
        }
        return replacing(
            changed, identity: identity + " + " + adapter.identity, label: label, stamps: [adapter.stamp])
    }
}
