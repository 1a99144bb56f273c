import DPPA

/// Mixtures of experts made of dense models.
extension RecipeSession {
    /// A mixture as a field: the view that it is, with the factors of its experts.
    func mixture(_ request: MixtureRequest) throws -> NodeID {
        try located {
            use([request.base] + request.all.map(\.node))
            let mixture = try DenseMixture(
                base: request.model, experts: request.experts.map(\.model), shared: request.shared?.model,
                active: request.active, family: request.family)
            for expert in request.all { try compareConfigs(expert.model, request.model) }
            let read = Set(([request.base] + request.all.map(\.node)).flatMap { graph.models(of: $0) })
            let view = try mixture.view(
                gates(request, mixture), label: request.label ?? request.model.label + "-mixture",
                others: read.sorted().filter { !graph.isPart($0) }.map { graph.models[$0] })
            let node = try merged(addView(view, whereToName: "behind the experts"), request, mixture)
            var factors: [String: Double] = [:]
            for (number, expert) in request.experts.enumerated() where expert.scale != 1 {
                for name in mixture.downNames(of: number) { factors[name] = expert.scale }
            }
            if let shared = request.shared, shared.scale != 1 {
                for name in mixture.downNames(of: nil) { factors[name] = shared.scale }
            }
            return try multiplied(node, by: factors, "mixture")
        }
    }

    /// The mixture with the expressions that stand for some of its models.
    private func merged(_ node: NodeID, _ request: MixtureRequest, _ mixture: DenseMixture) throws -> NodeID {
        var parts: [NodeID] = []
        func add(_ part: NodeID, _ what: String, _ names: Set<String>) throws {
            let own = Set(graph.domain(of: part)?.tensors.map { graph.facts($0).name } ?? [])
            let lacking = names.subtracting(own).sorted()
            guard lacking.isEmpty else {
                throw DPPAError(
                    .data, "mixture: \(what) lacks \(Phrase.counted(lacking.count, "tensor")): \(Phrase.list(lacking))",
                    notes: ["add a part of a delta to the whole model: base + delta:select \"…\""])
            }
            parts.append(try graph.restrict(part, "mixture") { names.contains($0.name) })
        }
        if modelIndex(request.base) == nil { try add(request.base, "the base", mixture.baseNames) }
        for (place, expert) in request.all.enumerated() where modelIndex(expert.node) == nil {
            let number = place < request.experts.count ? place : nil
            let renamed = try graph.renamed(expert.node, identity: "as \(expert.words) of \(mixture.family.rawValue)") {
                mixture.name($0, of: number)
            }
            try add(renamed, expert.words, mixture.names(of: number))
        }
        guard !parts.isEmpty, let view = modelIndex(node) else { return node }
        if let rest = try graph.rest(of: node, without: parts) { parts.append(rest) }
        let whole = try graph.branch(parts)
        graph.start(whole, from: view)
        // Each was compared with the base under its own names.
        let start = graph.models[view]
        for model in graph.models(of: whole).map({ graph.models[$0] }) {
            compared.insert([model.label, model.path, start.label, start.path])
        }
        return whole
    }

