import DPPAExecution
import DPPAExpression
import DPPASupport

/// Scoring on several ranks: whole candidates are dealt where there are enough of them, and the questions of each otherwise.
///
/// Candidates cost the least, as each is built once. Questions are dealt by whole batches, which are the same for one process, so
/// that the numbers are. What is generated is generated on each rank.
extension Evaluator {
    /// Whether each rank gets candidates of its own.
    func hasManyRanks(_ models: [NodeID]) -> Bool { !engine.ranks.isAlone && models.count >= engine.ranks.size }

    /// The scores of candidates that ranks deal out among them.
    func dealt(_ models: [NodeID], _ tasks: [EvaluationTask]) throws -> [[Score]] {
        let ranks = engine.ranks
        try engine.settle(models)
        let own = models.indices.filter { $0 % ranks.size == ranks.rank }
        let scores = try engine.byItself { try score(own.map { models[$0] }, on: tasks) }
        var message = Message()
        for (index, row) in zip(own, scores) {
            message.put(index)
            for score in row { message.put(score.journal.text) }
        }
        var rows = [[Score]](repeating: [], count: models.count)
        for message in try ranks.share(message) {
            var message = message
            while !message.isAtEnd {
                let index: Int = try message.take()
                rows[index] = try tasks.map { _ in
                    let json = try JSONObject(Array(message.takeText().utf8), file: "")
                    guard let score = Score(journal: .object(json)) else {
                        throw DPPAError(.internalFault, "another rank tells of no score")
                    }
                    return score
                }
            }
        }
        return rows
    }

    /// The sequences that this rank runs: whole batches, one behind the other, by their tokens.
    func ownSequences(_ sequences: [TokenSequence]) -> Range<Int> {
        let ranks = engine.ranks
        guard !ranks.isAlone else { return sequences.indices }
        let batches = TokenLayout(sequences).batches
        let own = zip(batches, Deal.ranks(batches.map(\.tokens.count), among: ranks.size))
            .compactMap { $1 == ranks.rank ? $0 : nil }
        return (own.first?.sequences.lowerBound ?? 0)..<(own.last?.sequences.upperBound ?? 0)
    }

    /// What all ranks have predicted, in the order of their sequences, by model.
    func gathered(_ own: [[Prediction]]) throws -> [[Prediction]] {
        let ranks = engine.ranks
        guard !ranks.isAlone else { return own }
        var message = Message()
        for predictions in own { message.put(predictions) }
        var all = own.map { _ in [Prediction]() }
        for message in try ranks.share(message) {
            var message = message
            for index in all.indices { all[index] += try message.takeList() }
        }
        return all
    }
}
