import DPPASupport

/// The arguments of a call of PEFT's `add_weighted_adapter`, with the base that the adapters go onto, as a file says them.
struct AdapterMerge {
    /// How adapters are joined.
    enum Combination: String, CaseIterable {
        case cat, svd, linear, ties, dareLinear = "dare_linear", dareTies = "dare_ties", prune = "magnitude_prune"
        case tiesSVD = "ties_svd", dareLinearSVD = "dare_linear_svd", dareTiesSVD = "dare_ties_svd"
        case pruneSVD = "magnitude_prune_svd"

        /// What makes deltas sparse before they are joined.
        enum Pruning { case magnitude, random }

        var pruning: Pruning? {
            switch self {
            case .cat, .svd, .linear: nil
            case .ties, .tiesSVD, .prune, .pruneSVD: .magnitude
            case .dareLinear, .dareLinearSVD, .dareTies, .dareTiesSVD: .random
            }
        }
        /// Whether signs are elected.
        var elects: Bool { [.ties, .tiesSVD, .dareTies, .dareTiesSVD].contains(self) }
        /// The one that joins what the adapters do, where this one joins their factors.
        var ofProducts: Combination? {
            switch self {
            case .linear: .svd
            case .ties: .tiesSVD
            case .dareLinear: .dareLinearSVD
            case .dareTies: .dareTiesSVD
            case .prune: .pruneSVD
            default: nil
            }
        }
    }

    let base: MergekitModel
    let adapters: [MergekitModel]
    let weights: [Double]
    let combination: Combination
    /// Of the result; nil for the largest of the adapters'.
    let rank: Int?
    /// The share of a delta that is kept; 1 where nothing is pruned.
    let density: Double
    /// Whether signs are elected by their number, not by sums.
    let isByNumber: Bool
    /// What cannot be had, with what is given in its place.
    private(set) var refusals: [ImportNote] = []
    /// What is passed over because it changes no number.
    private(set) var notes: [ImportNote] = []

    private static let keys = [
        "base", "adapters", "weights", "combination_type", "density", "majority_sign_method", "svd_rank", "svd_clamp",
        "svd_full_matrices", "svd_driver", "adapter_name",
    ]

    /// Whether a file is such a call.
    static func recognises(_ document: YAMLValue) -> Bool {
        let keys = Set(document.members?.map(\.key) ?? [])
        return !keys.isDisjoint(with: ["adapters", "adapter_names", "combination_type"])
            && !keys.contains("merge_method")
    }