    /// The gates that a mixture asks for; where no weight may be read, what is known of them without.
    private func gates(_ request: MixtureRequest, _ mixture: DenseMixture) throws -> RouterGates {
        guard let kind = request.gates.rows else {
            if let expert = request.all.first(where: { !$0.prompts.isEmpty }) {
                throw DPPAError(
                    .data,
                    "mixture: \(expert.words) has prompts, and gates = \"\(request.gates.word)\" are made of none",
                    notes: ["gates = \"hidden\" and \"embedding\" are made of prompts"])
            }
            let seed = UInt64(request.seed ?? 0)
            return request.gates == .random ? .normal(seed: seed) : .uniform(seed: seed)
        }
        if request.seed != nil {
            throw DPPAError(.data, "mixture: seed is for random gates; \"\(request.gates.word)\" gates draw nothing")
        }
        try requirePrompts(request)
        let tokens = PromptTokens(request.model)
        let prompts = try request.all.map {
            RouterRows.Prompts(
                positive: try $0.prompts.map(tokens.callAsFunction),
                negative: try $0.negative.map(tokens.callAsFunction))
        }
        try requireTokens(prompts.flatMap { $0.positive + $0.negative }, request.model)
        let evaluator = Evaluator(engine, dtype: dtype)
        guard !isDry else {
            if kind != .embedding { try evaluator.requireRunnable(request.base) }
            return .unknown
        }
        let rows = try RouterRows(kind, of: prompts, base: request.base, layers: mixture.layerCount, evaluator)
        let degenerate = try rows.degenerateLayers(experts: request.experts.count)
        if !degenerate.isEmpty {
            let layers =
                "layer\(degenerate.count == 1 ? "" : "s") " + Phrase.list(degenerate.map(String.init), limit: 6)
            warn(
                "warning: mixture: prompts of some experts are much alike in \(layers): their gates point nearly the same way, and "
                    + "some experts will get few tokens")
        }
        return .rows(rows.rows)
    }

    /// Throws when an expert has no prompts, or all have the same.
    private func requirePrompts(_ request: MixtureRequest) throws {
        let kind = request.gates.word
        if let expert = request.all.first(where: { $0.prompts.isEmpty }) {
            throw DPPAError(
                .data,
                "mixture: \(expert.words), \(expert.model.label), has no prompts, which gates = \"\(kind)\" are made of",
                notes: [
                    "write { model, prompts = { \"…\" } } with texts that it is to get",
                    "gates = \"random\" needs none, for a mixture that is trained",
                ])
        }
        let alike = Set(request.experts.map { [$0.prompts, $0.negative] }).count == 1
        if alike, request.experts.count > 1 {
            throw DPPAError(
                .data,
                "mixture: all experts have the same prompts, so that no token goes to one rather than to another",
                notes: ["give each expert texts of what it alone is to get"])
        }
    }

    /// Throws when a prompt has no tokens, or one that the model does not know.
    private func requireTokens(_ prompts: [[Int32]], _ model: OpenModel) throws {
        let rows = model["model.embed_tokens.weight"]?.facts.shape.first ?? 0
        for prompt in prompts {
            guard !prompt.isEmpty else { throw DPPAError(.data, "mixture: a prompt has no tokens") }
            if let token = prompt.first(where: { $0 >= rows }) {
                throw DPPAError(
                    .data,
                    "mixture: token \(token) of a prompt is not in the vocabulary of \(model.title), which has \(rows)")
            }
        }
    }
}

/// Prompts as tokens: texts by the model's tokenizer, behind the token that begins a text where it has one.
private final class PromptTokens {
    private let model: OpenModel
    private let begin: String
    /// What is read when the first text asks for it.
    private var known: TokenEncoder?

    init(_ model: OpenModel) {
        self.model = model
        begin = TokenizerFacts(model).begin ?? ""
    }

    /// The text of a special token in a prompt is that token, as in a chat template.
    func callAsFunction(_ prompt: MixtureExpert.Prompt) throws -> [Int32] {
        switch prompt {
        case .tokens(let tokens): return tokens
        case .text(let text):
            var options = Tokenizer.Options()
            options.recognizesSpecial = true
            return try encoder().encode(begin + text, options)
        }
    }

    private func encoder() throws -> TokenEncoder {
        if let known { return known }
        guard model.vocabulary == nil, let path = model.encoderPath else {
            throw DPPAError(
                .data,
                model.vocabulary == nil
                    ? "mixture: \(model.title) has no tokenizer.json or tokenizer.model, which texts of prompts need"
                    : "mixture: the tokens of \(model.title) are those of several models, and no file has them yet",
                notes: ["write prompts as lists of token ids: prompts = { { 1, 42, 7 } }; dppa-run tokenize gives them"]
            )
        }
        let encoder = try Tokenizer(path: path).encoder()
        known = encoder
        return encoder
    }
}
