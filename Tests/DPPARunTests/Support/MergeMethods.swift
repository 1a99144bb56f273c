/// The merge methods that ship, and which models the recipe of each takes.
enum MergeMethods {
    static let all = [
        "arcee_fusion", "average", "breadcrumbs", "breadcrumbs_ties", "consensus", "dare", "dare_ties", "della",
        "della_linear", "drm", "emr", "fisher", "iso_c", "iso_cts", "karcher", "knots", "lines", "localize_and_stitch",
        "magic", "magmax", "model_stock", "multislerp", "nearswap", "nuslerp", "passthrough", "pcb", "ram",
        "ramplus_tl", "sce", "slerp", "star", "subspace_boosting", "svc", "task_arithmetic", "ties", "tsv", "wudi",
    ]
    /// Those that decompose matrices.
    static let spectral = [
        "drm", "iso_c", "iso_cts", "knots", "star", "subspace_boosting", "svc", "tsv", "wudi",
    ]
    /// What the library's methods are made of.
    static let parts = ["combine", "great_circle", "mergekit", "rescale", "sparsify", "spectral", "tall_masks"]

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
