extension OpenModel {
    /// The model under other names of its tensors, which `name` gives, another one for each.
    ///
    /// It is a part of something larger, so it has no config.json.
    package func renaming(identity: String, _ name: (String) -> String) -> OpenModel {
        let named = tensors.map { (name: name($0.facts.name), tensor: $0) }
        let facts = TensorNaming.facts(named.map { ($0.name, $0.tensor.facts.shape) })
        let renamed = zip(facts, named).map { facts, old in
            var facts = facts
            facts.depth = old.tensor.facts.depth
            return Tensor(facts: facts, source: old.tensor.source)
        }
        return replacing(renamed, identity: identity, config: .some(nil), stamps: [])
    }
}
