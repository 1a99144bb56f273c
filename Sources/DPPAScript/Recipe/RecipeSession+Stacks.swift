import DPPA

/// Models made of layers of others.
extension RecipeSession {
    /// A stack as a field: the view that it is, with the tensors that are scaled.
    func stack(
        _ slices: [StackSlice], embeddings: OpenModel?, head: OpenModel?, config: OpenModel?, label: String?
    ) throws -> NodeID {
        try located {
            let stack = try LayerStack(slices.map(\.slice), embeddings: embeddings, head: head, config: config)
            let models = slices.map(\.slice.model) + [embeddings, head, config].compactMap(\.self)
            for model in models.dropFirst() { try compareConfigs(model, models[0]) }
            if stack.embeddings.identity != stack.head.identity {
                for model in [stack.embeddings, stack.head] { try requireKnownHead(model) }
            }
            let node = try addView(stack.view(label: label), whereToName: "behind the slices")
            return try scaled(node, stack, slices)
        }
    }

    /// Adds a model made of others.
    ///
    /// Throws `data` when another model has its label.
    func addView(_ view: OpenModel, whereToName: String) throws -> NodeID {
        if let other = graph.models.first(where: { $0.label == view.label && $0.identity != view.identity }) {
            throw DPPAError(
                .data, "two models have the label '\(view.label)': \(other.identity) and the \(view.identity)",
                notes: [
                    "labels name models in reports and random streams: write { label = \"…\" } \(whereToName)"
                ])
        }
        let count = graph.models.count
        let node = try graph.source(view)
        if graph.models.count > count {
            for line in view.notices { warn("warning: " + line) }
        }
        return node
    }

    /// Throws when a matrix outside the layers may be a head that no name tells to be one.
    private func requireKnownHead(_ model: OpenModel) throws {
        let ends = TiedHead(model)
        guard ends.head == nil, let embedding = ends.embedding,
            let odd = model.weights.first(where: {
                $0.layer == nil && $0.role == "other" && $0.shape == embedding.shape
            })
        else { return }
        throw DPPAError(
            .data, "stack: nothing tells whether \(odd.name.shown) of \(model.title) is its head",
            notes: ["take both ends from one model: { embeddings = model, head = model } behind the slices"])
    }

    /// The stack with factors on some tensors; all others are copied as they are.
    private func scaled(_ node: NodeID, _ stack: LayerStack, _ slices: [StackSlice]) throws -> NodeID {
        guard slices.contains(where: { $0.scale != nil }) else { return node }
        var factors: [String: Double] = [:]
        for (number, origin) in stack.origins.enumerated() {
            for facts in origin.model.weights where facts.stack == stack.blocks && facts.layer == origin.layer {
                let factor = slices[origin.slice].factor(facts.name)
                if factor != 1 { factors[stack.name(of: facts.name, as: number)] = factor }
            }
        }
        return try multiplied(node, by: factors, "stack")
    }

    /// A model with factors on some tensors; `what` is the function that asks for it.
    func multiplied(_ node: NodeID, by factors: [String: Double], _ what: String) throws -> NodeID {
        guard !factors.isEmpty else { return node }
        let part = try graph.restrict(node, what) { factors[$0.name] != nil }
        let product = try graph.binary(
            .multiply, graph.reinterpret(part, as: .value), graph.perTensor(part, factors))
        let changed = try graph.reinterpret(product, as: .model, like: part)
        guard let rest = try graph.rest(of: node, without: [part]) else { return changed }
        return try graph.branch([changed, rest])
    }
}
