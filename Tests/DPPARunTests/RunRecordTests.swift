import DPPA
import DPPAScript
import Foundation
import Testing

/// What a run tells, once for card, JSON and page.
@Suite struct RunRecordTests {
    @Test func everythingThatARunHasToTellIsInItsRecord() throws {
        let scratch = try Scratch()
        _ = try scratch.write("return 0.5", "lib/half.lua")
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local ties = require "dppa.ties"
            local base = dppa.model(dppa.option { name = "base", default = "" })
            local law = dppa.model(dppa.option { name = "law", default = "" })
            local half = require "half"
            print("half is " .. half)
            local merged = base + half * (law - base)
            dppa.score(merged, dppa.option { name = "task", default = "" })
            dppa.score(law, { now = dppa.option { name = "task", default = "" } })
            dppa.norm(law - base, "model"):named "size"
            return ties(base, { merged }, { density = 1 })
            """, "mine.lua")
        let zoo = Folders.recipes + "/zoo"
        let run = try run(
            recipe, ["base": zoo + "/base", "law": zoo + "/law", "task": zoo + "/search/law.jsonl"], dtype: .f32,
            in: scratch)
        let record = run.outcome.record
        #expect(record.recipe.name == "mine.lua")
        #expect(record.recipe.modules.map(\.name) == ["half"] && record.recipe.modules[0].text == "return 0.5")
        #expect(record.recipe.library.contains("ties"))
        #expect(record.printed == ["half is 0.5"])
        #expect(record.options.map(\.name) == ["base", "law", "task"])
        #expect(record.options[1].given == zoo + "/law" && record.shown(record.options[1].value) == "law")
        #expect(record.models.map(\.label) == ["base", "law"] && record.models.map(\.name) == ["base", "law"])
        #expect(record.models[0].tensors == 57 && record.models[0].dtypes == ["BF16": 57])
        #expect(record.scores.map(\.model) == ["base + 0.5 * (law - base)", "law"])
        #expect(record.scores.map(\.score.task) == ["law", "now"])
        #expect(record.outputs.map(\.config) == ["base"] && record.dtype == .f32 && record.seed == nil)
        #expect(record.outputs[0].models == ["base", "law"])
        #expect(record.named.map(\.name) == ["size"] && record.tables.isEmpty && record.warnings.isEmpty)
        let json = scratch.path + "/run.json"
        try run.outcome.writeJSON(to: WrittenFile(json))
        let object = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: json)))
        let fields = try #require(object as? [String: Any])
        #expect(fields["printed"] as? [String] == ["half is 0.5"])
        let scores = try #require(fields["scores"] as? [[String: Any]])
        #expect(scores.map { $0["value"] as? Double } == record.scores.map { $0.score.value })
    }
}
