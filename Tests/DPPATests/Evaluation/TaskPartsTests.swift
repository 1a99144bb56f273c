import DPPA
import Foundation
import Testing

/// Shares of a task: what was asked for a smaller one is not asked again, and all parts together are the whole.
@Suite struct TaskPartsTests {
    private func scorer(_ journal: String) throws -> (Scorer, NodeID) {
        let graph = Graph()
        let node = try graph.source(OpenModel(at: ZooScoreTests.zoo + "/law", label: "law"))
        let engine = Engine(graph, options: EngineOptions(threads: 2))
        return (Scorer(engine, dtype: nil, journal: ScoreJournal(path: journal)), node)
    }

    private func questions(_ count: Int) throws -> [String] {
        let text = try String(contentsOfFile: ZooScoreTests.zoo + "/search/law.jsonl", encoding: .utf8)
        return text.split(separator: "\n").prefix(count).map(String.init)
    }

    private func tokens(_ line: String) throws -> (prompt: [Int], target: [Int]) {
        let entry = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        return (entry?["prompt"] as? [Int] ?? [], entry?["target"] as? [Int] ?? [])
    }

    /// How many questions each line of a journal is of.
    private func counts(_ journal: String) throws -> [Int] {
        let text = try String(contentsOfFile: journal, encoding: .utf8)
        return try text.split(separator: "\n").compactMap { line in
            let entry = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            return (entry?["score"] as? [String: Any])?["count"] as? Int
        }
    }

    @Test func aLargerShareAsksWhatIsNewAndTheWholeIsTheWhole() throws {
        let folder = try TestFolder()
        let path = try folder.write(questions(40).joined(separator: "\n"), "law.jsonl")
        let task = ScoredTask.builtIn(try EvaluationTask(path: path))
        let journal = folder.path + "/scores.jsonl"
        let (scorer, node) = try scorer(journal)
        let scores = try [0.25, 0.5, 0.25, 1].map { try scorer.score([node], on: [task], share: $0)[0][0] }
        #expect(scores.map(\.count) == [10, 20, 10, 40])
        #expect(try counts(journal) == [10, 10, 20])
        #expect(scores[0].value == scores[2].value)
        // Afterwards the whole is known without another question.
        #expect(try scorer.score([node], on: [task], share: 1)[0][0].value == scores[3].value)
        #expect(try counts(journal).count == 3)
        let (other, same) = try self.scorer(folder.path + "/whole.jsonl")
        let whole = try other.score([same], on: [task])[0][0]
        #expect(scores[3].value == whole.value && scores[3].standardError == whole.standardError)
        #expect(scores[3].metric == whole.metric && scores[3].task == whole.task)
        // A run that was stopped finds the same parts.
        let (again, again1) = try self.scorer(journal)
        #expect(
            try [0.25, 0.5, 1].map { try again.score([again1], on: [task], share: $0)[0][0].value }
                == [scores[0], scores[1], scores[3]].map(\.value))
        #expect(try counts(journal).count == 3)
    }

    @Test func choicesKeepTheirOtherMetrics() throws {
        let folder = try TestFolder()
        let lines = try questions(12).map { line in
            let (prompt, target) = try tokens(line)
            return "{\"prompt\": \(prompt), \"choices\": [\(target), [65, 66, 257]], \"answer\": 0}"
        }
        let task = ScoredTask.builtIn(
            try EvaluationTask(path: folder.write(lines.joined(separator: "\n"), "choices.jsonl")))
        let (scorer, node) = try scorer(folder.path + "/scores.jsonl")
        let part = try scorer.score([node], on: [task], share: 0.4)[0][0]
        let joined = try scorer.score([node], on: [task], share: 1)[0][0]
        let (other, same) = try self.scorer(folder.path + "/whole.jsonl")
        let whole = try other.score([same], on: [task])[0][0]
        #expect(part.count == 5 && joined.count == 12 && joined.value == whole.value)
        #expect(!whole.others.isEmpty && joined.others.map(\.value) == whole.others.map(\.value))
    }

    @Test func perplexitiesAreJoinedByTheirTokens() throws {
        let folder = try TestFolder()
        // Documents of different lengths.
        let lines = try questions(12).enumerated().map { number, line in
            let (prompt, target) = try tokens(line)
            return "{\"tokens\": \(Array((prompt + target).prefix(6 + 3 * number)))}"
        }
        let task = ScoredTask.builtIn(
            try EvaluationTask(path: folder.write(lines.joined(separator: "\n"), "documents.jsonl")))
        let (scorer, node) = try scorer(folder.path + "/scores.jsonl")
        let part = try scorer.score([node], on: [task], share: 0.25)[0][0]
        let joined = try scorer.score([node], on: [task], share: 1)[0][0]
        let (other, same) = try self.scorer(folder.path + "/whole.jsonl")
        let whole = try other.score([same], on: [task])[0][0]
        #expect(part.count == 3 && part.value != whole.value && joined.count == 12)
        #expect(abs(joined.value - whole.value) < 1e-6 * whole.value)
        let (own, right) = (try #require(joined.standardError), try #require(whole.standardError))
        #expect(own > 0.3 * right && own < 3 * right)
        // The same from the journal, which keeps what it takes.
        let (again, again1) = try self.scorer(folder.path + "/scores.jsonl")
        _ = try again.score([again1], on: [task], share: 0.25)
        #expect(try again.score([again1], on: [task], share: 1)[0][0].value == joined.value)
    }

    @Test func anExternalTaskHasNoShares() throws {
        let folder = try TestFolder()
        let (scorer, node) = try scorer(folder.path + "/scores.jsonl")
        let error = #expect(throws: DPPAError.self) { try scorer.score([node], on: [.external("gsm8k")], share: 0.5) }
        #expect(error?.message.contains("cannot be asked a share") == true)
    }
}
