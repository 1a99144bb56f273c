import DPPA

/// Mixtures of experts made of dense models.
extension Catalog {
    static let mixtures: [Function] = [
        Function(
            name: "mixture",
            summary:
                "A mixture of experts made of dense models: attention, norms, embeddings and head are the base's, each layer's MLP becomes "
                + "a router and the MLPs of the experts. An expert is a model, opened or merged, or `{ model, prompts = { … } }`: texts, or lists "
                + "of token ids, of what it is to get; `negative_prompts` of what it is not; `residual_scale` multiplies its `down_proj`. "
                + "config.json becomes that of Mixtral, Qwen2-MoE or Qwen3-MoE.",
            parameters: [
                .model("base"), Parameter("experts", .list(.any)),
                .options([
                    .option(
                        "gates", .choice(MixtureRequest.Gates.all.map(\.word)),
                        "what an expert's row of a router is: \"hidden\", the base's hidden state before the layer at the last token of a "
                            + "prompt; \"hidden_mean\", its mean over the tokens; \"embedding\", the sum of the tokens' embeddings; each the "
                            + "mean over the prompts less that over the negative ones, of length 1; or \"random\", normal numbers, and "
                            + "\"uniform\", of ±1/√hidden, for training; hidden if left out"),
                    .option("experts_per_token", .integer(from: 1), "how many experts a token goes to; 2 if left out"),
                    .option(
                        "shared", .any,
                        "an expert that every token goes to, with a gate of its own, as Qwen2-MoE has one"
                    ),
                    .option(
                        "family", .choice(MixtureFamily.allCases.map(\.rawValue)),
                        "what is made; if left out it follows from the base: mixtral of llama and mistral, qwen2_moe of qwen2 or with a "
                            + "shared expert, qwen3_moe of qwen3"),
                    .option("seed", .integer(from: 0), "of random and uniform gates; 0 if left out"),
                    .option(
                        "label", .name, "the name in messages, reports and random streams; else the base's and -mixture"
                    ),
                ]),
            ],
            returns: "a model, which may be written, scored, or merged with others of its kind",
            errors: [
                "models do not fit each other, or make no mixture of the family",
                "gates are made of prompts, and an expert has none",
            ],
            example: "dppa.mixture(base, { { a, prompts = { { 256, 50 } } }, { expert, prompts = { { 256, 83 } } } })"
        ) { call in
            let (session, options) = (try call.session(), call.options(2))
            let node = try call.node(0)
            guard let base = session.graph.startingModel(of: node) else {
                throw DPPAError(
                    .data, "mixture: the base comes from no model, so it has no config.json", location: call.location)
            }
            guard case .table(let list) = call.argument(1) else { return [] }
            let experts = try list.array.enumerated().map { try MixtureExpert($1, "expert \($0 + 1)", call, session) }
            let shared = try options["shared"].map { try MixtureExpert($0, "the shared expert", call, session) }
            let request = MixtureRequest(
                base: node, model: base, experts: experts, shared: shared,
                gates: MixtureRequest.Gates.all.first { $0.word == options["gates"]?.text } ?? .rows(.hidden),
                seed: options["seed"]?.int,
                active: options["experts_per_token"]?.int,
                family: options["family"]?.text.flatMap(MixtureFamily.init), label: options["label"]?.text)
            return call.result(try session.mixture(request))
        }
    ]
}

/// What a call of `dppa.mixture` asks for.
struct MixtureRequest {
    /// What gates are made of.
    enum Gates: Equatable {
        case rows(RouterRows.Kind)
        case random, uniform

        static let all = RouterRows.Kind.allCases.map(Gates.rows) + [.random, .uniform]

        /// Its name in a recipe.
        var word: String {
            switch self {
            case .rows(let kind): kind.rawValue
            case .random: "random"
            case .uniform: "uniform"
            }
        }

