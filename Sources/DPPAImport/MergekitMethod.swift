import DPPASupport

/// A merge method as mergekit has it, and what it is here.
struct MergekitMethod: Sendable {
    /// What a parameter is.
    enum Kind: Sendable { case number, whole, flag }

    /// Whose a parameter is: of the whole merge, of each model but the base, or of each model.
    enum Scope: Sendable { case shared, experts, models }

    /// How it is written here.
    enum Form: Sendable {
        /// An option, which may be another number for each tensor or must be one for all.
        case option(String, isPerTensor: Bool)
        /// An option that is 1 less what mergekit's is.
        case rest(String)
        /// An option of two texts, for true and false.
        case choice(String, yes: String, no: String)
        /// It has no effect on the numbers.
        case nothing(String)
        /// What `nuslerp_flatten` and `nuslerp_row_wise` come to.
        case axis
    }

    struct Parameter: Sendable {
        var name: String
        var kind: Kind
        var scope: Scope
        var form: Form
        var isRequired = false
        /// What mergekit takes where nothing is said, of what may differ from tensor to tensor.
        var fallback: Double?
    }

    /// How many models it takes, and how they are called.
    enum Inputs: Sendable {
        /// A list of models; a base is one of them.
        case models
        /// One model.
        case one
        /// The base and one other.
        case pair
        /// The base and at least so many others.
        case experts(least: Int)
        /// A base or none, and so many others.
        case vectors(least: Int, most: Int?)
    }

    var name: String
    /// The module that computes it.
    var module: String
    var inputs: Inputs
    var parameters: [Parameter]
    /// Whether it has bfloat16 at every step.
    var rounds = true
    /// Whether what it draws depends on a seed.
    var isRandom = false
    /// Whether it gives float32 whatever the models are.
    var isWide = false

    func parameter(_ name: String) -> Parameter? { parameters.first { $0.name == name } }

    /// The parameters of all methods.
    static let known = Set(all.flatMap { $0.parameters.map(\.name) })

    /// The method of a name.
    ///
    /// Throws with what may be meant.
    static func named(_ value: YAMLValue) throws -> MergekitMethod {
        guard let name = value.text else { throw value.error("merge_method is a name; this is \(value.described)") }
        if let found = all.first(where: { $0.name == name }) { return found }
        let names = all.map(\.name).sorted()
        throw value.error(
            "mergekit has no method '\(name.shown)'" + Suggestions.hint(for: name, among: names),
            notes: ["methods are \(names.joined(separator: ", "))"])
    }
}

/// The twenty of mergekit 0.1.5.
extension MergekitMethod {
    private static func number(
        _ name: String, as option: String? = nil, _ scope: Scope = .shared, isRequired: Bool = false,
        else fallback: Double? = nil
    ) -> Parameter {
        Parameter(
            name: name, kind: .number, scope: scope,
            form: .option(option ?? name, isPerTensor: isRequired || fallback != nil), isRequired: isRequired,
            fallback: fallback)
    }

    private static func flag(_ name: String, as option: String? = nil) -> Parameter {
        Parameter(name: name, kind: .flag, scope: .shared, form: .option(option ?? name, isPerTensor: false))
    }

    private static let weight = number("weight", as: "weights", .experts, isRequired: true)
    private static let mask = Parameter(
        name: "int8_mask", kind: .flag, scope: .shared, form: .nothing("it is how mergekit stores masks"))

    /// The family of task vectors.
    private static func deltas(_ name: String, as module: String? = nil, isRandom: Bool = false, _ more: [Parameter])
        -> MergekitMethod
    {
        MergekitMethod(
            name: name, module: module ?? name, inputs: .experts(least: 0),
            parameters: [
                weight, flag("normalize"),
                Parameter(
                    name: "rescale", kind: .flag, scope: .shared,
                    form: name == "task_arithmetic"
                        ? .nothing("it drops nothing to make up for") : .choice("rescale", yes: "l1", no: "none")),
                number("lambda", else: 1), mask,
            ] + more, isRandom: isRandom)
    }

    private static let density = number("density", .experts, else: 1)
    private static let rate = Parameter(
        name: "density", kind: .number, scope: .experts, form: .rest("rate"), fallback: 1)

    static let all: [MergekitMethod] = [
        MergekitMethod(
            name: "linear", module: "average", inputs: .models,
            parameters: [number("weight", as: "weights", .models, isRequired: true), flag("normalize")]),
        MergekitMethod(name: "slerp", module: "slerp", inputs: .pair, parameters: [number("t", isRequired: true)]),
        MergekitMethod(
            name: "nuslerp", module: "nuslerp", inputs: .vectors(least: 2, most: 2),
            parameters: [weight]
                + ["nuslerp_flatten", "nuslerp_row_wise"].map {
                    Parameter(name: $0, kind: .flag, scope: .shared, form: .axis)
                },
            rounds: false),
        MergekitMethod(
            name: "multislerp", module: "multislerp", inputs: .vectors(least: 1, most: nil),
            parameters: [weight, flag("normalize_weights", as: "normalize"), number("eps")], rounds: false),
        MergekitMethod(
            name: "karcher", module: "karcher", inputs: .models,
            parameters: [
                Parameter(
                    name: "max_iter", kind: .whole, scope: .shared, form: .option("max_iter", isPerTensor: false)),
                number("tol"),
            ], rounds: false),
        deltas(
            "task_arithmetic",
            [Parameter(name: "density", kind: .number, scope: .experts, form: .nothing("task arithmetic keeps all"))]),
        deltas("ties", [density]), deltas("dare_linear", as: "dare", isRandom: true, [rate]),
        deltas("dare_ties", isRandom: true, [rate]),
        deltas("breadcrumbs", [density, number("gamma", .experts, else: 0.01)]),
        deltas("breadcrumbs_ties", [density, number("gamma", .experts, else: 0.01)]),
        deltas("della", isRandom: true, [density, number("epsilon", .experts, else: 0.15)]),
        deltas("della_linear", isRandom: true, [density, number("epsilon", .experts, else: 0.15)]),
        MergekitMethod(
            name: "sce", module: "sce", inputs: .experts(least: 0), parameters: [number("select_topk", else: 1), mask],
            rounds: false),
        MergekitMethod(
            name: "ram", module: "ram", inputs: .experts(least: 0), parameters: [number("epsilon", else: 1e-5)]),
        MergekitMethod(
            name: "ramplus_tl", module: "ramplus_tl", inputs: .experts(least: 0),
            parameters: [number("r", else: 0.1), number("alpha", else: 0.2), number("epsilon", else: 1e-5)],
            isWide: true),
        MergekitMethod(
            name: "model_stock", module: "model_stock", inputs: .experts(least: 2),
            parameters: [
                Parameter(
                    name: "filter_wise", kind: .flag, scope: .shared, form: .choice("scope", yes: "row", no: "tensor"))
            ], rounds: false),
        MergekitMethod(
            name: "nearswap", module: "nearswap", inputs: .pair, parameters: [number("t", isRequired: true)]),
        MergekitMethod(
            name: "arcee_fusion", module: "arcee_fusion", inputs: .pair, parameters: [], rounds: false, isWide: true),
        MergekitMethod(
            name: "passthrough", module: "passthrough", inputs: .one, parameters: [number("scale", .models, else: 1)]),
    ]
}
