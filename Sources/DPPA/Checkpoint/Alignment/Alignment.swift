import DPPAKernels
import DPPASupport

extension OpenModel {
    /// A view of the model that fits another one: its tensors under that model's names, with its rows, and all of its tensors.
    ///
    /// The model itself, where nothing is to be done. Each tensor of the view is the model's own, or a range of bytes of its
    /// own and the reference's; nothing is computed. Tensors of other shapes stay as they are: where they meet is the error.
    /// Throws `data` when a part of the model is missing or left over, or a step would be taken that is refused.
    public func aligned(
        to reference: OpenModel, _ options: AlignmentOptions = AlignmentOptions()
    ) throws -> (model: OpenModel, notes: [AlignmentNote]) {
        var alignment = try Alignment(self, reference, options)
        try alignment.matchMixtures()
        try alignment.requireKinship()
        try alignment.tieHeads()
        try alignment.fitRows()
        try alignment.leaveExtra()
        try alignment.fillMissing()
        return (try alignment.view(), alignment.notes)
    }
}

/// The fitting of one model to another, step by step.
struct Alignment {
    let model: OpenModel
    let reference: OpenModel
    let options: AlignmentOptions
    private(set) var notes: [AlignmentNote] = []
    /// Embedding and head of the model, and of the reference.
    private let own, theirs: TiedHead
    /// What is known of the view's tensors, by the reference's names.
    private var sources: [String: any TensorSource] = [:]
    /// The model's tensors that stand for none of the reference's.
    private var extra: [TensorFacts] = []
    /// Whether the view differs from the model.
    private var isChanged = false

    init(_ model: OpenModel, _ reference: OpenModel, _ options: AlignmentOptions) throws {
        (self.model, self.reference, self.options) = (model, reference, options)
        (own, theirs) = (TiedHead(model), TiedHead(reference))
        let names = try NameMatching(model, to: reference, options)
        sources = names.own.compactMapValues { model.source($0) }
        let used = Set(names.own.values)
        extra = model.weights.filter { !used.contains($0.name) }
        isChanged = names.own.contains { $0.key != $0.value }
        if let words = names.description { try note(.names, words) }
    }

    /// Throws where the two have nothing in common, or keep the same thing under two names.
    func requireKinship() throws {
        let way = "if they are the same under two names, say how: names = { [\"a.*\"] = \"b.*\" }"
        guard !sources.isEmpty else {
            throw DPPAError(
                .data, "\(model.title) has no tensor in common with \(reference.title)",
                notes: [
                    "one has \(Phrase.list(model.weights.map(\.name), limit: 2)), the other "
                        + Phrase.list(reference.weights.map(\.name), limit: 2), way,
                ])
        }
        guard options.missing == .parts || options.extra == .parts else { return }
        func place(_ facts: TensorFacts) -> [String] {
            [
                facts.module, "\(facts.layer ?? -1)", "\(facts.shape)",
                String(facts.name.split(separator: ".").last ?? ""),
            ]
        }
        let missing = Dictionary(
            missing.filter { $0.layer != nil }.map { (place($0), $0.name) }, uniquingKeysWith: { first, _ in first })
        let twins = extra.compactMap { facts in missing[place(facts)].map { (facts.name, $0) } }
        guard let (own, theirs) = twins.first else { return }
        throw DPPAError(
            .data,
            "\(model.title) has \(own.shown) where \(reference.title) has \(theirs.shown)"
                + (twins.count > 1 ? ", and \(twins.count - 1) more of the kind" : ""),
            notes: [way, "if they are not, missing = \"base\" and extra = \"drop\" let the two pass each other"])
    }

    /// The reference's tensors that the model has nothing for.
    private var missing: [TensorFacts] { reference.weights.filter { sources[$0.name] == nil } }

    /// Tells of a step, or throws where it is refused.
    private mutating func note(_ step: AlignmentOptions.Step, _ text: String, isWarning: Bool = false) throws {
        notes.append(
            try options.note(step, of: model, fitting: reference.title, text, isWarning: isWarning))
    }

