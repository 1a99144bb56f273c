import DPPASupport
import Foundation

/// What adapter_config.json of PEFT says of low-rank factors.
struct AdapterConfig {
    private let alpha: Double
    private let isStabilised: Bool
    /// Patterns of module paths with an alpha of their own, in the order of the file.
    private let alphas: [(pattern: NSRegularExpression, alpha: Double)]
    /// Whether the base keeps its matrices as `[in, out]`.
    let isTransposed: Bool
    /// Whether rows get a magnitude of their own (DoRA).
    let hasMagnitudes: Bool
    /// The rows that were trained of embeddings: of the one that has such, or by the last parts of modules' paths.
    private let tokenRows: JSONValue?
    /// The parameters that are adapted beside modules' weights: paths, or their last parts.
    let parameters: [String]
    /// The base that the adapter was trained on, as it was called there.
    let baseName: String?

    /// Reads a configuration.
    ///
    /// Throws `data` for what is no LoRA, and for one whose factors do not say the whole difference.
    init(_ path: String) throws {
        let bytes = try FileDescriptor.contents(path, limit: 1 << 20)
        let config = try JSONObject(bytes, file: path, nonFinite: true)
        func refuse(_ what: String, _ note: String) -> DPPAError {
            DPPAError(.data, "\(path): \(what)", notes: [note])
        }
        let type = config["peft_type"]?.string ?? "LORA"
        guard type == "LORA" else {
            throw refuse(
                "\(type.shown) adapters are not read, only LORA ones",
                "put it into its base first: load both with peft, then merge_and_unload() and save_pretrained(directory)"
            )
        }
        let start = config["init_lora_weights"]?.string?.lowercased() ?? ""
        if let method = ["pissa", "olora", "corda", "loftq", "lora_ga"].first(where: start.hasPrefix) {
            throw refuse(
                "its factors were initialised by \(method), which changed the base: they are no difference to the original one",
                "save it with peft's path_initial_model_for_weight_conversion, or merge it with peft into the changed base"
            )
        }
        for key in ["layer_replication", "alora_invocation_tokens"] {
            guard let value = config[key], !value.isNull, value.array?.isEmpty != true else { continue }
            throw refuse("\(key) is not read", "merge the adapter into its base with peft first")
        }
        parameters = config["target_parameters"]?.array?.compactMap(\.string) ?? []
        tokenRows = config["trainable_token_indices"]
        alpha = config["lora_alpha"]?.double ?? 8
        isStabilised = config["use_rslora"]?.bool ?? false
        isTransposed = config["fan_in_fan_out"]?.bool ?? false
        hasMagnitudes = config["use_dora"]?.bool ?? false
        baseName = config["base_model_name_or_path"]?.string
        alphas = try (config["alpha_pattern"]?.object?.members ?? []).map { pattern, value in
            guard let alpha = value.double, let expression = try? NSRegularExpression(pattern: "^(.*\\.)?(\(pattern))$")
            else { throw refuse("alpha_pattern has '\(pattern.shown)': \(value)", "it must be a pattern and a number") }
            return (expression, alpha)
        }
    }

    /// The rows of a module that have values of their own, in the order of those; nil where the file does not say.
    func rows(of module: String) -> [Int]? {
        let names = tokenRows?.object?.members.filter { module == $0.name || module.hasSuffix("." + $0.name) }
        let values = (names?.first?.value ?? tokenRows)?.array
        guard let rows = values?.compactMap(\.int), rows.count == values?.count else { return nil }
        return rows
    }

    /// s = alpha / r, or alpha / √r where it is stabilised (rsLoRA).
    func scale(_ module: String, rank: Int) -> Double {
        let range = NSRange(module.startIndex..., in: module)
        let own = alphas.first { $0.pattern.firstMatch(in: module, range: range) != nil }?.alpha
        return (own ?? alpha) / (isStabilised ? Double(rank).squareRoot() : Double(rank))
    }
}
