import DPPAExecution
import DPPAExpression
import DPPASupport

/// Scoring, by as many ranks as there are: each runs its parts of the plan by itself, and then all learn what every candidate has said.
extension Evaluator {
    /// What candidates have said to all of their questions.
    struct Said {
        var candidates: [SaidPieces]
        /// How long it took, in seconds: the rank that was the last to be done, so that all ranks have the same number.
        var seconds = 0.0
    }

    /// Sorts models by architecture, those with the same tokens together, as they are scored together.
    ///
    /// Throws what scoring would throw before it reads a weight.
    func works(_ models: [NodeID], _ tasks: [EvaluationTask], ranks: Int) throws -> [ScoringWork] {
        let hasTexts = tasks.contains(where: \.isText)
        let subjects = try models.map(subject)
        var (works, rest): ([ScoringWork], [Int]) = ([], Array(models.indices))
        while let first = rest.first {
            let subject = subjects[first]
            let alike = try rest.filter {
                try $0 == first || subject.isLike(subjects[$0], hasTexts: hasTexts, encodings)
            }
            rest.removeAll(where: alike.contains)
            let encoded = try tasks.map { try subject.encode($0, encodings) }
            for (task, _) in encoded { try subject.requireFit(task) }
            works.append(ScoringWork(subject, alike.map { models[$0] }, places: alike, encoded, ranks: ranks))
        }
        return works
    }

    /// Has the candidates of works answer.
    ///
    /// Nothing is exchanged on the way but what rules need to know of whole models, and at the end.
    func said(_ works: [ScoringWork]) throws -> [Said] {
        let (ranks, clock) = (engine.ranks, ContinuousClock())
        var spent = [Duration](repeating: .zero, count: works.count)
        func settle() throws {
            for (index, work) in works.enumerated() { spent[index] += try clock.measure { try self.settle(work) } }
        }
        // A rank that failed in a pass that all share could not go on with the others.
        if !sharesFailures { try settle() }
        let own = try ranks.attempt(sharesFailures) {
            var message = Message()
            try engine.byItself {
                if sharesFailures { try settle() }
                for (index, work) in works.enumerated() {
                    spent[index] += try clock.measure {
                        for said in try run(work, work.plan.parts[ranks.rank]) { said.put(into: &message) }
                    }
                    message.put(spent[index] / .seconds(1))
                }
            }
            return message
        }
        var messages = try ranks.share(own)
        for index in messages.indices { try messages[index].takeAttempt() }
        return try works.map { work in
            var said = Said(candidates: work.models.map { _ in SaidPieces() })
            // The parts of a candidate are of ranks that follow one another.
            for (rank, parts) in work.plan.parts.enumerated() {
                for part in parts { try said.candidates[part.candidate].add(&messages[rank]) }
                said.seconds = max(said.seconds, try messages[rank].take())
            }
            return said
        }
    }

    /// Computes what candidates need to know of whole models, for as many together as memory will hold.
    private func settle(_ work: ScoringWork) throws {
        let shares = try work.subject.shares(work.tasks.map(\.encoded), models: work.models.count, engine.options)
        // Ranks may have different amounts of memory.
        var decision = try engine.ranks.fromFirst {
            var message = Message()
            message.put(shares.candidates)
            return message
        }
        let count: Int = try decision.take()
        for first in stride(from: 0, to: work.models.count, by: count) {
            try engine.settle(Array(work.models[first..<min(work.models.count, first + count)]))
        }
    }

    /// Runs the parts of one rank.
    private func run(_ work: ScoringWork, _ parts: [ScoringPlan.Part]) throws -> [SaidPieces] {
        let shares = try work.subject.shares(work.tasks.map(\.encoded), models: parts.count, engine.options)
        var said: [SaidPieces] = []
        while said.count < parts.count {
            // Candidates that are asked the same are built in one read of what they share.
            let first = parts[said.count]
            let next = parts[said.count...].prefix { ($0.number, $0.count) == (first.number, first.count) }
                .prefix(shares.candidates)
            said += try run(work, next.map { work.models[$0.candidate] }, part: first.number, of: first.count)
        }
        return said
    }

    private func run(
        _ work: ScoringWork, _ models: [NodeID], part number: Int, of count: Int
    ) throws -> [SaidPieces] {
        let (sequences, generated) = work.questions.part(number, of: count)
        guard !sequences.isEmpty || !generated.isEmpty else { return models.map { _ in SaidPieces() } }
        let subject = work.subject
        let shares = try subject.shares(work.tasks.map(\.encoded), models: models.count, engine.options)
        return try engine.staged("scoring", bytes: subject.bytes * models.count) {
            var said = try predict(subject, models, Array(sequences), shares).map { SaidPieces(predictions: $0) }
            guard !generated.isEmpty else { return said }
            // What is generated differs from model to model, so they run one by one.
            let texts = try texts(work)
            for (index, model) in models.enumerated() {
                let generator = Generator(pass(subject, [model], shares), memory: shares.activations)
                for questions in generated {
                    said[index].completions += try generator.completions(
                        work.tasks[questions.task].encoded, questions.range, texts[questions.task])
                }
            }
            return said
        }
    }

    /// What gives the texts of tokens in each task.
    func texts(_ work: ScoringWork) throws -> [([Int32]) -> String] {
        let needsPlain = work.tasks.contains { $0.encoded.task.metric == .generate && $0.tokenizer == nil }
        let plain = try needsPlain ? work.subject.tokenText() : nil
        return work.tasks.map { task in { task.tokenizer?.text($0) ?? plain?.text($0) ?? "" } }
    }
}

/// What may fail on one rank without ending the run.
extension Ranks {
    /// What a body makes, or its error where all ranks are to have that: one of the models or the files, not one that ends a run.
    func attempt(_ sharesFailures: Bool, _ body: () throws -> Message) throws -> Message {
        var message = Message()
        do {
            let made = try body()
            message.put(true)
            message.append(made)
        } catch let error as DPPAError
            where sharesFailures && error.code != .interrupted && error.code != .internalFault
        {
            message.put(false)
            message.put(error)
        }
        return message
    }
}

extension Message {
    /// Goes on to what was made; throws the error that was met in its place.
    mutating func takeAttempt() throws {
        guard try !take(Bool.self) else { return }
        throw try takeError()
    }
}
