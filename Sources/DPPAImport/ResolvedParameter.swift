import DPPASupport

/// What a parameter comes to for one model in one slice: what is said nearest counts, and where its filters say nothing of a
/// tensor, what is said further out.
struct ResolvedParameter: Equatable {
    struct Case: Equatable {
        /// The filter as a glob; nil for all tensors.
        var glob: String?
        var value: MergeParameter.Value
    }

    var cases: [Case]

    /// Whether the last case is for all tensors.
    var isWhole: Bool { cases.last.map { $0.glob == nil } ?? false }
    var hasGradient: Bool { cases.contains { $0.value.isGradient } }

    /// The scopes of a parameter from the nearest; nil where none says anything.
    ///
    /// Notes tell of filters that can match nothing.
    init?(_ scopes: [[MergeParameter]], _ name: String, _ notes: inout [ImportNote]) throws {
        cases = []
        for parameter in scopes.compactMap({ $0.first { $0.name == name } }) {
            for entry in parameter.cases where !isWhole {
                guard let filter = entry.filter else {
                    cases.append(Case(glob: nil, value: entry.value))
                    continue
                }
                guard !filter.contains(where: { "*?".contains($0) }) else {
                    notes.append(
                        ImportNote(
                            "the filter '\(filter.shown)' of \(name) is left out: mergekit's filters are plain parts of names, and no name "
                                + "has a * or a ?", entry.place))
                    continue
                }
                cases.append(Case(glob: "*\(filter)*", value: entry.value))
            }
        }
        if cases.isEmpty { return nil }
    }

    /// The number that it is for all tensors, if it is one.
    var single: MergeParameter.Value? { cases.count == 1 && isWhole ? cases[0].value : nil }

    /// The value as Lua; `map` is what becomes of each number, `fallback` what tensors have of which nothing is said.
    func lua(_ fallback: Double?, indent: Int, map: (Double) -> Double) -> String {
        func text(_ value: MergeParameter.Value) -> String {
            switch value {
            case .number(let number): return LuaText.number(map(number))
            case .flag(let flag): return String(flag)
            case .gradient(let anchors):
                let list = LuaText.table(anchors.map { LuaText.number(map($0)) }, width: .max)
                // Outside the layers mergekit is at the beginning of a gradient.
                return "dppa.gradient(\(list), { outside = \(LuaText.number(map(anchors[0]))) })"
            }
        }
        if let single { return text(single) }
        var entries = cases.map { entry in
            entry.glob.map { "{ \(LuaText.quoted($0)), \(text(entry.value)) }" } ?? text(entry.value)
        }
        if !isWhole, let fallback { entries.append(LuaText.number(map(fallback))) }
        return "dppa.by_name " + LuaText.table(entries, indent: indent)
    }
}
