import DPPASupport

/// A configuration of mergekit-moe, which makes a mixture of experts of dense models.
struct MixtureFile {
    struct Expert {
        var model: MergekitModel
        var prompts: [String] = []
        var negative: [String] = []
        var residualScale: Double?
        /// What mergekit would add to its weights: N(0, 1) times this.
        var noiseScale: (value: Double, place: DPPAError.Location)?
        var place: DPPAError.Location
    }

    var base: MergekitModel
    var experts: [Expert]
    var shared: Expert?
    /// What gates are made of, as a recipe calls it.
    var gates: String
    var active: Int
    var dtype: WrittenType?
    /// What is made, as mergekit calls it.
    var architecture: (name: String, place: DPPAError.Location)?
    var place: DPPAError.Location

    static let keys = [
        "base_model", "experts", "gate_mode", "dtype", "experts_per_token", "shared_experts", "architecture",
    ]

    /// What gates are made of, and how a recipe says so.
    private static let gates = [
        "hidden": "hidden", "hidden_last": "hidden", "hidden_avg": "hidden_mean", "cheap_embed": "embedding",
        "random": "random", "uniform_random": "uniform",
    ]

    /// Whether a document is one.
    static func isOne(_ document: YAMLValue) -> Bool {
        let keys = Set((document.members ?? []).map(\.key))
        return !keys.contains("merge_method")
            && !keys.isDisjoint(with: ["experts", "gate_mode", "experts_per_token", "shared_experts"])
    }

    /// Whether gates are made of prompts.
    var needsPrompts: Bool { !["random", "uniform"].contains(gates) }

    /// Reads a document.
    ///
    /// Throws at the first thing that is not as mergekit has it.
    init(_ document: YAMLValue) throws {
        try KnownKeys(Self.keys, of: "a file of mergekit-moe").check(document.members ?? [])
        place = document.place
        guard let base = document.given("base_model") else { throw document.error("base_model is missing") }
        self.base = try MergekitModel(base)
        guard let list = document.given("experts") else { throw document.error("experts are missing") }
        experts = try Self.list(list, "experts").map { try Self.expert($0) }
        let shared = try document.given("shared_experts").map { value in
            (try Self.list(value, "shared_experts").map { try Self.expert($0) }, value)
        }
        if let (all, value) = shared, all.count > 1 {
            throw value.error("shared_experts has \(all.count) experts; mergekit-moe takes one")
        }
        self.shared = shared?.0.first
        let mode = document.given("gate_mode")
        guard let gates = Self.gates[mode?.text ?? "hidden"] else {
            let known = ["hidden", "hidden_avg", "cheap_embed", "random", "uniform_random"]
            throw (mode ?? document).error(
                "gate_mode is \((mode ?? document).described)" + Suggestions.hint(for: mode?.text ?? "", among: known),
                notes: ["it is one of \(known.joined(separator: ", "))"])
        }
        self.gates = gates
        let active = document.given("experts_per_token")
        guard let count = active.map(\.int) ?? 2, (1...experts.count).contains(count) else {
            throw (active ?? document).error(
                active == nil
                    ? "experts_per_token is 2 unless it is said, and there is one expert"
                    : "experts_per_token is \((active ?? document).described); there are \(experts.count) experts")
        }
        self.active = count
        dtype = try document.given("dtype").map { try WrittenType($0, "dtype") }
        architecture = try document.given("architecture").map { value in
            guard let name = value.text?.lowercased(), !name.isEmpty else {
                throw value.error("architecture is a name; this is \(value.described)")
            }
            return (name, value.place)
        }
        try requirePrompts()
    }

    private static func list(_ value: YAMLValue, _ key: String) throws -> [YAMLValue] {
        guard let list = value.list, !list.isEmpty else {
            throw value.error("'\(key)' is a list; this is \(value.list == nil ? value.described : "an empty one")")
        }
        return list
    }

    private static func expert(_ value: YAMLValue) throws -> Expert {
        guard let members = value.members else {
            throw value.error(
                "an expert is a mapping; this is \(value.described)",
                notes: ["write - source_model: \(value.text ?? "name")"])
        }
        try KnownKeys(
            ["source_model", "positive_prompts", "negative_prompts", "noise_scale", "residual_scale"], of: "an expert"
        ).check(members)
        guard let model = value.given("source_model") else { throw value.error("an expert has no source_model") }
        func number(_ key: String) throws -> (value: Double, place: DPPAError.Location)? {
            guard let given = value.given(key) else { return nil }
            guard let number = given.number else {
                throw given.error("'\(key)' is a number; this is \(given.described)")
            }
            return (number, given.place)
        }
        func prompts(_ key: String) throws -> [String] {
            guard let given = value.given(key) else { return [] }
            guard let list = given.list else {
                throw given.error("'\(key)' is a list of texts; this is \(given.described)")
            }
            return try list.map { entry in
                guard let text = entry.text, !text.isEmpty else {
                    throw entry.error("a prompt is a text; this is \(entry.described)")
                }
                return text
            }
        }
        return Expert(
            model: try MergekitModel(model), prompts: try prompts("positive_prompts"),
            negative: try prompts("negative_prompts"), residualScale: try number("residual_scale")?.value,
            noiseScale: try number("noise_scale"), place: value.place)
    }

    /// Throws where mergekit would.
    private func requirePrompts() throws {
        guard needsPrompts else { return }
        if let expert = experts.first(where: { $0.prompts.isEmpty }) {
            throw DPPAError(
                .data, "\(expert.model.reference.shown) has no positive_prompts, which gates are made of",
                notes: ["gate_mode: random needs none"], location: expert.place)
        }
        if experts.count > 1, Set(experts.map { [$0.prompts, $0.negative] }).count == 1 {
            throw DPPAError(
                .data, "all experts have the same prompts, so that no token goes to one rather than to another",
                location: experts[1].place)
        }
    }
}
