import DPPA

/// What a run has found in its recipe when it is over.
extension RecipeSession {
    /// Masks and comparisons of the user's own files that nothing depends on: in Lua, `mask and a or b` is just `a`.
    package func unusedMasks(isOwn: (DPPAError.Location) -> Bool) -> [(location: DPPAError.Location, formula: String)] {
        // What tells of an adapter belongs to it, whether it is written or put onto a base.
        let told = graph.adapters.values.flatMap(\.requests)
        let used = graph.reachable(from: results.map(\.node) + named.map(\.node) + looked + told)
        let unused = graph.nodeIDs.filter { !used.contains($0) && !shipped.contains($0) && graph[$0].isMask }
        let inner = Set(unused.flatMap { graph[$0].operation.operands })
        return unused.compactMap { id in
            guard !inner.contains(id), let location = graph[id].location, isOwn(location) else { return nil }
            return (location, graph.formula(id, depth: 4))
        }
    }

    /// What named clamps have cut.
    func clampWarnings() throws -> [String] {
        try named.compactMap { entry in
            guard let inner = graph.clamped[entry.node], let before = try engine.values(inner),
                let after = try engine.values(entry.node)
            else { return nil }
            // The last bit of a float64 sum is no cut.
            let cut = zip(before, after).filter { ($0.value - $1.value).magnitude > 1e-12 }
            guard !cut.isEmpty else { return nil }
            let most = 16
            let places = cut.prefix(most).map { "\($0.name): \($0.value) became \($1.value)" }
            return "warning: '\(entry.name)' was clamped in \(cut.count) of \(after.count) places\nnote: "
                + places.joined(separator: "\nnote: ")
                + (cut.count > most ? "\nnote: and \(cut.count - most) more" : "")
        }
    }
}
