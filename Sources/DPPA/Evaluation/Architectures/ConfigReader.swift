import DPPACheckpoint
import DPPAKernels
import DPPASupport
import Foundation

/// Typed access to the keys of a config.json, which remembers what was asked for: what nobody asked for must not matter.
struct ConfigReader {
    private let values: [String: Any]
    private let label: String
    private let log = Log()

    private final class Log {
        var keys: Set<String> = []
    }

    init(_ text: String?, label: String) throws {
        guard let text else {
            throw DPPAError(
                .data, "\(label) has no config.json, so its architecture is not known",
                notes: ["score a model directory, not a single file"])
        }
        guard let object = ConfigText.object(text) else {
            throw DPPAError(.data, "\(label): config.json is not a JSON object")
        }
        self.init(object, label: label)
    }

    private init(_ values: [String: Any], label: String) {
        self.values = values
        self.label = label
    }

    private func value(_ key: String) -> Any? {
        log.keys.insert(key)
        return values[key].flatMap { $0 is NSNull ? nil : $0 }
    }

    /// Whether a key has a value that is not null.
    func has(_ key: String) -> Bool { value(key) != nil }

    /// What a key that is left out stands for; a key that is null stands for nothing.
    private func absent<Value>(_ key: String, _ value: Value?) -> Value? { values[key] == nil ? value : nil }

    /// The reader of an object inside.
    func object(_ key: String) throws -> ConfigReader? {
        guard let value = value(key) else { return nil }
        guard let object = value as? [String: Any] else { throw unsupported(key, "an object") }
        return ConfigReader(object, label: label)
    }

    func text(_ key: String) throws -> String? {
        guard let value = value(key) else { return nil }
        guard let text = value as? String else { throw unsupported(key, "a text") }
        return text
    }

    func number(_ key: String) throws -> Double? {
        guard let value = value(key) else { return nil }
        guard let number = JSONNumber.number(value)?.doubleValue, number.isFinite else {
            throw unsupported(key, "a number")
        }
        return number
    }

    /// A number above 0 that stays one in float32; `absent` is what the key stands for where it is left out, not where it
    /// is null.
    func positive(_ key: String, absent: Float? = nil) throws -> Float? {
        guard let number = try number(key).map(Float.init) else { return self.absent(key, absent) }
        guard number > 0, number.isFinite else { throw unsupported(key, "a number above 0") }
        return number
    }

    func flag(_ key: String) throws -> Bool? {
        guard let value = value(key) else { return nil }
        guard let flag = JSONNumber.flag(value) else { throw unsupported(key, "true or false") }
        return flag
    }

    /// A whole number from 1 to a limit, so that sizes can be computed with before the tensors have been looked at;
    /// `absent` as for `positive`.
    func optionalCount(_ key: String, limit: Int = 1_000_000_000, absent: Int? = nil) throws -> Int? {
        guard let number = try number(key) else { return self.absent(key, absent) }
        guard number >= 1, number <= Double(limit), let count = Int(exactly: number) else {
            throw unsupported(key, "a whole number from 1 to \(limit)")
        }
        return count
    }

    func count(_ key: String, limit: Int = 1_000_000_000) throws -> Int {
        guard let count = try optionalCount(key, limit: limit) else {
            throw DPPAError(.data, "\(label): config.json lacks '\(key)'")
        }
        return count
    }

    /// A list of whole numbers from 0.
    func indices(_ key: String) throws -> [Int]? {
        guard let value = value(key) else { return nil }
        guard let list = value as? [Any] else { throw unsupported(key, "a list of whole numbers from 0") }
        return try list.map { entry in
            guard let index = JSONNumber.whole(entry), index >= 0 else {
                throw unsupported(key, "a list of whole numbers from 0")
            }
            return index
        }
    }

    /// For each of some layers, one of a few words; nil if the key is left out.
    func layerTypes(_ key: String, layers: Int, among known: [String]) throws -> [String]? {
        guard let value = value(key) else { return nil }
        guard let types = value as? [String], types.count == layers else {
            throw unsupported(key, "a list with one for each of \(layers) layers")
        }
        guard types.allSatisfy(known.contains) else { throw unsupported(key, known.joined(separator: " or ")) }
        return types
    }

    /// The function that a key names.
    func activation(_ key: String, absent: ActivationFunction) throws -> ActivationFunction {
        guard let name = try text(key) else { return absent }
        guard let function = ActivationFunction.allCases.first(where: { $0.names.contains(name) }) else {
            throw unsupported(key, ActivationFunction.allCases.flatMap(\.names).joined(separator: " or "))
        }
        return function
    }

    /// How many experts a layer has and how many a token goes to; older files say `num_experts`, newer `num_local_experts`.
    func experts(absent: Int, active: Int) throws -> (count: Int, active: Int) {
        let older = try optionalCount("num_experts", limit: 65_536)
        let count = try optionalCount("num_local_experts", limit: 65_536) ?? older ?? absent
        guard older == nil || older == count else {
            throw unsupported("num_experts", "one number beside num_local_experts (\(count))")
        }
        let active = try optionalCount("num_experts_per_tok") ?? active
        guard active <= count else { throw unsupported("num_experts_per_tok", "\(count) at most, all experts") }
        return (count, active)
    }

    /// Throws if a flag that the family knows, and the evaluator does not, is on.
    func requireOff(_ keys: String...) throws {
        for key in keys where try flag(key) == true { throw unsupported(key, "false") }
    }

    /// Throws if there are other keys.
    func requireKeys(_ known: [String]) throws {
        for key in values.keys.sorted() where !known.contains(key) && has(key) {
            throw unsupported(key, "\(known.joined(separator: ", ")) beside it")
        }
    }

    /// Throws if a key that changes numbers in some family has a value and was not asked for.
    func requireNothingElse() throws {
        for key in Self.keysThatMatter where !log.keys.contains(key) {
            guard let value = value(key) else { continue }
            // A factor of 1 and a flag that is off change nothing.
            if JSONNumber.number(value)?.doubleValue == 1 || JSONNumber.flag(value) == false { continue }
            let type = (values["model_type"] as? String)?.shown ?? ""
            throw unsupported(key, "nothing like it in \(type) models")
        }
    }

    /// Keys that change what a model computes in one family or another.
    private static let keysThatMatter = [
        "num_experts", "num_local_experts", "n_routed_experts", "n_shared_experts", "shared_expert_intermediate_size",
        "moe_intermediate_size", "partial_rotary_factor", "rotary_pct", "rotary_dim", "rope_local_base_freq",
        "rope_parameters", "rope_scaling", "no_rope_layers", "alibi", "final_logit_softcapping",
        "attn_logit_softcapping", "query_pre_attn_scalar", "logits_scaling", "logit_scale", "embedding_multiplier",
        "residual_multiplier", "attention_multiplier", "scale_emb", "scale_depth", "clip_qkv", "use_qk_norm",
        "use_bidirectional_attention", "add_cross_attention", "parallel_attn", "use_parallel_residual",
        "kv_lora_rank", "attention_chunk_size", "attention_sink_size", "use_sliding_window", "is_encoder_decoder",
    ]

    /// The error for a key whose value cannot be honoured.
    func unsupported(_ key: String, _ expected: String) -> DPPAError {
        let got = value(key).map { "'\(key)' is \(String(describing: $0).shown)" } ?? "lacks '\(key)'"
        return DPPAError(
            .data, "\(label): config.json: \(got); the built-in evaluator knows \(expected)",
            notes: [
                "a recipe can have it scored by another program: run or measure with --evaluator 'command {model}', and "
                    + "tasks named external:NAME"
            ])
    }
}
