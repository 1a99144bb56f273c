import DPPASupport

/// A family of models that the evaluator runs: what its config.json says, as parts that are known.
struct Family: Sendable {
    /// Its `model_type`.
    let type: String
    /// What people call it.
    let title: String
    /// Describes a model by its config.json; the function tells whether the model has a tensor.
    let describe: @Sendable (_ config: ConfigReader, _ hasTensor: (String) -> Bool) throws -> Architecture

    init(
        _ type: String, _ title: String,
        describe: @escaping @Sendable (_ config: ConfigReader, _ hasTensor: (String) -> Bool) throws -> Architecture
    ) {
        self.type = type
        self.title = title
        self.describe = describe
    }

    /// Every family.
    static let all: [Family] = [
        llama, mistral, mixtral, qwen2, qwen3, qwen2Mixture, qwen3Mixture, gemma, gemma2, gemma3, phi3, gpt2,
        starCoder2,
    ]

    /// What a config.json describes.
    ///
    /// Throws a `data` error that names a key which the evaluator does not know or cannot honour.
    static func architecture(
        _ text: String?, label: String, hasTensor: (String) -> Bool
    ) throws -> Architecture {
        let config = try ConfigReader(text, label: label)
        let type = try config.text("model_type") ?? ""
        guard let family = all.first(where: { $0.type == type }) else {
            throw config.unsupported("model_type", "one of \(all.map(\.type).joined(separator: ", "))")
        }
        let architecture = try family.describe(config, hasTensor)
        try config.requireNothingElse()
        return architecture
    }
}
