import DPPA
import Foundation
import Testing

/// Tasks and their scores, worked out by hand from the probabilities that the forward pass gives.
@Suite struct TaskTests {
    private let folder: TestFolder
    private let evaluator: Evaluator
    private let node: NodeID
    private let model: TestFolder

    init() throws {
        folder = try TestFolder()
        (evaluator, node, _, model) = try ForwardPassTests.open("llama1", EngineOptions(threads: 2))
    }

    private func task(_ lines: String...) throws -> EvaluationTask {
        let path = folder.path + "/task.jsonl"
        try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
        return try EvaluationTask(path: path)
    }

    private func score(_ task: EvaluationTask) throws -> Score { try evaluator.score([node], on: [task])[0][0] }

    /// The log-likelihood of a completion, by another route: one target at a time.
    private func likelihood(_ prompt: [Int32], _ completion: [Int32]) throws -> Double {
        let tokens = prompt + completion.dropLast()
        let rows = try ForwardPassTests.logProbabilities(evaluator, node, tokens)
        return completion.indices.reduce(0) { $0 + rows[prompt.count - 1 + $1][Int(completion[$1])] }
    }

    @Test func exactMatchIsTheShareOfGreedyCompletions() throws {
        let right = try evaluator.completions(node, [[1, 2, 3]], maximumTokens: 3)[0]
        let wrong = [right[0], (right[1] + 1) % 64]
        let score = try score(
            task(
                "{\"prompt\": [1, 2, 3], \"target\": \(right)}", "{\"prompt\": [1, 2, 3], \"target\": \(wrong)}", "",
                "{\"prompt\": [1, 2, 3], \"target\": \(right.prefix(2))}"))
        #expect(score.metric == .exactMatch)
        #expect(score.count == 3)
        #expect(abs(score.value - 2.0 / 3) < 1e-15)
        #expect(abs((score.standardError ?? 0) - (2.0 / 9 / 2).squareRoot()) < 1e-15)
    }

    @Test func choicesAreComparedByLikelihood() throws {
        let prompt: [Int32] = [5, 6]
        let choices: [[Int32]] = [[1], [2, 3, 4], [7, 8]]
        let likelihoods = try choices.map { try likelihood(prompt, $0) }
        let best = likelihoods.indices.max { likelihoods[$0] < likelihoods[$1] } ?? 0
        let normalised = choices.indices.map { likelihoods[$0] / Double(choices[$0].count) }
        let bestNormalised = normalised.indices.max { normalised[$0] < normalised[$1] } ?? 0
        let lines = (0..<3).map { "{\"prompt\": [5, 6], \"choices\": [[1], [2, 3, 4], [7, 8]], \"answer\": \($0)}" }
        for index in 0..<3 {
            #expect(try score(task(lines[index])).value == (index == best ? 1 : 0))
            let other = try score(task("{\"metric\": \"choice_normalized\"}", lines[index]))
            #expect(other.value == (index == bestNormalised ? 1 : 0))
        }
    }

    @Test func perplexityIsOverAllTokens() throws {
        let documents: [[Int32]] = [[1, 2, 3, 4, 5], [9, 8], [4, 4, 4]]
        let score = try score(task(documents.map { "{\"tokens\": \($0)}" }.joined(separator: "\n")))
        let surprise = try documents.map { -(try likelihood([$0[0]], Array($0.dropFirst()))) }
        let rate = surprise.reduce(0, +) / 7
        #expect(abs(score.value - exp(rate)) < 1e-6 * exp(rate))
        let deviations = zip(surprise, [4.0, 1, 2]).map { ($0 - rate * $1) * ($0 - rate * $1) }
        let error = exp(rate) * (deviations.reduce(0, +) * 3 / 2).squareRoot() / 7
        #expect(abs((score.standardError ?? 0) - error) < 1e-6 * error)
    }

