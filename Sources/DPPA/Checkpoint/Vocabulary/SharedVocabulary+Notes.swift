import DPPASupport

extension SharedVocabulary {
    /// What is done to the models, a line each, and what has no row in any of them.
    ///
    /// Throws `data` where the fitting of rows is refused.
    func notes(_ options: AlignmentOptions) throws -> [AlignmentNote] {
        let own = members[owner].model
        var notes: [AlignmentNote] = []
        if !new.isEmpty {
            notes.append(
                try options.note(
                    .rows, of: own, fitting: "the vocabulary",
                    "\(Phrase.counted(new.count, "token")) added to its vocabulary: "
                        + new.prefix(4).map(described).joined(separator: ", ")
                        + (new.count > 4 ? " and \(new.count - 4) more" : ""),
                    isWarning: false))
        }
        for index in members.indices {
            guard let words = changes(of: index) else { continue }
            notes.append(
                try options.note(
                    .rows, of: members[index].model, fitting: "the vocabulary",
                    "\(rows) rows, by token: " + words, isWarning: false))
        }
        let empty = ids.filter { hash, _ in lacking(hash) == .zero && members.allSatisfy { $0.ids[hash] == nil } }
        let wished = Set(self.options.tokens.filter { $0.value.origin == .zero }.keys.map { TokenTable.hash(of: $0) })
        let surprising = empty.filter { !wished.contains($0.key) }.values.sorted()
        if !surprising.isEmpty {
            let words = surprising.prefix(5).map { "'\(text($0).shown)'" }
            notes.append(
                try options.note(
                    .rows, of: own, fitting: "the vocabulary",
                    "no model has a row for \(words.joined(separator: ", "))"
                        + (surprising.count > 5 ? " and \(surprising.count - 5) more" : "") + ": zeros", isWarning: true
                ))
        }
        return notes + unknown() + disagreements()
    }

    /// Added tokens of other models that are cut out of texts otherwise here: pieces, or tokens with other flags.
    private func disagreements() -> [AlignmentNote] {
        guard self.options.source == .union else { return [] }
        let kept = Set(members[owner].text.added.map(\.hash))
        let flags = Dictionary(new.map { ($0.hash, $0.flags) }, uniquingKeysWith: { first, _ in first })
        return members.indices.filter { $0 != owner }.compactMap { index in
            let model = members[index]
            let others = model.text.added.filter { token in
                guard model.ids[token.hash] != nil, !kept.contains(token.hash) else { return false }
                return (flags[token.hash] ?? nil) != token.flags
            }
            guard !others.isEmpty else { return nil }
            return AlignmentNote(
                step: .rows,
                text: "\(model.model.label): \(Phrase.list(others.map { "'\($0.text.shown)'" })) "
                    + (others.count == 1 ? "is" : "are")
                    + " cut out of a text otherwise there: the first model that has a token says how", isWarning: true)
        }
    }

    /// A new token with its id, and whose it is.
    private func described(_ token: NewToken) -> String {
        "'\(token.text.shown)' is \(token.id)" + (token.member.map { " (of \(members[$0].model.label))" } ?? "")
    }

    /// What the rows of a model are, where they are not as they lie.
    private func changes(of member: Int) -> String? {
        let model = members[member]
        var (moved, taken): (Int, [Int]) = (0, [])
        for (id, hash) in tokens.enumerated() {
            guard let hash else { continue }
            if let place = place(id, hash, of: member) {
                moved += place.id == id ? 0 : 1
            } else {
                taken.append(id)
            }
        }
        let left = model.ids.filter { ids[$0.key] == nil }.values.sorted()
        func some(_ ids: [Int], _ text: (Int) -> String) -> String {
            ids.prefix(3).map { "'\(text($0).shown)'" }.joined(separator: ", ") + (ids.count > 3 ? ", …" : "")
        }
        let words = [
            moved > 0 ? "\(moved) moved" : nil,
            taken.isEmpty ? nil : "\(taken.count) that it lacks (\(some(taken, text)))",
            left.isEmpty ? nil : "\(left.count) left out (\(some(left, model.text.text)))",
        ].compactMap(\.self)
        return words.isEmpty ? nil : words.joined(separator: ", ")
    }

    /// Named tokens that no model has: new ones, or misspelt.
    private func unknown() -> [AlignmentNote] {
        new.filter { $0.member == nil }.compactMap { token in
            let hints = hints(token.text, members)
            guard let hint = hints.first else { return nil }
            return AlignmentNote(
                step: .rows, text: "tokens: no model has '\(token.text.shown)', which is a new token; \(hint)",
                isWarning: true)
        }
    }

    /// The text of a token of the vocabulary.
    private func text(_ id: Int) -> String {
        new.first { $0.id == id }?.text ?? members[owner].text.text(id)
    }
}
