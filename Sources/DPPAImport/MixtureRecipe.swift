import DPPASupport

/// A mixture of experts as Lua: how its models are opened, and the call that makes it.
struct MixtureRecipe {
    private(set) var lines: [String] = []
    /// What a person has to decide, as failing lines.
    private(set) var refusals: [ImportNote] = []
    /// What is told in comments.
    private(set) var remarks: [String] = []
    /// What is passed over, which changes no number.
    private(set) var notes: [ImportNote] = []
    private let file: MixtureFile

    /// Throws for what is not made here.
    init(_ file: MixtureFile, _ names: inout ModelNames) throws {
        self.file = file
        let family = try family()
        let base = names.variable(file.base)
        let experts = file.experts.map { names.variable($0.model) }
        let shared = file.shared.map { names.variable($0.model) }
        lines = names.takeLines() + [""]
        for expert in file.experts + [file.shared].compactMap(\.self) {
            if let noise = expert.noiseScale, noise.value != 0 {
                refusals.append(
                    ImportNote(
                        "noise_scale of \(expert.model.reference.shown): no noise is added here; leave it out, or give the expert as an "
                            + "expression", noise.place))
            }
        }
        if !file.needsPrompts,
            let expert = (file.experts + [file.shared].compactMap(\.self)).first(where: { !$0.prompts.isEmpty })
        {
            notes.append(ImportNote("prompts are left out: random gates are made of none", expert.place))
        }
        var options = ["gates = \"\(file.gates)\"", "experts_per_token = \(file.active)"]
        if let shared, let own = file.shared { options.append("shared = \(entry(own, shared, indent: 2))") }
        if let family { options.append("family = \"\(family)\"") }
        tellOfGates(&options)
        let entries = zip(file.experts, experts).map { entry($0, $1, indent: 2) }
        lines += refusals.map { "error(\(LuaText.quoted($0.text)))" }
        let call =
            "return dppa.mixture(\(base), \(LuaText.table(entries, width: 60)), \(LuaText.table(options, width: 60)))"
        lines.append(call + (file.dtype.map { ", { dtype = \"\($0.name)\" }" } ?? ""))
    }

    private func entry(_ expert: MixtureFile.Expert, _ variable: String, indent: Int) -> String {
        func texts(_ list: [String]) -> String {
            LuaText.table(list.map(LuaText.quoted), indent: indent + 2, width: 80)
        }
        var fields = [variable]
        if file.needsPrompts {
            if !expert.prompts.isEmpty { fields.append("prompts = " + texts(expert.prompts)) }
            if !expert.negative.isEmpty { fields.append("negative_prompts = " + texts(expert.negative)) }
        }
        if let scale = expert.residualScale { fields.append("residual_scale = \(LuaText.number(scale))") }
        return LuaText.table(fields, indent: indent, width: 80)
    }

    private mutating func tellOfGates(_ options: inout [String]) {
        switch file.gates {
        case "random", "uniform":
            options.append("seed = 0")
            remarks.append("gates are random: those of the seed here, others every time in mergekit.")
        case "embedding": break
        default: remarks.append("mergekit runs the base in bfloat16 for the gates, here it is float32.")
        }
        if file.dtype == nil {
            remarks.append(
                "no dtype is stated: mergekit writes all in the base's, here each model's tensors keep their own.")
        }
    }

    /// What is made; nil where it follows from the base, as it does in mergekit.
    private mutating func family() throws -> String? {
        guard let (name, place) = file.architecture else {
            guard let shared = file.shared else { return nil }
            // LLaMA and Mistral become DeepSeek's there, and Qwen 2 what it becomes here.
            if shared.prompts.isEmpty {
                refusals.append(
                    ImportNote(
                        "shared_experts without prompts: of LLaMA and Mistral mergekit makes DeepSeek's mixture, which is not made "
                            + "here; remove this line for Qwen2-MoE", shared.place))
            }
            return "qwen2_moe"
        }
        func isMeant(_ title: String) -> Bool { title.hasPrefix(name) }
        let known = ["mixtral", "qwen", "qwen3", "deepseek"]
        if isMeant("mixtral") { return "mixtral" }
        if isMeant("deepseek moe") {
            throw DPPAError(
                .data, "architecture: DeepSeek's mixture is not made here",
                notes: ["without a shared expert, LLaMA and Mistral make Mixtral"], location: place)
        }
        if isMeant("qwen moe"), file.shared != nil { return "qwen2_moe" }
        if isMeant("qwen3 moe") { return "qwen3_moe" }
        if isMeant("qwen moe") {
            throw DPPAError(
                .data, "architecture '\(name)': Qwen2-MoE has a shared expert, and shared_experts has none",
                location: place)
        }
        throw DPPAError(
            .data, "mergekit makes no architecture '\(name.shown)'" + Suggestions.hint(for: name, among: known),
            notes: ["it is one of \(known.joined(separator: ", "))"], location: place)
    }
}
