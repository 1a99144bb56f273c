import DPPA
import DPPAScript
import Foundation
import Testing

/// Searches that were stopped: what goes on from a torn journal is what would have come without the stop.
@Suite struct SearchResumingTests {
    private func recipe(_ scratch: Scratch, _ options: String) throws -> String {
        let lines = try String(contentsOfFile: Folders.recipes + "/zoo/search/law.jsonl", encoding: .utf8)
            .split(separator: "\n").prefix(24)
        _ = try scratch.write(lines.joined(separator: "\n"), "law.jsonl")
        return try scratch.write(
            """
            local dppa, ties = require "dppa.v1", require "dppa.ties"
            local objective, search = require "dppa.objective", require "dppa.search"
            local base, law, math = dppa.model "zoo/base", dppa.model "zoo/law", dppa.model "zoo/math"
            local function candidate(p) return ties(base, { law, math }, { density = p.density, lambda = p.lambda }) end
            local found = search {
              parameters = { { name = "density", min = 0.1, max = 0.9 }, { name = "lambda", min = 0.3, max = 2, scale = "log" } },
              candidate = candidate, maximize = objective(law, "law.jsonl"), seed = 5, \(options)
            }
            return candidate(found.parameters)
            """, "resumed.lua")
    }

    @Test(arguments: [
        "strategy = \"cma\", budget = 14", "strategy = \"line\", budget = 9",
        "strategy = \"sobol\", shares = { 0.25, 0.5, 1 }, budget = 6",
    ])
    func aStoppedSearchGoesOnAsIfItHadNotBeen(options: String) throws {
        let scratch = try Scratch()
        let recipe = try recipe(scratch, options)
        func result() throws -> (rows: [[String]], digests: [String: String], journal: [Substring]) {
            let (outcome, model) = try run(recipe, in: scratch) { $0.modelRoots = [Folders.recipes] }
            // The last column is the time that a candidate took.
            let rows = outcome.tables.flatMap { $0.rows.map { $0.dropLast().map(\.text) } }
            let journal = try String(contentsOfFile: scratch.path + "/out.scores.jsonl", encoding: .utf8)
            return (rows, model.tensors.mapValues { sha256($0.bytes) }, journal.split(separator: "\n"))
        }
        let first = try result()
        let kept = first.journal.count / 2
        let torn = first.journal[kept].prefix(first.journal[kept].count / 2)
        try (first.journal[..<kept] + [torn]).joined(separator: "\n").write(
            toFile: scratch.path + "/out.scores.jsonl", atomically: true, encoding: .utf8)
        let again = try result()
        #expect(again.rows == first.rows && again.digests == first.digests)
        // Nothing but what was torn off was scored again: one line is the torn one.
        #expect(again.journal.count == first.journal.count + 1)
    }

    /// The times of scores that are remembered are those of the first run, so minutes end a search where they did.
    @Test func minutesCountRememberedTimes() throws {
        let scratch = try Scratch()
        let recipe = try recipe(scratch, "strategy = \"random\", minutes = 0.02, budget = 40")
        func rows() throws -> [[String]] {
            try run(recipe, in: scratch) { $0.modelRoots = [Folders.recipes] }.outcome.tables.flatMap {
                $0.rows.map { $0.map(\.text) }
            }
        }
        let first = try rows()
        #expect(try rows() == first && !first.isEmpty)
    }
}
