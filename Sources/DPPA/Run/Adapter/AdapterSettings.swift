import DPPACheckpoint
import DPPASupport

/// adapter_config.json of PEFT.
struct AdapterSettings {
    private let plan: AdapterPlan
    /// The rank of each module, by the name of the base's tensor.
    private let ranks: [String: Int]

    init(_ plan: AdapterPlan, ranks: [String: Int]) { (self.plan, self.ranks) = (plan, ranks) }

    /// The text: every scale alpha / r is 1.
    var text: String {
        let largest = ranks.values.max() ?? 1
        let others = plan.modules.compactMap { module -> (name: String, value: JSONValue)? in
            guard let rank = ranks[module.facts.name], rank != largest else { return nil }
            return (pattern(module.path), .integer(rank))
        }
        let beside = plan.whole.filter(plan.isBeside)
        let saved = Set(plan.whole.filter { !plan.isBeside($0) }.map(plan.names.module)).sorted()
        let origin = plan.base.origin
        let config: JSONObject = [
            "peft_type": .string("LORA"), "task_type": JSONValue(plan.names.task), "inference_mode": .bool(true),
            "base_model_name_or_path": .string(origin.repository ?? plan.base.shownName),
            "revision": JSONValue(origin.revision), "r": .integer(largest), "lora_alpha": .integer(largest),
            "rank_pattern": .object(JSONObject(others)), "alpha_pattern": .object(JSONObject(others)),
            "target_modules": JSONValue(targets), "modules_to_save": saved.isEmpty ? .null : JSONValue(saved),
            "bias": .string(beside.isEmpty ? "none" : "lora_only"), "fan_in_fan_out": .bool(plan.names.isTransposed),
            "lora_dropout": .double(0), "use_dora": .bool(false), "use_rslora": .bool(false),
            "init_lora_weights": .bool(true),
        ]
        return JSONValue.object(config).lines
    }

    /// The last words of the modules' paths where they mean these and no others, else the paths.
    private var targets: [String] {
        let paths = Set(plan.modules.map(\.path))
        func word(_ path: String) -> String { path.split(separator: ".").last.map(String.init) ?? path }
        let words = Set(paths.map(word))
        let others = plan.base.weights.map(plan.names.module).filter { !paths.contains($0) }
        return others.contains { words.contains(word($0)) } ? paths.sorted() : words.sorted()
    }

    /// A path as a regular expression, which PEFT looks for at the end of a module's path: anchored where another one ends like it.
    private func pattern(_ path: String) -> String {
        plan.modules.contains { $0.path.hasSuffix("." + path) } ? "^" + path : path
    }
}