    /// Reads a call.
    ///
    /// Throws at the first thing that PEFT would not take, or that would have no effect it was meant to have.
    init(_ document: YAMLValue) throws {
        try KnownKeys(Self.keys, of: "a call of add_weighted_adapter").check(document.members ?? [])
        guard let base = document.given("base") else {
            throw document.error("there is no base", notes: ["the model that the adapters go onto: \"base\": \"path\""])
        }
        self.base = try MergekitModel(base)
        guard let list = document.given("adapters")?.list, !list.isEmpty else {
            throw (document.given("adapters") ?? document).error("'adapters' is a list of paths")
        }
        adapters = try list.map { value in
            let adapter = try MergekitModel(value)
            guard !adapter.reference.contains("+") else {
                throw value.error("'\(adapter.reference.shown)' is a model with an adapter on it, and no adapter")
            }
            return adapter
        }
        for (place, adapter) in adapters.enumerated() where adapters[..<place].contains(adapter) {
            throw list[place].error(
                "\(adapter.reference.shown) is listed twice", notes: ["list it once, with the sum of its weights"])
        }
        guard let given = document.given("weights")?.list else {
            throw (document.given("weights") ?? document).error("'weights' is a list of numbers, one for each adapter")
        }
        weights = try given.map { value in
            guard let number = value.number else {
                throw value.error("a weight is a number; this is \(value.described)")
            }
            return number
        }
        guard weights.count == adapters.count else {
            throw (document.given("weights") ?? document).error(
                "there \(weights.count == 1 ? "is" : "are") \(Phrase.counted(weights.count, "weight")) for "
                    + Phrase.counted(adapters.count, "adapter"))
        }
        var said = try Self.combination(document.given("combination_type"))
        let written = said
        // PEFT does so too, and of one adapter the product of weighted factors is the weighted product.
        if adapters.count == 1 { said = .cat }
        var notes: [ImportNote] = []
        func passOver(_ key: String, _ why: String) {
            guard let value = document.given(key) else { return }
            notes.append(ImportNote("\(key) is left out: \(why)", value.place))
        }
        if adapters.count == 1, written != .cat, written != .linear {
            passOver("combination_type", "PEFT takes one adapter as it is, times its weight")
        }
        for key in ["svd_full_matrices", "svd_driver"] { passOver(key, "it changes no number") }
        passOver("adapter_name", "the result is called as its folder is")
        density = try Self.density(document, said)
        let alone = adapters.count == 1 ? "one adapter is taken as it is" : nil
        if said.pruning == nil { passOver("density", alone ?? "\(said.rawValue) prunes nothing") }
        isByNumber = try Self.isByNumber(document.given("majority_sign_method"))
        if !said.elects { passOver("majority_sign_method", alone ?? "\(said.rawValue) elects no signs") }
        var rank: Int?
        if let value = document.given("svd_rank") {
            guard let number = value.int, number >= 1 else {
                throw value.error("'svd_rank' is a whole number from 1; this is \(value.described)")
            }
            rank = number
        }
        if !said.rawValue.hasSuffix("svd") {
            for key in ["svd_rank", "svd_clamp"] { passOver(key, alone ?? "\(said.rawValue) decomposes nothing") }
            rank = nil
        } else if let clamp = document.given("svd_clamp") {
            refusals.append(
                ImportNote(
                    "svd_clamp cuts off the largest numbers of the factors, which is not carried over: remove this line for the "
                        + "factors as they are", clamp.place))
        }
        if let other = said.ofProducts {
            refusals.append(
                ImportNote(
                    "\(said.rawValue) joins the factors A and B by themselves, so that the A of one adapter meets the B of "
                        + "another: it is not carried over. What follows is \(other.rawValue), which joins what the adapters do; "
                        + "remove this line if that is meant",
                    document.given("combination_type")?.place ?? document.place))
        }
        self.rank = rank
        combination = said.ofProducts ?? said
        self.notes = notes
    }

    private static func combination(_ value: YAMLValue?) throws -> Combination {
        guard let value else { return .svd }
        guard let known = value.text.flatMap(Combination.init) else {
            let names = Combination.allCases.map(\.rawValue)
            throw value.error(
                "'combination_type' is none of PEFT's: \(value.described)"
                    + Suggestions.hint(for: value.text ?? "", among: names),
                notes: ["it is one of \(names.joined(separator: ", "))"])
        }
        return known
    }

    private static func density(_ document: YAMLValue, _ combination: Combination) throws -> Double {
        guard let value = document.given("density") else {
            guard combination.pruning == nil else {
                throw document.error(
                    "\(combination.rawValue) needs a density", notes: ["\"density\": 0.5 keeps a half"])
            }
            return 1
        }
        guard let density = value.number, density >= 0, density <= 1 else {
            throw value.error("'density' is a number from 0 to 1; this is \(value.described)")
        }
        guard combination.pruning != nil, density == 0 else { return combination.pruning == nil ? 1 : density }
        throw value.error("a density of 0 keeps nothing")
    }

    private static func isByNumber(_ value: YAMLValue?) throws -> Bool {
        guard let value else { return false }
        guard let text = value.text, ["total", "frequency"].contains(text) else {
            throw value.error("'majority_sign_method' is total or frequency; this is \(value.described)")
        }
        return text == "frequency"
    }
}
