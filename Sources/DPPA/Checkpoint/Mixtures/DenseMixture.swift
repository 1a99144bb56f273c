import DPPAKernels
import DPPASupport

/// A mixture of experts made of dense models: a view that moves bytes, with routers of its own.
///
/// Attention, norms, embeddings and head are the base's; each layer's MLP becomes a router and the MLPs of the experts, and in a
/// family that has one that of the shared expert with a gate of its own.
package struct DenseMixture {
    /// What the mixture is.
    package let family: MixtureFamily
    /// How many experts a token goes to.
    package let active: Int
    package let layerCount, hidden: Int
    private let base: OpenModel
    private let experts: [OpenModel]
    private let shared: OpenModel?
    private let config: MixtureConfig
    /// The inner widths of the experts and of the shared one.
    private let inner: Int
    private let sharedInner: Int?

    private static let blocks = "model.layers"

    /// Looks at names, shapes and config.json.
    ///
    /// Throws `data` when the models make no mixture of the family, which follows from the base where it is nil.
    package init(
        base: OpenModel, experts: [OpenModel], shared: OpenModel?, active: Int?, family wished: MixtureFamily?
    ) throws {
        let type = try MixtureConfig.type(of: base)
        guard let family = wished ?? MixtureFamily.of(type, hasShared: shared != nil) else {
            let other = MixtureFamily.of(type, hasShared: shared == nil)
            throw DPPAError(
                .data,
                other.map {
                    "\($0.title), which \(type.shown) is made into, has \(shared == nil ? "a" : "no") shared expert"
                }
                    ?? "\(base.title) is \(type.shown), of which no mixture is made",
                notes: [
                    other == nil
                        ? "mixtures are made of \(Phrase.list(Set(MixtureFamily.allCases.flatMap(\.types)).sorted(), limit: 9))"
                        : shared == nil ? "name it: shared = { model }" : "leave out `shared`"
                ])
        }
        guard family.hasSharedExpert == (shared != nil) else {
            throw DPPAError(
                .data, "\(family.title) has \(shared == nil ? "one" : "no") shared expert",
                notes: [shared == nil ? "name it: shared = { model }" : "leave out `shared`"])
        }
        (self.base, self.experts, self.shared, self.family) = (base, experts, shared, family)
        self.active = active ?? min(2, experts.count)
        guard (1...max(1, experts.count)).contains(self.active) else {
            throw DPPAError(
                .data,
                "experts_per_token is \(self.active), and there \(experts.count == 1 ? "is" : "are") "
                    + Phrase.counted(experts.count, "expert"))
        }
        config = try MixtureConfig(base, family)
        let found = try LayerStack.Blocks(of: base)
        guard found.name == Self.blocks else {
            throw DPPAError(
                .data, "\(base.title) calls its layers \(found.name.shown); a mixture is made of \(Self.blocks)")
        }
        layerCount = found.count
        guard let embedding = TiedHead(base).embedding, embedding.name == "model.embed_tokens.weight" else {
            throw DPPAError(.data, "\(base.title) has no model.embed_tokens.weight")
        }
        hidden = embedding.shape[1]
        try Self.requireKnown(base, family)
        (inner, sharedInner) = try Self.widths(base, experts, shared, layers: layerCount, hidden: hidden)
    }

    /// The models whose tensors it has, each once.
    private var models: [OpenModel] { LayerStack.distinct([base] + experts + [shared].compactMap(\.self)) }

    /// The name in the mixture of a tensor of an expert, or of the shared one for nil; its own where it is of no MLP.
    package func name(_ dense: String, of expert: Int?) -> String {
        let facts = TensorNaming.facts([(dense, [1, 1])])[0]
        guard Self.isMLP(facts), let layer = facts.layer,
            let matrix = family.matrices.first(where: { facts.module == "mlp." + $0.dense })
        else { return dense }
        return name(expert, matrix.own, layer)
    }

    /// The names of an expert's matrices, or of the shared one's for nil.
    package func names(of expert: Int?) -> Set<String> {
        Set((0..<layerCount).flatMap { layer in family.matrices.map { name(expert, $0.own, layer) } })
    }

    /// The names of what is the base's.
    package var baseNames: Set<String> { Set(base.weights.filter { !Self.isMLP($0) }.map(\.name)) }

    /// The names of the matrices back to the stream of an expert, or of the shared one for nil.
    package func downNames(of expert: Int?) -> [String] {
        (0..<layerCount).map { name(expert, family.matrices[2].own, $0) }
    }

    private func name(_ expert: Int?, _ matrix: String, _ layer: Int) -> String {
        family.module(layer) + (expert.map { ".experts.\($0)." } ?? ".shared_expert.") + matrix + ".weight"
    }

    /// The mixture as a model; `others` are further models whose numbers will be in it, as where an expert is a merge.
    package func view(_ gates: RouterGates, label: String, others: [OpenModel]) throws -> OpenModel {
        var named: [(name: String, source: any TensorSource)] = []
        for tensor in base.tensors where !Self.isMLP(tensor.facts) { named.append((tensor.facts.name, tensor.source)) }
        for layer in 0..<layerCount {
            addBiases(layer, &named)
            for (place, model) in (experts + [shared].compactMap(\.self)).enumerated() {
                for matrix in family.matrices {
                    guard let source = model.source(Self.dense(matrix.dense, layer)) else { continue }
                    named.append((name(place < experts.count ? place : nil, matrix.own, layer), source))
                }
            }
            let written = base.source("model.embed_tokens.weight")?.writtenDType ?? .bf16
            func router(_ name: String, _ rows: Range<Int>) {
                let name = "\(family.module(layer)).\(name).weight"
                named.append(
                    (name, gates.source(name, layer: layer, experts: rows, hidden: hidden, written: written)))
            }
            router("gate", 0..<experts.count)
            if shared != nil { router("shared_expert_gate", experts.count..<experts.count + 1) }
        }
        named.sort { $0.name.precedes($1.name) }
        let facts = TensorNaming.facts(named.map { ($0.name, $0.source.shape) })
        let identity =
            "\(family.rawValue) of " + (experts + [shared].compactMap(\.self)).map(\.identity).joined(separator: ", ")
            + " on \(base.identity), \(active) a token, gates \(gates.spelling)"
        return base.replacing(
            zip(facts, named).map { OpenModel.Tensor(facts: $0, source: $1.source) }, identity: identity, label: label,
            config: try config.text(
                MixtureConfig.Sizes(experts: experts.count, active: active, inner: inner, shared: sharedInner)),
            stamps: models.map(\.stamp) + [Fingerprint.of(Array(identity.utf8))],
            parts: LayerStack.distinct(models + others))
    }

    /// The biases that the family has and the base lacks: zeros.
    private func addBiases(_ layer: Int, _ named: inout [(name: String, source: any TensorSource)]) {
        for ending in family.biases {
            let name = "\(Self.blocks).\(layer).\(ending)"
            let weight = name.replacing(".bias", with: ".weight")
            guard base[name] == nil, let source = base.source(weight) else { continue }
            named.append(
                (name, ZeroSource(shape: [source.shape[0]], dtype: .f32, written: source.writtenDType)))
        }
    }
}