    /// Experts in one tensor for each, or all in one, become what the reference has.
    mutating func matchMixtures() throws {
        let found = try MixtureLayout(own: extra, missing: missing, model, reference)
        guard !found.sources.isEmpty else { return }
        try note(.mixtures, found.description)
        sources.merge(found.sources) { first, _ in first }
        extra.removeAll { found.used.contains($0.name) }
        isChanged = true
    }

    /// The head that the reference stores is the model's embedding where the model is tied, and a copy of the embedding that
    /// the reference does not have is left out.
    mutating func tieHeads() throws {
        // A delta of an embedding is none of a head that is its base's own.
        guard model.space == .model else { return }
        if let head = theirs.head, sources[head.name] == nil, own.isTied, let embedding = own.embedding {
            sources[head.name] = model.source(embedding.name)
            try note(.heads, "\(head.name.shown) taken from \(embedding.name.shown), to which it is tied")
            isChanged = true
        }
        guard let embedding = own.embedding, let whole = model.source(embedding.name) else { return }
        // T5 and BART repeat their one embedding for encoder and decoder.
        let copies = try extra.filter { facts in
            guard ["head", "embedding"].contains(facts.role), facts.shape == embedding.shape,
                let source = model.source(facts.name)
            else { return false }
            return try source.hasBytes(of: whole)
        }.map(\.name)
        if !copies.isEmpty {
            try note(
                .heads,
                "\(Phrase.list(copies)) left out: "
                    + (copies.count == 1 ? "a copy of \(embedding.name.shown)" : "copies of \(embedding.name.shown)"))
            extra.removeAll { copies.contains($0.name) }
            isChanged = true
        }
        guard let head = own.head, theirs.head == nil, extra.contains(where: { $0.name == head.name }) else { return }
        throw DPPAError(
            .data,
            "\(model.title) has a head of its own: \(head.name.shown) differs from \(embedding.name.shown); "
                + "\(reference.title) is tied and stores none",
            notes: ["open both with dppa.family { base = …, experts = { … } }: then the base's head is written as well"]
        )
    }

    /// Vocabularies get the reference's rows: further ones are left out, lacking ones are the reference's own.
    mutating func fitRows() throws {
        let (ownRows, theirRows) = (own.embedding?.shape[0], theirs.embedding?.shape[0])
        var (left, filled): ([String], [String]) = ([], [])
        for facts in reference.weights {
            guard let source = sources[facts.name], source.shape != facts.shape, let rows = source.shape.first,
                let wanted = facts.shape.first, source.shape.dropFirst() == facts.shape.dropFirst(),
                ["embedding", "head"].contains(facts.role) && facts.shape.count == 2
                    || (rows, wanted) == (ownRows, theirRows)
            else { continue }
            let row = facts.shape.dropFirst().reduce(1, *)
            var pieces = [JoinedSource.Piece(source: source, elements: 0..<min(rows, wanted) * row)]
            if rows < wanted {
                // Nothing was learnt there: the reference's rows, or a delta of zero.
                let rest =
                    model.space == .model
                    ? reference.source(facts.name) : ZeroSource(shape: facts.shape, dtype: source.dtype)
                pieces += rest.map { [JoinedSource.Piece(source: $0, elements: rows * row..<wanted * row)] } ?? []
            }
            sources[facts.name] = JoinedSource(pieces, shape: facts.shape)
            let words = "\(facts.name.shown) (\(rows) rows, \(wanted) in \(reference.label))"
            if rows < wanted { filled.append(words) } else { left.append(words) }
        }
        if !left.isEmpty {
            try note(.rows, "the last rows of \(Phrase.list(left)) left out", isWarning: true)
        }
        if !filled.isEmpty {
            try note(.rows, "the last rows of \(Phrase.list(filled)) are those of \(reference.label)", isWarning: true)
        }
        isChanged = isChanged || !left.isEmpty || !filled.isEmpty
    }