    @Test func generatedTextIsJudgedByItsAnswer() throws {
        // Without a tokenizer tokens are bytes: 48–57 are digits.
        let completion = try evaluator.completions(node, [[1, 2, 3]], maximumTokens: 8)[0]
        let text = String(decoding: completion.map { UInt8($0) }, as: UTF8.self)
        let number = text.split { !$0.isNumber }.last.map(String.init) ?? "none"
        let header = "{\"metric\": \"generate\", \"max_tokens\": 8}"
        let right = try score(task(header, "{\"prompt\": [1, 2, 3], \"answer_text\": \"\(number)\"}"))
        #expect(right.value == (number == "none" ? 0 : 1))
        #expect(try score(task(header, "{\"prompt\": [1, 2, 3], \"answer_text\": \"123456\"}")).value == 0)
    }

    @Test(
        arguments: [
            ("", "has no questions"), ("{}", "there is no 'prompt'"), ("[1]", "not a JSON object"),
            ("{\"prompt\": [1], \"target\": []}", "'target' must be a list of token ids"),
            ("{\"prompt\": [1], \"target\": [-1]}", "'target' must be a list of token ids"),
            ("{\"prompt\": [1], \"choices\": [[1]], \"answer\": 0}", "two or more"),
            ("{\"prompt\": [1], \"choices\": [[1], [2]], \"answer\": 2}", "from 0 to 1"),
            ("{\"tokens\": [1]}", "two tokens or more"), ("{\"metric\": \"bleu\"}", "'metric' must be one of"),
            ("{\"metric\": \"generate\", \"stops\": [1]}", "has no key 'stops'"),
            ("{\"metric\": \"generate\", \"max_tokens\": 0}", "'max_tokens' must be"),
            ("{\"prompt\": [64], \"target\": [1]}", "token 64 is not in the vocabulary"),
        ])
    func badTasksAreRefused(line: String, message: String) throws {
        let error = #expect(throws: DPPAError.self) { try score(task(line)) }
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test(
        arguments: [
            ("It is 42.", nil, "42", true), ("so 1,234.50 dollars", nil, "1234.5", true), ("10-4=6", nil, "6", true),
            ("at -3 degrees", nil, "-3", true), ("5 - 3", nil, "3", true), ("none", nil, "0", false),
            ("a 7 #### 12\nmore 5", "####", "12", true), ("#### twelve ", "####", "twelve", true),
            ("#### 1 #### 2", "####", "2", true), ("12", "####", "12", false), ("#### $1,000.", "####", "1000", true),
        ] as [(String, String?, String, Bool)])
    func answersAreFoundInText(text: String, delimiter: String?, right: String, isRight: Bool) throws {
        let answer = try AnswerRule(delimiter: delimiter).answer(in: text)
        #expect((answer.map { AnswerRule.equal($0, right) } ?? false) == isRight)
    }

    @Test(
        arguments: [
            ("blue\nred", nil, .line, "blue"), ("\n\n so it is \nred", nil, .line, "so it is"),
            (" a b\n", nil, .text, "a b"),
            ("", nil, .line, nil), ("Answer: (C) or (D)", nil, .pattern("\\([A-D]\\)"), "(D)"),
            ("Answer: (C) or (D)", "Answer:", .pattern("[A-D]"), "C"), ("no", nil, .pattern("[A-D]"), nil),
            ("x = 4, y = 5", "x", .number, "5"), ("x = 4", "y", .number, nil),
        ] as [(String, String?, NamedShape, String?)])
    func shapesSayWhatAnAnswerIs(text: String, delimiter: String?, shape: NamedShape, answer: String?) throws {
        let rule = AnswerRule(delimiter: delimiter, shape: try shape.shape)
        #expect(try rule.answer(in: text) == answer)
    }

    enum NamedShape: Sendable {
        case number, line, text
        case pattern(String)

        var shape: AnswerRule.Shape {
            get throws {
                switch self {
                case .number: .number
                case .line: .line
                case .text: .text
                case .pattern(let source): .pattern(try TextPattern(source))
                }
            }
        }
    }
}
