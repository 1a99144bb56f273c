import DPPA
import Foundation
import Testing

/// The built program, as a person uses it.
@Suite struct CommandLineTests {
    struct Result {
        var code: Int32
        var output: String
        var errors: String
    }

    /// Runs the program that stands beside the test bundle.
    func dppaRun(_ arguments: [String]) throws -> Result {
        let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let process = Process()
        let (output, errors) = (Pipe(), Pipe())
        process.executableURL = URL(
            fileURLWithPath: NSString(string: bundle).deletingLastPathComponent + "/dppa-run")
        process.arguments = arguments
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let texts = [output, errors].map {
            String(decoding: $0.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        }
        process.waitUntilExit()
        return Result(code: process.terminationStatus, output: texts[0], errors: texts[1])
    }

    private let ties = Folders.recipes + "/ties.lua"

    @Test func aQuietRunPrintsNothingAndItsJSONSaysWhatWasDone() throws {
        let scratch = try Scratch()
        let json = scratch.path + "/run.json"
        let result = try dppaRun(["run", ties, "--out", scratch.path + "/out", "--quiet", "--json", json])
        #expect(result.code == 0 && result.output.isEmpty && result.errors.isEmpty)
        let data = try Data(contentsOf: URL(fileURLWithPath: json))
        let report = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(report["recipe"] as? String == "ties.lua")
        #expect(report["epochs"] as? Int == 1 && report["passes"] as? Int == 2)
        #expect((report["options"] as? [String: Any])?["density"] as? Double == 0.2)
    }

    @Test func anExistingOutputIsRefusedAndAFailedForcedRunLeavesIt() throws {
        let scratch = try Scratch()
        let kept = try scratch.write("precious", "out/old.safetensors")
        let refused = try dppaRun(["run", ties, "--out", scratch.path + "/out"])
        #expect(refused.code == 73 && refused.errors.contains("--force"))
        let recipe = try scratch.write("error \"no\"", "bad.lua")
        #expect(try dppaRun(["run", recipe, "--out", scratch.path + "/out", "--force"]).code == 65)
        #expect(try String(contentsOfFile: kept, encoding: .utf8) == "precious")
        #expect(try dppaRun(["run", ties, "--out", scratch.path + "/out", "--force", "--quiet"]).code == 0)
        #expect(!FileManager.default.fileExists(atPath: kept))
        let names = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
        #expect(names.sorted() == ["bad.lua", "out"])
    }

    @Test func exitCodesTellTheKindOfTheError() throws {
        let scratch = try Scratch()
        let out = ["--out", scratch.path + "/out"]
        #expect(try dppaRun(["run", ties] + out + ["--set", "densty=1"]).code == 64)
        #expect(try dppaRun(["run", ties] + out + ["--set", "nothing"]).code == 64)
        #expect(try dppaRun(["run", ties] + out + ["--dtype", "int3"]).code == 64)
        #expect(try dppaRun(["run", scratch.path + "/none.lua"] + out).code == 66)
        #expect(try dppaRun(["run", ties] + out + ["--set", "base=\(scratch.path)/none"]).code == 66)
        #expect(try dppaRun(["run", ties] + out + ["--memory", "1M"]).code == 75)
        let endless = try scratch.write("while true do end", "endless.lua")
        #expect(try dppaRun(["run", endless] + out).code == 75)
        #expect(!FileManager.default.fileExists(atPath: scratch.path + "/out"))
    }

    @Test func inspectTellsOfTensorsLayersAndLinears() throws {
        let result = try dppaRun(["inspect", Folders.recipes + "/zoo/base"])
        #expect(result.code == 0)
        #expect(result.output.contains("57, 2461632 elements") && result.output.contains("model.layers: 6 layers"))
        #expect(try dppaRun(["inspect", "nowhere"]).code == 66)
    }

    @Test func versionNamesWhatItWasBuiltWith() throws {
        let result = try dppaRun(["--version"])
        #expect(result.output.hasPrefix("dppa-run \(version) (\(InstructionSet.name), Lua 5.4"))
        // The program may choose other kernels than a process that links the library.
        #expect(result.output.contains(", OpenBLAS 0.") && result.output.contains(" for "))
    }
}

/// Scoring from the command line.
@Suite struct EvaluationCommandTests {
    private let zoo = Folders.recipes + "/zoo"

    @Test func evalPrintsATableAndWritesJSON() throws {
        let scratch = try Scratch()
        let json = scratch.path + "/scores.json"
        let result = try CommandLineTests().dppaRun([
            "eval", zoo + "/base", zoo + "/law", "--task", zoo + "/search/law.jsonl", "--json", json, "--quiet",
        ])
        #expect(result.code == 0 && result.errors.isEmpty)
        #expect(result.output.split(separator: "\n").count == 4)
        // reference.json: 32 and 141 of 160.
        #expect(result.output.contains("0.2000") && result.output.contains("0.8812"))
        let data = try Data(contentsOf: URL(fileURLWithPath: json))
        let rows = try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
        let score = (rows[1]["scores"] as? [[String: Any]])?.first
        #expect(score?["value"] as? Double == 141.0 / 160 && score?["count"] as? Int == 160)
    }

    @Test func whatCannotBeScoredSaysWhy() throws {
        let missing = try CommandLineTests().dppaRun(["eval", zoo + "/base", "--task", zoo + "/none.jsonl"])
        #expect(missing.code == 66 && missing.errors.contains("there is no task file"))
        let file = try CommandLineTests().dppaRun([
            "eval", zoo + "/base/model.safetensors", "--task", zoo + "/search/law.jsonl",
        ])
        #expect(file.code == 65 && file.errors.contains("has no config.json"))
    }

    @Test func anExternalCommandScoresCandidatesAndLeavesNothing() throws {
        let scratch = try Scratch()
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local base, expert = dppa.model "zoo/base", dppa.model "zoo/law"
            local scores = dppa.score({ base, base + 0.5 * (expert - base) }, { "external:size" })
            print(scores[1].size, scores[2].size)
            return base
            """, "external.lua")
        let arguments = [
            "run", recipe, "--models", Folders.recipes, "--out", scratch.path + "/out", "--scratch",
            scratch.path + "/candidates", "--force", "--quiet", "--evaluator",
        ]
        let command = #"echo "{\"size\": $(stat -c %s {model}/model.safetensors)}""#
        let result = try CommandLineTests().dppaRun(arguments + [command])
        let size = try FileManager.default.attributesOfItem(atPath: zoo + "/base/model.safetensors")[.size] as? Int
        #expect(result.code == 0 && result.output == "\(size ?? 0).0\t\(size ?? 0).0\n", "\(result.errors)")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: scratch.path + "/candidates") == ["dppa-evaluator.log"])
        let failed = try CommandLineTests().dppaRun(arguments + ["echo broken >&2; exit 3; : {model}"])
        #expect(failed.code == 65 && failed.errors.contains("exit status 3") && failed.errors.contains("broken"))
        #expect(failed.errors.contains("external.lua:3"))
    }
}
