/// The merge methods that ship, and which models the recipe of each takes.
enum MergeMethods {
    static let all = [
        "arcee_fusion", "average", "breadcrumbs", "breadcrumbs_ties", "consensus", "dare", "dare_ties", "della",
        "della_linear", "emr", "fisher", "karcher", "lines", "localize_and_stitch", "magic", "magmax", "model_stock",
        "multislerp", "nearswap", "nuslerp", "passthrough", "pcb", "ram", "ramplus_tl", "sce", "slerp",
        "task_arithmetic", "ties",
    ]
    /// What the library's methods are made of.
    static let parts = ["combine", "great_circle", "mergekit", "rescale", "sparsify", "tall_masks"]

    /// The options that name the models: as many of the experts as the method takes.
    static func models(_ method: String, base: String, experts: [String]) -> [String: String] {
        let (all, first) = (experts.joined(separator: ","), experts.first ?? "")
        switch method {
        case "average", "karcher": return ["experts": all]
        case "passthrough": return ["expert": first]
        case "nearswap", "arcee_fusion", "dp": return ["base": base, "expert": first]
        case "slerp": return ["base": base, "experts": first]
        case "nuslerp": return ["base": base, "experts": experts.prefix(2).joined(separator: ",")]
        default: return ["base": base, "experts": all]
        }
    }
}
