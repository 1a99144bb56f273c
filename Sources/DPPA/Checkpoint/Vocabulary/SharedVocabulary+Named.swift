import DPPASupport

/// Rows of tokens that a recipe names.
extension SharedVocabulary {
    /// What the row of a named token is.
    ///
    /// Throws `data` where the models have no such row.
    func namedRow(_ text: String, _ hash: Int, _ origin: VocabularyOptions.Row.Origin) throws -> Row {
        switch origin {
        case .zero: return .zero
        case .mean:
            let owners = owners(hash)
            guard let first = owners.first else {
                throw DPPAError(
                    .data, "tokens: no model has '\(text.shown)', so there is no mean of its rows",
                    notes: hints(text, members) + ["a new row can be \"zero\", or that of another token"])
            }
            return owners.count == 1 ? .place(first) : .mean(owners)
        case .row(let label, let id):
            let index = try member(label, of: text)
            guard id < members[index].tensors.rows else {
                throw DPPAError(
                    .data,
                    "tokens: '\(text.shown)' has its row from row \(id) of \(members[index].model.title), which has "
                        + "\(members[index].tensors.rows)",
                    notes: ["rows are counted from 0, as ids are"])
            }
            return .place(Place(member: index, id: id))
        case .model(let label, let token):
            let index = try member(label, of: text)
            let wanted = token ?? text
            guard let id = members[index].ids[TokenTable.hash(of: wanted)] else {
                throw DPPAError(
                    .data, "tokens: \(members[index].model.title) has no token '\(wanted.shown)'",
                    notes: hints(wanted, [members[index]]))
            }
            return .place(Place(member: index, id: id))
        }
    }

    /// The model that a token has its row from.
    private func member(_ label: String, of token: String) throws -> Int {
        guard let index = members.firstIndex(where: { $0.model.label == label }) else {
            throw DPPAError(
                .data, "tokens: '\(token.shown)' has its row from '\(label.shown)', which is none of the models",
                notes: ["they are \(members.map(\.model.label).joined(separator: ", "))"])
        }
        return index
    }

    /// Tokens that a misspelt one may have been meant to be.
    func hints(_ text: String, _ members: [Member]) -> [String] {
        let names = Set(members.flatMap { $0.text.added.map(\.text) }).sorted()
        let near = Suggestions.nearest(to: text, among: names)
        return near.isEmpty ? [] : ["did you mean \(Suggestions.list(near.map(\.shown)))?"]
    }
}
