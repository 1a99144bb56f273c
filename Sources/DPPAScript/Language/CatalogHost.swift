import DPPA

/// The Lua sources that ship inside the program.
package enum LibraryTexts {
    /// What is no module: the host itself runs these, and `template` is what `dppa-run new` writes.
    static let hidden: Set<String> = ["sandbox", "prelude", "methods", "template"]

    /// By name; a module is what `require "dppa.NAME"` gives.
    package static let all: [String: String] = [
        "alps": text(PackageResources.alps_lua), "arcee_fusion": text(PackageResources.arcee_fusion_lua),
        "average": text(PackageResources.average_lua),
        "breadcrumbs": text(PackageResources.breadcrumbs_lua),
        "breadcrumbs_ties": text(PackageResources.breadcrumbs_ties_lua),
        "candidates": text(PackageResources.candidates_lua), "cma": text(PackageResources.cma_lua),
        "combine": text(PackageResources.combine_lua), "consensus": text(PackageResources.consensus_lua),
        "dare": text(PackageResources.dare_lua), "dare_ties": text(PackageResources.dare_ties_lua),
        "della": text(PackageResources.della_lua), "della_linear": text(PackageResources.della_linear_lua),
        "dp": text(PackageResources.dp_lua), "dpa": text(PackageResources.dpa_lua),
        "dsnot": text(PackageResources.dsnot_lua), "drm": text(PackageResources.drm_lua),
        "emr": text(PackageResources.emr_lua),
        "fisher": text(PackageResources.fisher_lua),
        "great_circle": text(PackageResources.great_circle_lua), "iso_c": text(PackageResources.iso_c_lua),
        "iso_cts": text(PackageResources.iso_cts_lua), "karcher": text(PackageResources.karcher_lua),
        "knots": text(PackageResources.knots_lua),
        "line_search": text(PackageResources.line_search_lua), "lines": text(PackageResources.lines_lua),
        "localize_and_stitch": text(PackageResources.localize_and_stitch_lua),
        "magic": text(PackageResources.magic_lua), "magmax": text(PackageResources.magmax_lua),
        "mergekit": text(PackageResources.mergekit_lua), "methods": text(PackageResources.methods_lua),
        "model_stock": text(PackageResources.model_stock_lua),
        "multislerp": text(PackageResources.multislerp_lua), "nearswap": text(PackageResources.nearswap_lua),
        "nuslerp": text(PackageResources.nuslerp_lua), "objective": text(PackageResources.objective_lua),
        "owl": text(PackageResources.owl_lua),
        "passthrough": text(PackageResources.passthrough_lua),
        "pcb": text(PackageResources.pcb_lua),
        "prelude": text(PackageResources.prelude_lua),
        "pruning": text(PackageResources.pruning_lua),
        "ram": text(PackageResources.ram_lua),
        "ramplus_tl": text(PackageResources.ramplus_tl_lua),
        "random": text(PackageResources.random_lua),
        "regmean": text(PackageResources.regmean_lua),
        "rescale": text(PackageResources.rescale_lua),
        "ria": text(PackageResources.ria_lua),
        "sandbox": text(PackageResources.sandbox_lua),
        "sce": text(PackageResources.sce_lua),
        "search": text(PackageResources.search_lua),
        "search_space": text(PackageResources.search_space_lua),
        "slerp": text(PackageResources.slerp_lua),
        "sobol": text(PackageResources.sobol_lua),
        "sparsegpt": text(PackageResources.sparsegpt_lua),
        "sparsify": text(PackageResources.sparsify_lua),
        "spectral": text(PackageResources.spectral_lua),
        "star": text(PackageResources.star_lua),
        "strategies": text(PackageResources.strategies_lua),
        "subspace_boosting": text(PackageResources.subspace_boosting_lua), "svc": text(PackageResources.svc_lua),
        "tall_masks": text(PackageResources.tall_masks_lua),
        "task_arithmetic": text(PackageResources.task_arithmetic_lua),
        "template": text(PackageResources.template_lua), "ties": text(PackageResources.ties_lua),
        "tsv": text(PackageResources.tsv_lua), "wanda": text(PackageResources.wanda_lua),
        "wudi": text(PackageResources.wudi_lua),
    ]

    /// Digests of the texts of modules, and of what stands under all of them.
    static func digests(of modules: [String]) -> [String: String] {
        let names = modules + ["prelude", "methods"]
        return Dictionary(
            names.map { ($0, Digest.of(Array((all[$0] ?? "").utf8)).description) },
            uniquingKeysWith: { first, _ in first })
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}

extension Catalog {
    /// A host with all names of the language, for one run.
    static func host(
        _ session: RecipeSession, limits: ScriptLimits, isInterrupted: @escaping @Sendable () -> Bool,
        print: @escaping @Sendable (String) -> Void
    ) -> ScriptHost {
        func byName(_ functions: [Function]) -> [String: Function] {
            Dictionary(
                functions.filter { $0.body != nil }.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        }
        return ScriptHost(
            limits: limits,
            names: ScriptHost.Names(
                groups: [
                    ("functions", byName(functions)), ("methods", byName(methods)), ("inner", byName(inner)),
                    ("operators", operators), ("function_checks", byName(functions.map(check(of:)))),
                    ("method_checks", byName(methods.map(check(of:)))),
                ],
                types: [
                    ("field", { $0 is NodeObject }), ("group", { $0 is ScopeObject || $0 is GroupObject }),
                    ("gradient", { $0 is GradientObject }), ("spread", { $0 is any SpreadObject }),
                ]),
            trusted: LibraryTexts.all, context: session, isInterrupted: isInterrupted, print: print)
    }
}
