import DPPASupport

/// The tensors of models with a row for each token of a vocabulary.
///
/// Each is made of ranges of rows of the model's own tensor and of others', one after the other; rows that lie side by side are
/// read as one.
struct VocabularyRows {
    private let vocabulary: SharedVocabulary
    /// The model whose head is another matrix than its embedding; nil where all are tied.
    private let headed: VocabularyTensors?

    /// Reads heads and embeddings of which nothing says whether they are one.
    init(_ vocabulary: SharedVocabulary) throws {
        self.vocabulary = vocabulary
        headed = try vocabulary.members.first { try $0.tensors.hasOwnHead }?.tensors
    }

    /// A row, or several in a row of one model.
    private struct Run {
        let row: SharedVocabulary.Row
        var count: Int
    }

    private static func runs(_ rows: [SharedVocabulary.Row]) -> [Run] {
        rows.reduce(into: []) { runs, row in
            if let last = runs.last, follows(row, last) {
                runs[runs.count - 1].count += 1
            } else {
                runs.append(Run(row: row, count: 1))
            }
        }
    }

    private static func follows(_ row: SharedVocabulary.Row, _ run: Run) -> Bool {
        switch (run.row, row) {
        case (.place(let first), .place(let next)): next.member == first.member && next.id == first.id + run.count
        case (.zero, .zero), (.meanOfAll, .meanOfAll): true
        default: false
        }
    }

    /// All tensors of a member.
    func tensors(_ member: Int) -> [OpenModel.Tensor] {
        let own = vocabulary.members[member]
        let names = Set(own.tensors.all.map(\.name))
        let runs = Self.runs(vocabulary.sources(of: member))
        var tensors = own.model.tensors.map { tensor in
            guard names.contains(tensor.facts.name) else { return tensor }
            return fitted(tensor, runs) { vocabulary.members[$0].tensors.source(tensor.facts, of: own.tensors) }
        }
        if let head = head(of: member) {
            tensors.append(fitted(head, runs) { vocabulary.members[$0].tensors.headSource(like: head.facts) })
        }
        return tensors
    }

    /// The head that a tied member gets where others have one of their own, whose rows are those that it lacks.
    func head(of member: Int) -> OpenModel.Tensor? {
        headed.flatMap { vocabulary.members[member].tensors.head(like: $0) }
    }

    /// All tensors of a delta to the first member, which is zero wherever that has another row than one of its own.
    func tensors(delta: OpenModel) -> [OpenModel.Tensor] {
        let base = vocabulary.members[0].tensors
        let names = Set(base.all.map(\.name))
        let runs = Self.runs(vocabulary.sourcesOfDelta)
        return delta.tensors.map { tensor in
            guard names.contains(tensor.facts.name), tensor.facts.shape.first == base.rows else { return tensor }
            return fitted(tensor, runs) { $0 == 0 ? tensor.source : nil }
        }
    }

    /// A tensor with the rows of runs; `source` gives what stands for it in a member, if anything does.
    private func fitted(
        _ tensor: OpenModel.Tensor, _ runs: [Run], _ source: (Int) -> (any TensorSource)?
    ) -> OpenModel.Tensor {
        let rest = Array(tensor.facts.shape.dropFirst())
        let size = rest.reduce(1, *)
        let sources = vocabulary.members.indices.map(source)
        func pieces(_ place: SharedVocabulary.Place, _ count: Int) -> [JoinedSource.Piece] {
            // A head may have fewer rows than the embedding.
            let held = sources[place.member].map { min(count, max(0, $0.shape[0] - place.id)) } ?? 0
            let own = sources[place.member].map {
                JoinedSource.Piece(source: $0, elements: place.id * size..<(place.id + held) * size)
            }
            return [own].compactMap(\.self) + (held < count ? [zeros(count - held)] : [])
        }
        func zeros(_ count: Int) -> JoinedSource.Piece {
            ZeroSource(
                shape: [count] + rest, dtype: tensor.source.dtype, written: tensor.source.writtenDType
            ).whole
        }
        let mean = sources[vocabulary.owner].map(MeanRowSource.init)
        let all = runs.flatMap { run -> [JoinedSource.Piece] in
            switch run.row {
            case .place(let place): return pieces(place, run.count)
            case .mean(let places):
                let rows = places.filter { place in sources[place.member].map { place.id < $0.shape[0] } ?? false }
                    .flatMap { pieces($0, 1) }
                return rows.isEmpty ? [zeros(1)] : rows.count == 1 ? rows : [MeanSource(rows, shape: [1] + rest).whole]
            case .zero: return [zeros(run.count)]
            case .meanOfAll:
                guard let mean else { return [zeros(run.count)] }
                return [StridedSource(shape: [run.count, size], source: mean, start: 0, strides: [0, 1]).whole]
            }
        }
        let shape = [vocabulary.rows] + rest
        return OpenModel.Tensor(facts: tensor.facts.reshaped(shape), source: JoinedSource(all, shape: shape))
    }
}
