import DPPASupport

extension LayerStack {
    /// The layers of a model: what their names begin with, and how many there are.
    package struct Blocks {
        package let name: String
        package let count: Int

        /// The only stack of blocks outside towers for pictures and sound.
        ///
        /// Throws `data` when there is none, or several that may be meant, or layers that config.json does not count.
        package init(of model: OpenModel) throws {
            guard model.space == .model else {
                throw DPPAError(
                    .data, "\(model.title) is a delta of its base: a stack is of models",
                    notes: ["a model with an adapter on it is opened as base+adapter"])
            }
            var last: [String: Int] = [:]
            for tensor in model.tensors {
                guard let stack = tensor.facts.stack, let layer = tensor.facts.layer else { continue }
                last[stack] = max(last[stack] ?? 0, layer)
            }
            guard !last.isEmpty else { throw DPPAError(.data, "\(model.title) has no layers to stack") }
            let declared = model.layerCount
            let towers = ["vis", "audio", "image", "speech"]
            var found = last.keys.filter { name in !towers.contains { name.lowercased().contains($0) } }.sorted()
            if found.isEmpty { found = last.keys.sorted() }
            if found.count > 1 { found = found.filter { last[$0].map { $0 + 1 } == declared } }
            guard found.count == 1, let name = found.first, let end = last[name] else {
                throw DPPAError(
                    .data,
                    "\(model.title) has several stacks of layers: \(Phrase.list(last.keys.sorted().map(\.shown)))",
                    notes: ["a stack is of the layers of one decoder"])
            }
            if let declared, end >= declared {
                throw DPPAError(
                    .data,
                    "\(model.title) has a layer \(end), and config.json counts \(declared): those behind, such as heads that "
                        + "predict further tokens, cannot be stacked")
            }
            (self.name, count) = (name, end + 1)
        }
    }
}
