import DPPASupport

/// A model made of layers of others: a view with the layers numbered anew, which moves bytes and computes nothing.
///
/// The names are those of the models, which all call their layers the same. What stands before the layers comes from one model,
/// the final norm and the head from one, and config.json with the tokenizer from one; the layers of config.json are those of the
/// stack (`StackedConfig`).
package struct LayerStack {
    /// Some layers of a model, in any order, each as often as it is named.
    package struct Slice: Sendable {
        package let model: OpenModel
        package let layers: [Int]

        package init(model: OpenModel, layers: [Int]) { (self.model, self.layers) = (model, layers) }
    }

    /// Where a layer of the stack comes from.
    package struct Origin: Sendable {
        package let slice: Int
        package let model: OpenModel
        package let layer: Int
    }

    /// The layers from the first.
    package let origins: [Origin]
    /// What their names begin with: `model.layers`.
    package let blocks: String
    /// Where the tensors before the layers and behind them come from.
    package let embeddings, head: OpenModel
    private let config: OpenModel

    /// A stack of slices, of which there is at least one; what is not said comes from the first slice's model, the head from the
    /// last one's.
    ///
    /// Throws `data` when a model has no layers of one kind, or calls them otherwise than the first.
    package init(
        _ slices: [Slice], embeddings: OpenModel? = nil, head: OpenModel? = nil, config: OpenModel? = nil
    ) throws {
        origins = slices.enumerated().flatMap { number, slice in
            slice.layers.map { Origin(slice: number, model: slice.model, layer: $0) }
        }
        guard let first = slices.first?.model, let last = slices.last?.model, !origins.isEmpty else {
            throw DPPAError(.data, "a stack has at least one layer")
        }
        self.embeddings = embeddings ?? first
        self.head = head ?? last
        self.config = config ?? self.embeddings
        blocks = try Blocks(of: first).name
        for model in Self.distinct(slices.map(\.model) + [self.embeddings, self.head, self.config]) {
            let other = try Blocks(of: model).name
            guard other == blocks else {
                throw DPPAError(
                    .data, "\(first.title) calls its layers \(blocks.shown), \(model.title) calls them \(other.shown)",
                    notes: ["a stack is of models with the same names of tensors"])
            }
        }
    }

    /// The stack as a model; the model itself, under the label, where it has all layers of one in their order.
    ///
    /// Throws `data` when layers do not fit each other, or config.json cannot say what the stack is.
    package func view(label given: String?) throws -> OpenModel {
        let all = Self.distinct(origins.map(\.model) + [embeddings, head, config])
        if all.count == 1, try origins.map(\.layer) == Array(0..<Blocks(of: all[0]).count) {
            guard let given, given != all[0].label else { return all[0] }
            return all[0].replacing(all[0].tensors, identity: all[0].identity, label: given, stamps: [], parts: all)
        }
        let label = given ?? all.map(\.label).joined(separator: "+") + "-stack"
        try requireEqualShapes()
        var (named, notices): ([(name: String, source: any TensorSource)], [String]) = ([], [])
        var places: [String: StackPlace] = [:]
        for (number, origin) in origins.enumerated() {
            for tensor in origin.model.tensors where tensor.facts.stack == blocks && tensor.facts.layer == origin.layer
            {
                let name = name(of: tensor.facts.name, as: number)
                named.append((name, tensor.source))
                guard var place = origin.model.stackPlaces[tensor.facts.name] else { continue }
                place.stack = self.name(of: place.stack, as: number)
                places[name] = place
            }
        }
        let isTied = try addEnds(&named, &notices)
        var text = try config.config.map { try StackedConfig($0, of: config).text(origins, of: blocks) }
        if let isTied, let old = text, TiedHead.declared(ConfigText.object(old) ?? JSONObject()) != isTied {
            text = try StackedConfig.setting(old, TiedHead.key, to: isTied ? "true" : "false")
            notices.append("\(label): \(TiedHead.key) of config.json became \(isTied)")
        }
        named.sort { $0.name.precedes($1.name) }
        let facts = TensorNaming.facts(named.map { ($0.name, $0.source.shape) })
        return config.replacing(
            zip(facts, named).map { OpenModel.Tensor(facts: $0, source: $1.source) }, identity: identity, label: label,
            config: text, notices: notices, stamps: all.map(\.stamp), slices: StackSlices(places: places, whole: []),
            parts: all)
    }

    /// The name that a layer's tensor has as part of another layer.
    package func name(of name: String, as layer: Int) -> String {
        let rest = name.dropFirst(blocks.count + 1)
        return "\(blocks).\(layer)" + (rest.firstIndex(of: ".").map { rest[$0...] } ?? "")
    }

    private var identity: String {
        var words: [String] = []
        var index = 0
        while index < origins.count {
            let (model, first) = (origins[index].model, index)
            while index + 1 < origins.count, origins[index + 1].model.identity == model.identity,
                origins[index + 1].layer == origins[index].layer + 1
            { index += 1 }
            words.append("\(model.identity) \(origins[first].layer)-\(origins[index].layer)")
            index += 1
        }
        let ends = "ends of \(embeddings.identity) and \(head.identity)"
        return "stack of \(words.joined(separator: ", ")), \(ends), config of \(config.identity)"
    }

    static func distinct(_ models: [OpenModel]) -> [OpenModel] {
        var seen: Set<String> = []
        return models.filter { seen.insert($0.identity).inserted }
    }
}

