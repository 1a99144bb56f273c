import DPPASupport

/// A base and the models that were made from it, fitted to each other.
public struct ModelFamily {
    /// The base, or the first model where there is none.
    public let base: OpenModel
    /// The others, each with the base's names and rows.
    public let experts: [OpenModel]
    /// What was done, a line each.
    public let notes: [AlignmentNote]

    /// Fits models to each other: first the base to what all of them need, then each model to the base.
    ///
    /// With `vocabulary` all of them get a row for each of its tokens first (`VocabularyFitting`). The base gets a head of its own where one of the models has one, as many rows as `rows` says, and what only a model has
    /// where `extra` is to be kept; with `stacks` apart, all have a matrix for each expert. Throws what `aligned(to:)` throws,
    /// and `data` where the models do not agree.
    public init(base: OpenModel, experts: [OpenModel], _ options: AlignmentOptions = AlignmentOptions()) throws {
        let vocabulary = try VocabularyFitting(base, experts, options)
        let experts = vocabulary.experts
        var fitting = BaseFitting(vocabulary.base, experts, options)
        try fitting.head()
        try fitting.rows()
        try fitting.extra()
        let fitted = fitting.view()
        var notes = vocabulary.notes + fitting.notes
        var views: [OpenModel] = []
        for expert in experts {
            let (view, own) = try expert.aligned(to: fitted, options)
            views.append(view)
            notes += own
        }
        guard options.stacks == .apart else {
            (self.base, self.experts, self.notes) = (fitted, views, notes)
            return
        }
        (self.base, self.experts, self.notes) = (fitted.slicingStacks(), views.map { $0.slicingStacks() }, notes)
    }
}

/// What a base needs so that its experts fit it.
private struct BaseFitting {
    let base: OpenModel
    let experts: [OpenModel]
    let options: AlignmentOptions
    /// Embedding and head of the base, and of each expert.
    private let own: TiedHead
    private let theirs: [TiedHead]
    private(set) var notes: [AlignmentNote] = []
    private var tensors: [OpenModel.Tensor]
    private var config: String?
    private var changes: [String] = []
    private var stamps: [UInt128] = []

    init(_ base: OpenModel, _ experts: [OpenModel], _ options: AlignmentOptions) {
        // Deltas ask nothing of their base.
        (self.base, self.experts, self.options) = (base, experts.filter { $0.space == .model }, options)
        (own, theirs) = (TiedHead(base), self.experts.map(TiedHead.init))
        (tensors, config) = (base.tensors, base.config)
    }

    private mutating func note(_ step: AlignmentOptions.Step, _ text: String, isWarning: Bool = false) throws {
        notes.append(try options.note(step, of: base, fitting: "its experts", text, isWarning: isWarning))
    }

    /// A base without a head gets one where some expert has one of its own; a copy of the embedding is left out where none has.
    mutating func head() throws {
        guard own.declared != false || own.head == nil, let embedding = own.embedding else { return }
        let owner = try zip(experts, theirs).first { try $1.head != nil && !$1.isCopy(in: $0) }
        if let head = own.head {
            guard owner == nil, try own.isCopy(in: base) else { return }
            try note(.heads, "\(head.name.shown) left out: a copy of \(embedding.name.shown), to which it is tied")
            tensors.removeAll { $0.facts.name == head.name }
            changes.append("without \(head.name)")
        } else if let (expert, theirs) = owner, own.isTied, let source = base.source(embedding.name) {
            let name = TiedHead.name(beside: embedding, like: theirs)
            try note(
                .heads,
                "\(name.shown) taken from \(embedding.name.shown), to which it is tied: \(expert.label) has a head of its own"
            )
            let facts = TensorNaming.facts([(name, embedding.shape)])[0]
            tensors.append(OpenModel.Tensor(facts: facts, source: source))
            changes.append("with \(name)")
        }
    }

    /// As many rows as the experts' or the fewest of all.
    mutating func rows() throws {
        guard options.rows != .base, let own = own.embedding?.shape[0] else { return }
        let theirs = zip(experts, theirs).compactMap { expert, tied in
            tied.embedding.map { (model: expert, rows: $0.shape[0], embedding: $0.name) }
        }
        let wanted: (model: OpenModel, rows: Int, embedding: String)?
        if options.rows == .cut {
            wanted = theirs.min { $0.rows < $1.rows }
        } else {
            wanted = theirs.first
            if let wanted, let other = theirs.first(where: { $0.rows != wanted.rows }) {
                throw DPPAError(
                    .data,
                    "rows = \"expert\": \(wanted.model.title) has \(wanted.rows) rows, \(other.model.title) \(other.rows)",
                    notes: ["tokens of the one mean nothing in the other: take rows = \"base\" or \"cut\""])
            }
        }
        guard let wanted, options.rows == .expert ? wanted.rows != own : wanted.rows < own else { return }
        let names = try NameMatching(wanted.model, to: base, options).own
        for index in tensors.indices {
            let facts = tensors[index].facts
            guard facts.shape.first == own, ["embedding", "head"].contains(facts.role) || facts.shape == [own] else {
                continue
            }
            let row = facts.shape.dropFirst().reduce(1, *)
            var pieces = [JoinedSource.Piece(source: tensors[index].source, elements: 0..<min(own, wanted.rows) * row)]
            if wanted.rows > own {
                guard let rest = wanted.model.source(names[facts.name] ?? wanted.embedding),
                    rest.shape.first == wanted.rows
                else {
                    continue
                }
                pieces.append(JoinedSource.Piece(source: rest, elements: own * row..<wanted.rows * row))
            }
            let shape = [wanted.rows] + facts.shape.dropFirst()
            tensors[index] = OpenModel.Tensor(facts: facts.reshaped(shape), source: JoinedSource(pieces, shape: shape))
        }
        try note(
            .rows,
            wanted.rows > own
                ? "the last \(wanted.rows - own) rows of the vocabulary are those of \(wanted.model.label)"
                : "the last \(own - wanted.rows) rows of the vocabulary left out", isWarning: true)
        config = try config.map { try VocabularySize.setting($0, wanted.rows) }
        changes.append("rows like \(wanted.model.identity)")
        stamps.append(wanted.model.stamp)
    }

    /// What only an expert has, where it is to be kept: the base has it too, as nobody has learnt anything there yet.
    mutating func extra() throws {
        guard options.extra == .keep else { return }
        for expert in experts {
            let names = try NameMatching(expert, to: base, options).own
            let known = Set(names.values)
            let present = Set(tensors.map(\.facts.name))
            let kept = expert.tensors.filter { tensor in
                tensor.isWeight && tensor.facts.role != "head" && !known.contains(tensor.facts.name)
                    && !present.contains(tensor.facts.name)
            }
            guard !kept.isEmpty else { continue }
            try note(.extra, "\(Phrase.list(kept.map(\.facts.name))) taken from \(expert.label)", isWarning: true)
            tensors += kept
            changes.append("with those of \(expert.identity)")
            stamps.append(expert.stamp)
        }
    }

    func view() -> OpenModel {
        guard !changes.isEmpty else { return base }
        return base.replacing(
            tensors, identity: base.identity + " " + changes.joined(separator: ", "), config: config, stamps: stamps)
    }
}