/// What dense models must have in common.
extension DenseMixture {
    private static let matrices = ["gate_proj", "up_proj", "down_proj"]

    private static func dense(_ matrix: String, _ layer: Int) -> String { "\(blocks).\(layer).mlp.\(matrix).weight" }

    private static func isMLP(_ facts: TensorFacts) -> Bool {
        facts.stack == blocks && facts.module.split(separator: ".").first == "mlp"
    }

    /// Throws when the base has what no mixture of the family has.
    private static func requireKnown(_ base: OpenModel, _ family: MixtureFamily) throws {
        let outside = ["model.embed_tokens.weight", "model.norm.weight", "lm_head.weight"]
        let mlp = family.matrices.map { "mlp.\($0.dense).weight" }
        let odd = base.weights.filter { facts in
            guard let layer = facts.layer, facts.stack == blocks else { return !outside.contains(facts.name) }
            let ending = String(facts.name.dropFirst("\(blocks).\(layer).".count))
            return !family.layerEndings.contains(ending) && !mlp.contains(ending)
        }
        guard odd.isEmpty else {
            throw DPPAError(
                .data, "\(base.title) has \(Phrase.list(odd.map(\.name))), for which \(family.title) has no place",
                notes: odd.contains { $0.name.contains(".experts.") }
                    ? ["a mixture is made of dense models; mixtures are merged like any models"] : [])
        }
    }

    /// The inner widths of the experts, which all have one, and of the shared one.
    private static func widths(
        _ base: OpenModel, _ experts: [OpenModel], _ shared: OpenModel?, layers: Int, hidden: Int
    ) throws -> (inner: Int, shared: Int?) {
        func width(_ model: OpenModel, _ expected: Int?) throws -> Int {
            guard model.space == .model else {
                throw DPPAError(
                    .data, "\(model.title) is a delta of its base: an expert is a model",
                    notes: ["a model with an adapter on it is opened as base+adapter"])
            }
            let last = try LayerStack.Blocks(of: model).count
            guard last == layers else {
                throw DPPAError(
                    .data, "\(model.title) has \(Phrase.counted(last, "layer")), \(base.title) has \(layers)",
                    notes: ["experts have as many layers as the base"])
            }
            let known = matrices.map { "mlp.\($0).weight" }
            if let odd = model.weights.first(where: { facts in
                isMLP(facts) && !known.contains(where: facts.name.hasSuffix)
            }) {
                throw DPPAError(.data, "\(model.title) has \(odd.name.shown), for which experts have no place")
            }
            var inner = expected
            for layer in 0..<layers {
                for matrix in matrices {
                    let name = dense(matrix, layer)
                    guard let shape = model[name]?.facts.shape else {
                        throw DPPAError(
                            .data, "\(model.title) has no \(name)",
                            notes: ["experts are dense models with gated MLPs, such as LLaMA, Mistral and Qwen"])
                    }
                    let own = matrix == "down_proj" ? Array(shape.reversed()) : shape
                    guard own.count == 2, own[1] == hidden, own[0] == inner ?? own[0] else {
                        throw DPPAError(
                            .data,
                            "\(name) of \(model.title) is \(shape); the mixture's have \(hidden) inputs and outputs"
                                + (inner.map { " and are \($0) wide" } ?? ""),
                            notes: ["experts are of the base's width, and all as wide inside"])
                    }
                    inner = own[0]
                }
            }
            return inner ?? 0
        }
        var inner: Int?
        for expert in experts { inner = try width(expert, inner) }
        return (inner ?? 0, try shared.map { try width($0, nil) })
    }
}
