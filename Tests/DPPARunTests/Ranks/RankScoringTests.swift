import DPPA
import DPPAScript
import DPPASupport
import Foundation
import Testing

/// What models say and what goes into their linears, on several ranks: the same bits.
@Suite("Ranks: scoring") struct RankScoringTests {
    /// Models of the evaluator's tests, of 64 tokens and two blocks.
    private static let models =
        NSString(string: #filePath).deletingLastPathComponent + "/../../DPPATests/Fixtures/Evaluation/Architectures"

    private static func tokens(_ seed: Int, _ count: Int) -> String {
        (0..<count).map { String((seed * 31 + $0 * $0 * 7 + $0) % 64) }.joined(separator: ", ")
    }

    private static func lines(_ count: Int, _ line: (Int) -> String) -> String {
        (0..<count).map { line($0) + "\n" }.joined()
    }

    /// Tasks of questions, of documents, and of generated answers in two groups and a bit.
    private static func writeTasks(in scratch: Scratch) throws {
        let choices = lines(60) {
            "{\"prompt\": [\(tokens($0, 9))], \"choices\": [[\($0 % 64), 3], [7]], \"answer\": \($0 % 2)}"
        }
        let generated = lines(37) { "{\"prompt\": [\(tokens($0, 3 + $0 % 5))], \"answer_text\": \"\($0 % 3)\"}" }
        _ = try scratch.write(choices, "choices.jsonl")
        _ = try scratch.write(lines(11) { "{\"tokens\": [\(tokens($0, 90 + $0))]}" }, "documents.jsonl")
        _ = try scratch.write("{\"metric\": \"generate\", \"max_tokens\": 5}\n" + generated, "generated.jsonl")
    }

    /// Candidates that differ by a factor, and a result that depends on the scores.
    private static func recipe(_ candidates: Int, in scratch: Scratch, _ options: String = "") throws -> String {
        try writeTasks(in: scratch)
        return try scratch.write(
            """
            local dppa = require "dppa.v1"
            local base = dppa.model "llama1"
            local function scaled(factor) return dppa.as_model(dppa.weights(base) * factor, base) end
            local candidates = {}
            for k = 1, \(candidates) do candidates[k] = scaled(1 + k / 10) end
            local scores, reason = dppa.score(candidates, { "choices.jsonl", "documents.jsonl", "generated.jsonl" }\(options))
            return scaled(scores and scores[1].documents / 1000 or 0.5)
            """, "r\(candidates).lua")
    }

    /// What a run on some ranks tells: its scores, by candidate and task, and how they were shared.
    private func run(
        _ recipe: String, _ size: Int, in scratch: Scratch
    ) throws -> (scores: [UInt64], sharing: [String], weights: Data) {
        let out = "\(scratch.path)/out\(size)"
        let results = ThreadRanks(size).run { ranks -> RunRecord? in
            var request = RecipeRun.Request(out: out)
            request.engine = EngineOptions(threads: 1)
            request.engine.ranks = ranks
            request.modelRoots = [Self.models]
            if ranks.isFirst { return try RecipeRun(recipe).run(request).record }
            try RecipeRun(recipe).join(request)
            return nil
        }
        let record = try #require(try results.map { try $0.get() }[0])
        let bits = record.scores.flatMap { scored in
            let score = scored.score
            return [score.value, score.standardError ?? 0].map(\.bitPattern) + score.others.map(\.value.bitPattern)
        }
        return (
            bits, record.sharing.map(\.words),
            try #require(FileManager.default.contents(atPath: out + "/model.safetensors"))
        )
    }

    @Test(
        "Scores of one candidate, of a few and of many have the same bits on 1, 2, 3 and 5 ranks",
        arguments: [1, 2, 4, 7])
    func scores(candidates: Int) throws {
        let scratch = try Scratch()
        let recipe = try Self.recipe(candidates, in: scratch)
        let alone = try run(recipe, 1, in: scratch)
        #expect(alone.sharing.isEmpty && alone.scores.count >= 3 * candidates)
        for size in [2, 3, 5] {
            let found = try run(recipe, size, in: scratch)
            #expect(found.scores == alone.scores, "\(candidates) on \(size)")
            #expect(found.weights == alone.weights)
            #expect(found.sharing.count == 1)
            let head = "\(candidates) candidate\(candidates == 1 ? "" : "s") over \(size) ranks: "
            #expect(found.sharing.first?.hasPrefix(head) == true, "\(found.sharing)")
        }
    }

    @Sendable private static func findModels(_ request: inout RecipeRun.Request, _ rank: Int) {
        request.modelRoots = [models]
    }

    /// Stops a rank when candidates are being scored.
    private final class Stopper: EngineObserver, @unchecked Sendable {
        private let error: DPPAError
        private let stage: String
        private var left: Int
        private var isThere = false
        init(_ error: DPPAError, in stage: String, after left: Int) {
            (self.error, self.stage, self.left) = (error, stage, left)
        }
        func plan(bytes: Int) {}
        func begin(stage: String) { isThere = stage == self.stage }
        func advance(bytes: Int) {}
        func checkInterruption() throws {
            guard isThere else { return }
            left -= 1
            guard left < 0 else { return }
            // Who goes on is not stopped again.
            isThere = false
            throw error
        }
    }

    @Test("What fails on one rank in the middle of scoring ends all of them with its error", arguments: 0..<3)
    func failure(failing: Int) throws {
        let scratch = try Scratch()
        for (candidates, options) in [(1, ""), (3, ""), (2, ", { on_failure = \"skip\" }")] {
            let recipe = try Self.recipe(candidates, in: scratch, options)
            let failure = DPPAError(.interrupted, "stopped")
            let errors = ThreadRanks(3).run(
                recipe, out: scratch.path + "/out", change: Self.findModels,
                observer: { $0 == failing ? Stopper(failure, in: "scoring", after: 5) : nil })
            for error in errors {
                #expect(error?.code == .interrupted && error?.message == "stopped", "\(String(describing: error))")
                let told = error?.notes.contains { $0.contains("rank \(failing) of 3") } ?? false
                #expect(told == (failing > 0))
            }
            #expect(!FileManager.default.fileExists(atPath: scratch.path + "/out"))
        }
    }

    @Test("A recipe that goes on without scores goes on on all ranks, whichever could not score", arguments: 0..<3)
    func skipped(failing: Int) throws {
        let scratch = try Scratch()
        for candidates in [1, 3] {
            let recipe = try Self.recipe(candidates, in: scratch, ", { on_failure = \"skip\" }")
            let errors = ThreadRanks(3).run(
                recipe, out: "\(scratch.path)/out\(candidates)", change: Self.findModels,
                observer: {
                    $0 == failing ? Stopper(DPPAError(.data, "too bad"), in: "scoring", after: 5) : nil
                })
            #expect(errors.allSatisfy { $0 == nil }, "\(errors)")
        }
    }

    /// A text of five parts with products, and of one for about each batch without.
    private static func calibration(in scratch: Scratch) throws -> String {
        try scratch.write(lines(200) { "{\"tokens\": [\(tokens($0, 100 + $0 % 29))]}" }, "text.jsonl")
    }

    @Test(
        "Inputs of linears have the same bits on 1, 2, 3 and 5 ranks, with products of them and without",
        arguments: ["llama1", "mixtral"], [false, true])
    func activations(name: String, hasCovariance: Bool) throws {
        let scratch = try Scratch()
        let text = try Self.calibration(in: scratch)
        let results = try [1, 2, 3, 5].map { size in
            try ThreadRanks(size).run { ranks -> [[UInt32]] in
                var options = EngineOptions(threads: 1)
                options.ranks = ranks
                let (evaluator, node) = try Self.evaluator(name, options)
                let task = try EvaluationTask(path: text)
                let read = try evaluator.calibrationText(task, for: node, .init(samples: 1000))
                let inputs = try evaluator.inputs(
                    of: node, read, CalibrationOptions(hasCovariance: hasCovariance), isDry: false)
                return inputs.flatMap { input -> [[UInt32]] in
                    guard let sums = input.sums else { return [] }
                    let vectors =
                        [sums.norms(samples: 3), sums.means, sums.variances]
                        + [sums.takeCovariance()].compactMap(\.self)
                    return vectors.map { $0.array().map(\.bitPattern) } + [[UInt32(sums.count)]]
                }
            }.map { try $0.get() }
        }
        let alone = try #require(results.first?.first)
        #expect(alone.count > 50 && alone.allSatisfy { !$0.isEmpty })
        for ranks in results { for found in ranks { #expect(found == alone) } }
    }

    private static func evaluator(_ name: String, _ options: EngineOptions) throws -> (Evaluator, NodeID) {
        let graph = Graph()
        let node = try graph.source(try OpenModel(at: models + "/" + name, label: name))
        return (Evaluator(Engine(graph, options: options), dtype: nil), node)
    }

    @Test("What fails on one rank between the blocks of a text ends all of them", arguments: 0..<3)
    func failureOnText(failing: Int) throws {
        let scratch = try Scratch()
        _ = try Self.calibration(in: scratch)
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local wanda = require "dppa.wanda"
            return wanda(dppa.model "llama1", "text.jsonl")
            """, "r.lua")
        let errors = ThreadRanks(3).run(
            recipe, out: scratch.path + "/out", change: Self.findModels,
            observer: {
                $0 == failing ? Stopper(DPPAError(.interrupted, "stopped"), in: "calibrating", after: 2) : nil
            })
        for error in errors {
            #expect(error?.code == .interrupted && error?.message == "stopped", "\(String(describing: error))")
        }
    }
}