        /// What rows are made of, where they are made of prompts.
        var rows: RouterRows.Kind? { if case .rows(let kind) = self { kind } else { nil } }
    }

    var base: NodeID
    var model: OpenModel
    var experts: [MixtureExpert]
    var shared: MixtureExpert?
    var gates: Gates
    var seed: Int?
    var active: Int?
    var family: MixtureFamily?
    var label: String?

    /// All experts, the shared one last.
    var all: [MixtureExpert] { experts + [shared].compactMap(\.self) }
}

/// One expert of a call of `dppa.mixture`.
struct MixtureExpert {
    /// A text, or tokens.
    enum Prompt: Hashable {
        case text(String)
        case tokens([Int32])
    }

    /// What it is in messages.
    var words: String
    var node: NodeID
    /// The model that it is, or that the expression starts from.
    var model: OpenModel
    var prompts: [Prompt] = []
    var negative: [Prompt] = []
    /// The factor of its matrices back to the stream.
    var scale = 1.0

    /// Reads a model, or `{ model, prompts = …, negative_prompts = …, residual_scale = … }`.
    ///
    /// Throws at the call, naming the expert, when something in it is not as it should be.
    init(_ value: ScriptValue, _ what: String, _ call: Call, _ session: RecipeSession) throws {
        func mistake(_ words: String, _ notes: String...) -> DPPAError {
            DPPAError(.data, "mixture: \(what) \(words)", notes: notes, location: call.location)
        }
        let table: ScriptTable
        if case .table(let given) = value { table = given } else { table = ScriptTable(array: [value]) }
        guard table.array.count == 1, case .object(let object as NodeObject) = table.array[0] else {
            throw mistake(
                "must be a model, or { model, prompts = { … } }; it is \(value.described)",
                "several experts are a list: { { math }, { law } }")
        }
        let graph = session.graph
        guard graph[object.id].space == .model, let model = graph.startingModel(of: object.id) else {
            throw mistake(
                "must be a model; it is `\(graph.formula(object.id, depth: 3))`",
                "a delta is added to its base: base + delta")
        }
        let known = ["prompts", "negative_prompts", "residual_scale"]
        if let unknown = table.fields.keys.sorted().first(where: { !known.contains($0) }) {
            throw mistake(
                "has no '\(unknown)'" + Suggestions.hint(for: unknown, among: known),
                "an expert has \(known.joined(separator: ", "))")
        }
        (words, node, self.model) = (what, object.id, model)
        func prompts(_ key: String) throws -> [Prompt] {
            guard let value = table.fields[key] else { return [] }
            guard let found = Self.prompts(value) else {
                throw mistake(
                    "has \(key) that are \(value.described)",
                    "prompts are texts, or lists of token ids: { \"2 + 2 =\" }")
            }
            return found
        }
        (self.prompts, negative) = (try prompts("prompts"), try prompts("negative_prompts"))
        guard negative.isEmpty || !self.prompts.isEmpty else { throw mistake("has negative_prompts and no prompts") }
        if let value = table.fields["residual_scale"] {
            guard let factor = value.double, factor.isFinite else {
                throw mistake("has a residual_scale that is \(value.described)", "it is a finite number")
            }
            scale = factor
        }
    }

    /// One prompt or a list of them; nil where it is none.
    private static func prompts(_ value: ScriptValue) -> [Prompt]? {
        if let text = value.text { return text.isEmpty ? nil : [.text(text)] }
        guard case .table(let table) = value, table.fields.isEmpty, !table.array.isEmpty else { return nil }
        let tokens = table.array.compactMap { $0.int.flatMap(Int32.init(exactly:)) }
        if tokens.count == table.array.count { return tokens.allSatisfy { $0 >= 0 } ? [.tokens(tokens)] : nil }
        let found = table.array.map { prompts($0) ?? [] }
        return found.allSatisfy { $0.count == 1 } ? found.map { $0[0] } : nil
    }
}
