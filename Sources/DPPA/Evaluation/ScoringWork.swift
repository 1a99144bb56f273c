import DPPAExecution
import DPPAExpression
import DPPASupport

/// Models of one architecture with what they are all asked.
struct ScoringWork {
    let subject: EvaluationSubject
    let models: [NodeID]
    /// The models' places among all that are scored.
    let places: [Int]
    let tasks: [(encoded: EncodedTask, tokenizer: TaskTokenizer?)]
    let questions: QuestionPieces
    let plan: ScoringPlan

    init(
        _ subject: EvaluationSubject, _ models: [NodeID], places: [Int],
        _ tasks: [(encoded: EncodedTask, tokenizer: TaskTokenizer?)], ranks: Int
    ) {
        (self.subject, self.models, self.places, self.tasks) = (subject, models, places, tasks)
        questions = QuestionPieces(tasks.map(\.encoded))
        plan = ScoringPlan(candidates: models.count, sizes: questions.sizes, ranks: ranks)
    }
}

/// What a model is asked, in the pieces that can be dealt out: whole batches of what it predicts, and whole groups of questions behind
/// which it generates.
///
/// Pieces depend on the tasks alone, so that numbers do not depend on who has which.
struct QuestionPieces {
    /// Questions of a task, by its number.
    struct Questions {
        var task: Int
        var range: Range<Int>
    }

    /// The sequences that are predicted.
    private let sequences: [TokenSequence]
    private let batches: [TokenLayout.Batch]
    private let groups: [Questions]
    /// The size of each piece, in tokens.
    let sizes: [Int]

    init(_ tasks: [EncodedTask]) {
        sequences = tasks.flatMap(\.sequences)
        batches = TokenLayout(sequences).batches
        groups = tasks.enumerated().flatMap { number, task in
            task.task.metric == .generate ? Generator.groups(task).map { Questions(task: number, range: $0) } : []
        }
        sizes =
            batches.map(\.tokens.count)
            + groups.map { group in
                let task = tasks[group.task]
                return task.samples[group.range].reduce(0) {
                    $0 + $1.prompt.count + task.task.declaration.maximumTokens
                }
            }
    }

    /// The pieces of one part of several, about as large as the others: sequences, and of tasks of generation the questions.
    func part(_ number: Int, of count: Int) -> (sequences: ArraySlice<TokenSequence>, generated: [Questions]) {
        let owners = Deal.ranks(sizes, among: count)
        let own = zip(batches, owners).compactMap { $1 == number ? $0.sequences : nil }
        var generated: [Questions] = []
        for (group, owner) in zip(groups, owners.dropFirst(batches.count)) where owner == number {
            if let last = generated.last, last.task == group.task {
                generated[generated.count - 1].range = last.range.lowerBound..<group.range.upperBound
            } else {
                generated.append(group)
            }
        }
        return (sequences[(own.first?.lowerBound ?? 0)..<(own.last?.upperBound ?? 0)], generated)
    }
}

/// What a candidate has said to some pieces: its predictions, and the tokens that it has generated behind each question.
struct SaidPieces {
    var predictions: [Prediction] = []
    var completions: [[Int32]] = []

    /// Puts what was said to the next pieces behind it.
    mutating func add(_ message: inout Message) throws {
        predictions += try message.takeList()
        for _ in 0..<(try message.take(Int.self)) { completions.append(try message.takeList()) }
    }

    func put(into message: inout Message) {
        message.put(predictions)
        message.put(completions.count)
        for completion in completions { message.put(completion) }
    }
}
