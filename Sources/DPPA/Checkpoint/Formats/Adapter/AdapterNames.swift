/// What PEFT calls the modules of a model, and how it lays their factors out: for adapters that are written.
package struct AdapterNames {
    /// Whether the linears of blocks keep their matrices as `[in, out]`, as GPT-2's Conv1D does.
    package let isTransposed: Bool
    /// The class that the model is read as, where PEFT has one for it.
    package let task: String?
    /// What classes with a head put before the names of a checkpoint that was written without them.
    private let prefix: String

    package init(_ base: OpenModel) {
        let config = base.config.flatMap(ConfigText.object)
        isTransposed = config.flatMap { LanguageConfig($0).modelType }.map(Self.transposed.contains) ?? false
        let classes = config?["architectures"]?.array?.compactMap(\.string) ?? []
        task =
            classes.contains { $0.hasSuffix("ForCausalLM") || $0.hasSuffix("LMHeadModel") } ? "CAUSAL_LM" : nil
        // A class without a head has nothing before its names.
        let isBody = classes.contains { $0.hasSuffix("Model") && !$0.hasSuffix("LMHeadModel") }
        let bare = isBody ? [:] : ["h": "transformer.", "layers": "model."]
        prefix = base.weights.lazy.compactMap(\.stack).first.flatMap { bare[$0] } ?? ""
    }

    private static let transposed: Set<String> = ["gpt2", "openai-gpt", "imagegpt", "decision_transformer"]

    /// The path of the module that a tensor belongs to, as the model's class has it.
    package func module(_ facts: TensorFacts) -> String {
        let path = facts.name.split(separator: ".").dropLast().joined(separator: ".")
        return facts.role == "head" && facts.layer == nil ? path : prefix + path
    }

    /// The names under which an adapter keeps a matrix's factors.
    package func factors(_ facts: TensorFacts) -> (down: String, up: String) {
        let module = Self.root + module(facts)
        return (module + ".lora_A.weight", module + ".lora_B.weight")
    }

    /// The name of a tensor that is kept whole; `isBeside` says that its module has factors.
    package func whole(_ facts: TensorFacts, isBeside: Bool) -> String {
        let parameter = facts.name.split(separator: ".").last ?? ""
        return Self.root + module(facts) + (isBeside ? ".base_layer." : ".") + parameter
    }

    private static let root = "base_model.model."
}