    /// What the model lacks is the reference's: nothing was learnt there.
    mutating func fillMissing() throws {
        let missing = missing
        guard !missing.isEmpty else { return }
        if model.space != .model {
            // A delta that lacks a tensor is zero there.
            for facts in missing { sources[facts.name] = ZeroSource(shape: facts.shape, dtype: .f32) }
            isChanged = true
            return
        }
        let parts = ModelParts(sources.keys, layerCount: reference.layerCount)
        let inside = missing.filter { parts.hasPart(of: $0) }
        guard inside.isEmpty || options.missing == .base else {
            throw difference(
                inside, "lacks", "has", others: extra, of: model,
                "where nothing was learnt there, say so: missing = \"base\" takes them from \(reference.label)")
        }
        try note(
            .missing,
            "\(Phrase.list(missing.map(\.name))) " + (missing.count == 1 ? "is" : "are")
                + " not in \(model.path.shown): those of \(reference.label) stay", isWarning: true)
        for facts in missing { sources[facts.name] = reference.source(facts.name) }
        isChanged = true
    }

    /// What only the model has is left out.
    mutating func leaveExtra() throws {
        let buffers = model.tensors.filter { $0.facts.role == "buffer" && reference[$0.facts.name] == nil }
        if !buffers.isEmpty {
            notes.append(
                AlignmentNote(
                    step: .extra, text: "\(model.label): \(Phrase.counted(buffers.count, "buffer")) left out",
                    isWarning: false))
        }
        guard !extra.isEmpty else { return }
        let parts = ModelParts(reference.weights.map(\.name))
        let inside = extra.filter { parts.hasPart(of: $0) }
        guard inside.isEmpty || options.extra == .drop else {
            throw difference(
                inside, "has", "lacks", others: missing, of: reference,
                "extra = \"drop\" leaves them out; dppa.family { …, extra = \"keep\" } writes them beside the base's")
        }
        try note(
            .extra,
            "\(Phrase.list(extra.map(\.name))) left out: \(reference.label) has no such "
                + (extra.count == 1 ? "tensor" : "tensors"), isWarning: true)
        isChanged = true
    }

    /// The error of tensors that one side has and one lacks inside parts that both have; `others` are those of a holder that
    /// have no partner either, and may be the same under other names.
    private func difference(
        _ inside: [TensorFacts], _ verb: String, _ counterpart: String, others: [TensorFacts], of holder: OpenModel,
        _ way: String
    ) -> DPPAError {
        let same =
            "\(holder.label) has \(Phrase.list(others.map(\.name), limit: 2)) instead: if these are the same, say so with "
            + "names = { [\"a.*\"] = \"b.*\" }"
        return DPPAError(
            .data,
            "\(model.title) \(verb) \(Phrase.counted(inside.count, "tensor")) that \(reference.title) \(counterpart), in parts "
                + "that both have: \(Phrase.list(inside.map(\.name)))",
            notes: (others.isEmpty ? [] : [same]) + [way])
    }

    /// The view, with what tells it from others of the same files.
    func view() throws -> OpenModel {
        guard isChanged else { return model }
        var tensors = reference.weights.compactMap { facts in
            sources[facts.name].map { Tensor(facts: facts.reshaped($0.shape), source: $0) }
        }
        tensors += model.carried.compactMap { facts in model[facts.name] }
        return model.replacing(
            tensors, identity: model.identity + " like " + reference.identity + options.spelling,
            stamps: [reference.stamp])
    }

    typealias Tensor = OpenModel.Tensor
}

extension AlignmentOptions {
    /// What of the options can change a view, as text; nothing where all are the usual ones.
    var spelling: String {
        let usual = AlignmentOptions()
        var words = names.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        if missing != usual.missing { words.append("missing=\(missing.rawValue)") }
        if extra != usual.extra { words.append("extra=\(extra.rawValue)") }
        return words.isEmpty ? "" : " (" + words.joined(separator: ", ") + ")"
    }
}
