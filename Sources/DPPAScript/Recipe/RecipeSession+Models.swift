import DPPA

/// Opening models, and fitting them to each other.
extension RecipeSession {
    /// Opens a model, or finds it among those that are open; with `like`, fitted to that model.
    ///
    /// What has no names and shapes of its own, such as an adapter, takes them from that model, or from the first one that was
    /// opened.
    func model(
        _ written: String, label: String?, like other: Int? = nil, _ options: AlignmentOptions = AlignmentOptions(),
        isLoose: Bool = false
    ) throws -> NodeID {
        let reference = other.map { graph.models[$0].whole }
        var plain = AlignmentOptions()
        plain.stacks = options.stacks
        if other == nil, options != plain {
            throw DPPAError(
                .data, "model: names, missing, extra and refuse say how a model is fitted to another one",
                notes: ["name it: { like = base, … }"], location: graph.location)
        }
        let open = try open(written, label: label, base: reference)
        if isLoose { looselyFitting.insert(open.path) }
        guard let reference, open.identity != reference.identity || open.label != reference.label else {
            return try add(Self.fitted(open, options.stacks))
        }
        let aligned = try located {
            // A stack of layers that are apart has no model before it.
            try (reference.stackPlaces.isEmpty ? open : open.slicingStacks()).aligned(to: reference, options)
        }
        if open.space == .model { try compareConfigs(open, reference) }
        return try add((Self.fitted(aligned.model, options.stacks), aligned.notes))
    }

    /// The model as fields are made of it.
    private static func fitted(_ model: OpenModel, _ stacks: AlignmentOptions.Stacks) -> OpenModel {
        stacks == .apart ? model.slicingStacks() : model
    }

    /// Opens a base and its experts, fitted to each other; without a base the first expert is what the others are fitted to.
    func family(
        base: String?, experts: [String], _ options: AlignmentOptions, isLoose: Bool = false
    ) throws -> (base: NodeID?, experts: [NodeID]) {
        let first = try base.map { try open($0, label: nil, base: nil) }
        var others: [OpenModel] = []
        for path in experts { others.append(try open(path, label: nil, base: first ?? others.first)) }
        if isLoose { looselyFitting.formUnion(others.map(\.path)) }
        let family = try located {
            var options = try named(options, [first].compactMap(\.self) + others)
            options.vocabulary?.hasBase = first != nil
            return try ModelFamily(
                base: first ?? others[0], experts: first == nil ? Array(others.dropFirst()) : others, options)
        }
        // Before anything is added: what does not fit must not be found after hours of searching.
        for expert in family.experts where expert.space == .model { try compareConfigs(expert, family.base) }
        let node = try add((family.base, family.notes))
        let nodes = try family.experts.map { try $0.space == .model ? add($0) : adapted(family.base, node, $0) }
        return first == nil ? (nil, [node] + nodes) : (node, nodes)
    }

    /// Options in which models have their labels, whatever the recipe calls them.
    private func named(_ options: AlignmentOptions, _ models: [OpenModel]) throws -> AlignmentOptions {
        var options = options
        options.vocabulary = try options.vocabulary?.naming(models.map(\.label)) { words in
            models.first { $0.label == words || $0.path == words || writtenNames[$0.path]?.contains(words) == true }?
                .label
        }
        return options
    }

    /// The base with an adapter on it, whose difference to the base is the adapter's delta, exactly.
    private func adapted(_ base: OpenModel, _ node: NodeID, _ adapter: OpenModel) throws -> NodeID {
        let delta = try add(adapter)
        let model = try graph.source(base.adding(adapter, label: adapter.label))
        graph.know(model, minus: node, is: delta)
        return model
    }

    /// Opens a file of side tensors as plain values.
    func tensors(_ written: String) throws -> NodeID {
        let place = try paths.resolve(written, for: .file)
        return try graph.reinterpret(add(OpenModel(at: place.path, label: place.label)), as: .value)
    }

    /// A model as it lies there, or `base+adapter+…`: a model with adapters on it.
    private func open(_ written: String, label: String?, base: OpenModel?) throws -> OpenModel {
        let path = AdaptedPath(written) { (try? paths.resolve($0, for: .model)) != nil }
        let model = try located {
            try path.open(label: label) { try openOne($0, label: $1, base: $2 ?? base) }
        }
        try requireFree(model.label, path: model.path, written)
        return model
    }

    /// A model as it lies there, opened once.
    private func openOne(_ written: String, label: String?, base: OpenModel?) throws -> OpenModel {
        let place = try paths.resolve(written, for: .model)
        let label = label ?? place.label
        for line in place.notices { warn("warning: " + line) }
        if !writtenNames[place.path, default: []].contains(written) {
            writtenNames[place.path, default: []].append(written)
        }
        let known = graph.models.first { $0.path == place.path && $0.label == label && $0.whole.identity == place.path }
        if let known { return known.whole }
        try requireFree(label, path: place.path, written)
        return try OpenModel(
            at: place.path, label: label, base: base ?? graph.models.first { $0.space == .model }?.whole)
    }

    /// Throws when a model that lies elsewhere has the label.
    private func requireFree(_ label: String, path: String, _ written: String) throws {
        let namesakes = graph.models.filter { $0.label == label }
        guard let clash = namesakes.first, !namesakes.contains(where: { $0.path == path }) else { return }
        throw DPPAError(
            .data, "two models have the label '\(label)': \(clash.path) and \(path)",
            notes: ["labels name models in reports and random streams: write other=\(written) for one of them"],
            location: graph.location)
    }

    /// Adds a model, and tells of what was left aside and done where it is a new one.
    private func add(_ model: OpenModel) throws -> NodeID { try add((model, [])) }

    private func add(_ found: (model: OpenModel, notes: [AlignmentNote])) throws -> NodeID {
        let count = graph.models.count
        let node = try graph.source(found.model)
        guard graph.models.count > count else { return node }
        for line in found.model.notices.map({ "warning: " + $0 }) + found.notes.map(\.line) { warn(line) }
        return node
    }

    /// An error without a place is at the call.
    func located<T>(_ body: () throws -> T) throws -> T {
        do { return try body() } catch var error as DPPAError {
            error.location = error.location ?? graph.location
            throw error
        }
    }
}
