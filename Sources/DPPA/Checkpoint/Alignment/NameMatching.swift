import DPPASupport

/// Which tensor of a model is which of another: by equal names, and by names that differ in what wrappers put before them.
package struct NameMatching {
    /// The model's name by the reference's.
    private(set) var own: [String: String] = [:]
    /// What stood before the same name on both sides, where it differed, with one example's count each.
    private(set) var prefixes: [Prefix: Int] = [:]

    struct Prefix: Hashable {
        var own: String
        var reference: String
    }

    /// Words that classes of models put before the names of what they hold.
    private static let wrappers: Set<String> = [
        "model", "language_model", "text_model", "llm", "base_model", "backbone", "transformer", "gpt_neox",
        "bert", "roberta", "distilbert", "electra", "deberta", "mpnet", "vit",
    ]
    /// A name without what wrappers put before it: `language_model.model.layers.0.…` and `model.language_model.layers.0.…` are
    /// `layers.0.…`.
    package static func core(_ name: String) -> String {
        let rest = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let first = rest.dropLast().firstIndex { !wrappers.contains($0) } ?? max(0, rest.count - 2)
        return rest[first...].joined(separator: ".")
    }

    /// Matches the weights of two models.
    ///
    /// Throws `data` when a renaming matches nothing, or gives two tensors one name.
    init(_ model: OpenModel, to reference: OpenModel, _ options: AlignmentOptions) throws {
        let renamed = try Self.renamed(model, options.names)
        let theirs = Set(reference.weights.map(\.name))
        for (given, name) in renamed where theirs.contains(given) { own[given] = name }
        guard own.count < renamed.count else { return }
        // A core that stands for two tensors of one side tells nothing.
        let ownCores = Self.unique(renamed.keys)
        for (core, name) in Self.unique(theirs) where own[name] == nil {
            guard let given = ownCores[core], !theirs.contains(given), let tensor = renamed[given] else { continue }
            own[name] = tensor
            prefixes[Self.prefix(given, name), default: 0] += 1
        }
    }

    /// The differences of names, in words; nil where there are none.
    var description: String? {
        guard !prefixes.isEmpty else { return nil }
        let pairs = prefixes.sorted {
            ($1.value, $0.key.own, $0.key.reference) < ($0.value, $1.key.own, $1.key.reference)
        }
        let words = pairs.prefix(2).map { "\(shown($0.key.own)) to \(shown($0.key.reference))" }
        let count = prefixes.values.reduce(0, +)
        return "\(Phrase.counted(count, "name")) matched, \(words.joined(separator: " and "))"
            + (pairs.count > 2 ? " and more" : "")
    }

    private func shown(_ prefix: String) -> String { prefix.isEmpty ? "nothing" : "'\(prefix.shown)'" }

    /// The names of cores that only one of some names has.
    private static func unique(_ names: some Sequence<String>) -> [String: String] {
        let groups = Dictionary(grouping: names, by: core)
        return groups.compactMapValues { $0.count == 1 ? $0[0] : nil }
    }

    /// What two names do not have in common at their ends, to the dot.
    private static func prefix(_ own: String, _ reference: String) -> Prefix {
        var (a, b) = (own.split(separator: ".")[...], reference.split(separator: ".")[...])
        while let last = a.last, last == b.last {
            a.removeLast()
            b.removeLast()
        }
        func text(_ parts: ArraySlice<Substring>) -> String { parts.map { $0 + "." }.joined() }
        return Prefix(own: text(a), reference: text(b))
    }
}

/// Names that a person gives.
extension NameMatching {
    /// The model's names by what they are to be called.
    private static func renamed(_ model: OpenModel, _ rules: [String: String]) throws -> [String: String] {
        var names: [String: String] = [:]
        var used: Set<String> = []
        for facts in model.weights {
            let fitting = rules.keys.sorted().compactMap { rule in stars(rule, facts.name).map { (rule, $0) } }
            guard fitting.count < 2 else {
                throw DPPAError(
                    .data, "names: \(facts.name.shown) matches '\(fitting[0].0.shown)' and '\(fitting[1].0.shown)'",
                    notes: ["make the globs disjoint: a tensor has one name"])
            }
            var given = facts.name
            if let (rule, parts) = fitting.first, let pattern = rules[rule] {
                used.insert(rule)
                given = try filled(pattern, parts, rule)
            }
            if let other = names.updateValue(facts.name, forKey: given) {
                throw DPPAError(
                    .data,
                    "names: \(other.shown) and \(facts.name.shown) of \(model.title) would both be \(given.shown)",
                    notes: ["let each rule name tensors of its own"])
            }
        }
        if let unused = rules.keys.sorted().first(where: { !used.contains($0) }) {
            throw DPPAError(
                .data, "names: '\(unused.shown)' matches no tensor of \(model.title)",
                notes: ["its tensors are called \(Phrase.list(model.weights.map(\.name), limit: 3)), …"])
        }
        return names
    }

    /// What the stars of a pattern stand for in a name, each as little as possible; nil where it does not match.
    package static func stars(_ pattern: String, _ name: String) -> [Substring]? {
        let pieces = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard let first = pieces.first, let last = pieces.last, name.hasPrefix(first) else { return nil }
        guard pieces.count > 1 else { return name == pattern ? [] : nil }
        var (rest, parts) = (name.dropFirst(first.count), [Substring]())
        for piece in pieces.dropFirst().dropLast() {
            guard !piece.isEmpty, let place = rest.firstRange(of: piece) else { return nil }
            parts.append(rest[..<place.lowerBound])
            rest = rest[place.upperBound...]
        }
        guard rest.hasSuffix(last) else { return nil }
        return parts + [rest.dropLast(last.count)]
    }

    private static func filled(_ pattern: String, _ parts: [Substring], _ rule: String) throws -> String {
        let pieces = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard pieces.count == parts.count + 1 else {
            throw DPPAError(
                .data,
                "names: '\(rule.shown)' has \(Phrase.counted(parts.count, "star")) and '\(pattern.shown)' has \(pieces.count - 1)",
                notes: ["each * on the right stands for what the * at its place on the left has matched"])
        }
        return String(pieces[0]) + zip(parts, pieces.dropFirst()).map { $0 + $1 }.joined()
    }
}
