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

    @Test func withoutAnOutputTheEvaluatorsFilesLieAmongTheTemporaryOnes() throws {
        let scratch = try Scratch()
        _ = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local base, law = dppa.model "zoo/base", dppa.model "zoo/law"
            dppa.report { name = "t", columns = { "s" }, rows = { { dppa.score(0.5 * base + 0.5 * law, "external:one") } } }
            return law
            """.replacing("0.5 * base + 0.5 * law", with: "base + 0.5 * (law - base)"), "r.lua")
        let commands = [
            "eval '\(Folders.recipes)/zoo/law' --quiet --task external:one",
            "measure r.lua --models '\(Folders.recipes)' --quiet",
        ]
        for command in commands {
            let script = """
                mkdir -p t; export TMPDIR=$PWD/t; $dppa \(command) --evaluator 'echo "{\\"one\\": 1}"; : {model}'; echo $?; ls t
                $dppa \(command) --evaluator 'echo nothing; : {model}'; echo $?; cat t/*/dppa-evaluator.log; rm -r t; ls
                """
            let result = try Shell.run(script, in: scratch.path)
            let lines = result.output.split(separator: "\n").map(String.init)
            #expect(lines.contains("0") && lines.contains("65") && lines.contains("nothing"), "\(result)")
            #expect(lines.last == "r.lua" && !lines.contains { $0.hasPrefix("dppa-run-") }, "\(result)")
            #expect(result.errors.contains("what it printed is in \(scratch.path)/t/dppa-run-"), "\(result)")
        }
    }

    @Test(arguments: ["out/scratch", "out", "link/scratch"])
    func candidatesAreNotWrittenIntoTheOutput(_ folder: String) throws {
        let scratch = try Scratch()
        let result = try Shell.run(
            """
            mkdir out; ln -s out link; mkdir link/scratch; rm -d out/scratch
            $dppa run ties --out out --scratch \(folder) --evaluator 'exit 1; : {model}'; echo $?; ls . out
            $dppa run ties --quiet --out out/deep --scratch . --evaluator 'exit 1; : {model}'; echo $?
            """, in: scratch.path)
        #expect(result.output == "73\n.:\nlink\nout\n\nout:\n0\n", "\(result)")
        #expect(result.errors.contains("--scratch \(folder) lies in the output out"), "\(result)")
    }
}
