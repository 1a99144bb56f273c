import DPPA
import Foundation
import Testing

/// Scores on the command line: searches that go on where they were, and programs of the person's own.
@Suite struct ScoringCommandTests {
    @Test func aSecondRunTellsOfTheScoresThatItFinds() throws {
        let scratch = try Scratch()
        _ = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local base, law = dppa.model "zoo/base", dppa.model "zoo/law"
            local half = base + 0.5 * (law - base)
            dppa.score({ base, half }, { "zoo/search/law.jsonl" })
            return half
            """, "search.lua")
        let run = "\"$dppa\" run search --models '\(Folders.recipes)' --out out --force --json run.json"
        let first = try Shell.run(run, in: scratch.path)
        #expect(first.code == 0 && !first.errors.contains("resuming"), "\(first.errors)")
        // What was written is the model; candidates were built in memory and are counted apart.
        let data = try Data(contentsOf: URL(fileURLWithPath: scratch.path + "/run.json"))
        let report = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let model = try Written(scratch.path + "/out").tensors.values.reduce(0) { $0 + $1.bytes.count }
        #expect(report["bytes_written"] as? Int == model)
        #expect(report["bytes_built"] as? Int ?? 0 >= 2 * model)
        #expect(first.errors.contains(" written, ") && first.errors.contains("of candidates built in memory"))
        let second = try Shell.run(run, in: scratch.path)
        #expect(second.errors.contains("resuming, 2 scores found in out.scores.jsonl"), "\(second.errors)")
        #expect(!second.errors.contains("built in memory"), "\(second.errors)")
        #expect(try Shell.run(run + " --quiet", in: scratch.path).errors.isEmpty)
    }

    @Test func evalTakesAProgramOfThePersonsOwn() throws {
        let scratch = try Scratch()
        let zoo = Folders.recipes + "/zoo"
        let size = try FileManager.default.attributesOfItem(atPath: zoo + "/law/model.safetensors")[.size] as? Int ?? 0
        let command = #"'echo "{\"bytes\": $(stat -L -c %s {model}/model.safetensors)}"'"#
        let line =
            "\"$dppa\" eval '\(zoo)/law' --quiet --json s.json --task external:bytes --task '\(zoo)/search/law.jsonl'"
        let result = try Shell.run(line + " --evaluator " + command, in: scratch.path)
        #expect(result.code == 0 && result.output.contains("\(size).0000"), "\(result.errors)")
        let data = try Data(contentsOf: URL(fileURLWithPath: scratch.path + "/s.json"))
        let rows = try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
        let values = (rows[0]["scores"] as? [[String: Any]])?.compactMap { $0["value"] as? Double }
        #expect(values == [Double(size), 141.0 / 160])
        let failed = try Shell.run(line + " --evaluator 'exit 3'", in: scratch.path)
        #expect(failed.code == 65 && failed.errors.contains("exit status 3"), "\(failed.errors)")
    }
}
