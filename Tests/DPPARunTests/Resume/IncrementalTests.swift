import DPPA
import DPPAScript
import Foundation
import Testing

/// A model in the place of the result lends the tensors that would be the same.
@Suite("Incremental reruns")
struct IncrementalTests {
    private func taken(_ result: CommandLineTests.Result) -> Int? {
        result.errors.split(separator: "\n").first { $0.contains("are taken from the model that is replaced") }.flatMap
        {
            Int($0.prefix { $0.isNumber })
        }
    }

    /// Writes with some options over what other ones have written, and looks whether the result is that of a run of its own.
    private func rewrite(
        _ run: LayeredRun, _ old: String, _ new: String, between change: () throws -> Void = {}
    ) throws -> Int {
        run.remove()
        #expect(try run.run(old + " --force").code == 0)
        try change()
        let result = try run.run(new + " --force")
        #expect(result.code == 0, "\(result)")
        let found = try run.contents()
        run.remove()
        #expect(try run.run(new + " --force").code == 0)
        #expect(try run.contents() == found, "\(old) -> \(new)")
        return taken(result) ?? 0
    }

    @Test func onlyWhatChangesIsComputed() throws {
        let (run, all) = (try LayeredRun(), LayeredRun.tensors)
        #expect(try rewrite(run, "", "") == all)
        // One layer's rule, then the rule of all layers, which leaves what is outside.
        #expect(try rewrite(run, "", "--set first=2") == all - 3)
        #expect(try rewrite(run, "", "--set factor=0.75") == 2)
        // Tensors move to other files.
        #expect(try rewrite(run, "", "--set first=2 --shard-size 4K") == all - 3)
        #expect(try rewrite(run, "--shard-size 3K", "--set first=2 --shard-size 4K") == all - 3)
        #expect(try rewrite(run, "", "--dtype f32") == 0)
        #expect(try rewrite(run, "", "--fresh") == 0)
        // Threads and memory change nothing.
        #expect(try rewrite(run, "--threads 1", "--threads 3 --memory 64M") == all)
    }

    @Test func inputsAreToldByWhatTheyHold() throws {
        let (run, all) = (try LayeredRun(), LayeredRun.tensors)
        #expect(try rewrite(run, "", "") { _ = try Shell.run("touch models/*/*", in: run.path) } == all)
        let file = run.path + "/models/a/model.safetensors"
        // One element of layers.1.mlp: its layer's size is in the rule, so all three tensors of the layer change.
        let stored = try SafetensorsFile(file)
        let tensor = try #require(stored.tensors.first { $0.name == "model.layers.1.mlp.up_proj.weight" })
        let change = "printf '\\101\\102' | dd of=\(file) conv=notrunc bs=1 seek=\(tensor.place.bytes.lowerBound) 2>&1"
        #expect(try rewrite(run, "", "") { _ = try Shell.run(change, in: run.path) } == all - 3)
        #expect(
            try rewrite(run, "", "") { _ = try Shell.run("cp models/b/model.safetensors models/a/", in: run.path) } <= 2
        )
    }

    @Test func aModelThatIsDamagedLendsNothingDamaged() throws {
        let (run, all) = (try LayeredRun(), LayeredRun.tensors)
        #expect(try run.run().code == 0)
        let stored = try SafetensorsFile(run.path + "/out/model.safetensors")
        let place = try #require(stored.tensors.first { $0.name == "model.norm.weight" }).place.bytes.lowerBound
        let damage = "printf 'x' | dd of=out/model.safetensors conv=notrunc bs=1 seek=\(place) 2>&1"
        #expect(try rewrite(run, "", "") { _ = try Shell.run(damage, in: run.path) } == all - 1)
        #expect(try rewrite(run, "", "") { _ = try Shell.run("rm out/recipe.lock.json", in: run.path) } == 0)
    }

    @Test func theReportTellsOfWhatIsTaken() throws {
        let run = try LayeredRun()
        func deltas(_ options: String) throws -> String {
            #expect(try run.run(options + " --force --json j.json --report p.html").code == 0)
            let json = try JSONObject(Data(contentsOf: URL(fileURLWithPath: run.path + "/j.json")), file: "j.json")
            return (json["deltas"] ?? json["outputs"] ?? .null).text
        }
        _ = try deltas("")
        let mixed = try deltas("--set first=2")
        run.remove()
        #expect(try mixed == deltas("--set first=2"))
        // Without a report less is counted, so that nothing of that can be taken for one.
        run.remove()
        #expect(try run.run("--set first=2").code == 0)
        #expect(try mixed == deltas("--set first=2"))
    }

    @Test func modelsBesideEachOtherAndStacksAreTakenAsWell() throws {
        let run = try LayeredRun()
        func recipe(_ factor: Double) throws {
            _ = try run.scratch.write(
                """
                local dppa = require "dppa.v1"
                local base, a, b = dppa.model "models/base", dppa.model "models/a", dppa.model "models/b"
                local all = dppa.norm(b - base, "model")
                local one, two = base + 0.5 * (a - base), base + \(factor) * (b - base) * (1 + 0 * all)
                one:save "one"
                two:save "two"
                """, "r.lua")
        }
        try recipe(0.5)
        #expect(try run.run().code == 0)
        try recipe(0.25)
        let result = try run.run("--force")
        #expect(result.code == 0 && taken(result) == LayeredRun.tensors, "\(result)")
        let found = try run.contents()
        run.remove()
        #expect(try run.run("--force").code == 0)
        #expect(try run.contents() == found)
    }

    @Test(arguments: ["ties", "tsv", "dppa_minimal", "model_stock", "dp"])
    func everyMethodIsTakenWhole(recipe: String) throws {
        let run = try LayeredRun()
        let first = try Shell.run("\"$dppa\" run \(recipe) --out out --force", in: run.path)
        #expect(first.code == 0, "\(first)")
        let before = try run.contents()
        let again = try Shell.run("\"$dppa\" run \(recipe) --out out --force", in: run.path)
        #expect(again.code == 0, "\(again)")
        #expect(try run.contents() == before)
        let line = again.errors.split(separator: "\n").first { $0.contains("are taken from the model") } ?? ""
        let numbers = line.split(separator: " ").compactMap { Int($0) }
        #expect(numbers.count == 2 && numbers[0] == numbers[1], "\(again)")
    }
}