/// What stands outside the layers.
extension LayerStack {
    /// Adds it; gives whether head and embedding are one where that may be otherwise than config.json says.
    private func addEnds(
        _ named: inout [(name: String, source: any TensorSource)], _ notices: inout [String]
    ) throws -> Bool? {
        let (before, behind) = (Ends(of: embeddings, blocks), Ends(of: head, blocks))
        if embeddings.identity == head.identity {
            named += (before.before + before.behind).map { ($0.facts.name, $0.source) }
            return config.identity == embeddings.identity ? nil : TiedHead(embeddings).isTied
        }
        named += (before.before + behind.behind).map { ($0.facts.name, $0.source) }
        let (own, other) = (TiedHead(embeddings), TiedHead(head))
        guard let embedding = own.embedding, let last = other.head ?? (other.isTied ? other.embedding : nil),
            let source = head.source(last.name)
        else { return nil }
        guard embedding.shape == last.shape else {
            throw DPPAError(
                .data,
                "\(embedding.name.shown) of \(embeddings.title) is \(embedding.shape), the head of \(head.title), "
                    + "\(last.name.shown), \(last.shape)",
                notes: ["take both from one model: head = …, or embeddings = …, in the options of dppa.stack"])
        }
        if other.head == nil {
            let name = own.head?.name ?? "lm_head.weight"
            named.append((name, source))
            notices.append("\(name) is \(last.name) of \(head.label), whose head is its embedding")
        }
        return false
    }

    /// The tensors of a model outside its layers.
    private struct Ends {
        var before: [OpenModel.Tensor] = []
        /// The final norm and the head, with their biases.
        var behind: [OpenModel.Tensor] = []

        init(of model: OpenModel, _ blocks: String) {
            let outside = model.tensors.filter { $0.facts.stack != blocks }
            let around = blocks.split(separator: ".").dropLast().joined(separator: ".")
            let modules = Set(
                outside.filter { tensor in
                    let facts = tensor.facts
                    let path = facts.module.split(separator: ".")
                    let isBehind = facts.role == "head" || facts.role == "norm" && !facts.module.contains("emb")
                    return facts.layer == nil && isBehind
                        && [around, ""].contains(path.dropLast().joined(separator: "."))
                }.map(\.facts.module))
            for tensor in outside {
                if tensor.facts.layer == nil, modules.contains(tensor.facts.module) {
                    behind.append(tensor)
                } else {
                    before.append(tensor)
                }
            }
        }
    }
}

/// What layers must have in common.
extension LayerStack {
    /// Throws when a tensor of a layer has a shape that it has in no layer of the first model, or one of them lacks it.
    private func requireEqualShapes() throws {
        let models = Self.distinct(origins.map(\.model))
        let shapes = models.map { model in
            model.tensors.reduce(into: [String: Set<[Int]>]()) { shapes, tensor in
                guard tensor.facts.stack == blocks else { return }
                shapes[name(of: tensor.facts.name, as: 0), default: []].insert(tensor.facts.shape)
            }
        }
        let (first, own) = (models[0], shapes[0])
        for (model, theirs) in zip(models, shapes).dropFirst() {
            for name in Set(own.keys).union(theirs.keys).sorted() {
                let part = String(name.dropFirst(blocks.count + 3))
                guard let mine = own[name], let other = theirs[name] else {
                    let (with, without) = own[name] == nil ? (model, first) : (first, model)
                    throw DPPAError(
                        .data, "the layers of \(with.title) have \(part.shown), those of \(without.title) have not",
                        notes: ["a stack is of models of one architecture"])
                }
                guard other.isSubset(of: mine) || mine.isSubset(of: other) else {
                    func text(_ shapes: Set<[Int]>) -> String {
                        shapes.map { "\($0)" }.sorted().joined(separator: ", ")
                    }
                    throw DPPAError(
                        .data,
                        "\(part.shown) is \(text(mine)) in the layers of \(first.title), \(text(other)) in those of "
                            + model.title,
                        notes: ["a stack is of models of one size"])
                }
            }
        }
    }
}
