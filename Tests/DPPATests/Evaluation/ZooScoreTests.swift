import DPPA
import Foundation
import Testing

/// Scores of the zoo against those of `transformers`: see Fixtures/Evaluation/zoo_scores.py.
@Suite struct ZooScoreTests {
    struct Expected: Decodable {
        struct Entry: Decodable {
            var correct: Int
            var of: Int
            var logLikelihood: Double
            var tokens: Int

            enum CodingKeys: String, CodingKey {
                case correct, of, tokens
                case logLikelihood = "log_likelihood"
            }
        }
        var scores: [String: [String: [String: Entry]]]
    }

    struct Question: Decodable {
        var prompt: [Int32]
        var target: [Int32]
    }

    static let zoo = NSString(string: #filePath).deletingLastPathComponent + "/../../../recipes/zoo"

    @Test(arguments: ["base", "math", "finance", "law"], ["eval", "search"])
    func scoresAreThoseOfTransformers(model: String, split: String) throws {
        let file = URL(fileURLWithPath: ForwardPassTests.fixtures + "/zoo_scores.json")
        let expected = try JSONDecoder().decode(Expected.self, from: Data(contentsOf: file)).scores[model]?[split]
        let graph = Graph()
        let checkpoint = try OpenModel(at: Self.zoo + "/" + model, label: model)
        let node = try graph.source(checkpoint)
        let evaluator = Evaluator(
            Engine(graph, options: EngineOptions(threads: 2)), dtype: nil)
        #expect(expected?.count == 3)
        for (domain, right) in expected ?? [:] {
            let path = Self.zoo + "/\(split)/\(domain).jsonl"
            let score = try evaluator.score([node], on: [EvaluationTask(path: path)])[0][0]
            #expect(score.count == right.of)
            #expect(score.value == Double(right.correct) / Double(right.of))
            let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
            let sequences = try lines.map { line in
                let question = try JSONDecoder().decode(Question.self, from: Data(line.utf8))
                let tokens = question.prompt + question.target.dropLast()
                return TokenSequence(
                    tokens: tokens, wanted: question.prompt.count - 1..<tokens.count, targets: question.target)
            }
            let predictions = try evaluator.predictions(node, sequences)
            let sum = predictions.reduce(0) { $0 + $1.logProbability }
            #expect(predictions.count == right.tokens)
            #expect(abs(sum - right.logLikelihood) < 1e-5 * abs(right.logLikelihood))
        }
    }
}
