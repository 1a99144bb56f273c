import DPPACheckpoint
import DPPAExpression
import DPPASupport

/// What has been read, by digests.
extension Engine {
    /// Makes the digests of tensors that were looked at in part alone, and shares those of all ranks.
    package func shareInputs() throws {
        guard options.digestsInputs else { return }
        try completeInputs()
        try shareDigests()
    }

    /// Shares the digests that are known.
    package func shareDigests() throws {
        guard !ranks.isAlone else { return }
        defer { (report.ranks, report.bytesExchanged) = (ranks.size, ranks.bytesReceived) }
        var message = Message()
        putDigests(into: &message)
        try ranks.exchange(message, takeDigests)
    }

    private func completeInputs() throws {
        for key in visited.sorted(by: { ($0.model, $0.tensor.index) < ($1.model, $1.tensor.index) })
        where inputs[key] == nil {
            guard let source = graph.models[key.model].source(graph.facts(key.tensor).name) else { continue }
            try inputs.read(source, key)
        }
    }

    /// The digests of the tensors that passes have gone through, by the label of their model, under the names that the graph has
    /// for them; made where the options say so.
    ///
    /// Of most they are made of the bytes as they went by. What was looked at in part alone is read here. Throws what reading
    /// throws.
    package func inputDigests() throws -> [String: [TensorDigest]] {
        guard options.digestsInputs else { return [:] }
        try completeInputs()
        var found: [String: Set<TensorDigest>] = [:]
        for (key, digest) in inputs.found {
            let (facts, model) = (graph.facts(key.tensor), graph.models[key.model])
            guard let source = model.source(facts.name) else { continue }
            // What was computed on the way is no input.
            if graph.isPart(key.model), source.bytesRead(1) == 0 { continue }
            found[model.label, default: []].insert(TensorDigest(facts: facts, dtype: source.dtype, digest: digest))
        }
        return found.mapValues { $0.sorted() }
    }

    /// What the elements of a model's tensor are known to be, by its digest; nil of what nothing has gone over whole by now, and
    /// of what was computed on the way, which is no input.
    package func inputDigest(_ model: Int, _ tensor: TensorID) -> TensorDigest? {
        let facts = graph.facts(tensor)
        guard let source = graph.models[model].source(facts.name),
            let digest = inputs[ResidentKey(model: model, tensor: tensor)],
            !graph.isPart(model) || source.bytesRead(1) > 0
        else { return nil }
        return TensorDigest(facts: facts, dtype: source.dtype, digest: digest)
    }

    /// Makes known what a tensor of a model is, which then counts as read.
    package func know(_ model: Int, _ tensor: TensorID, is digest: Digest) {
        inputs.add(ResidentKey(model: model, tensor: tensor), digest)
    }

    /// Makes known that what is there already was computed of whole matrices.
    package func knowMatrices() { report.matrices = max(1, report.matrices) }
}
