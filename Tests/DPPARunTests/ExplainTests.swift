import DPPA
import Foundation
import Testing

/// `dppa-run explain` on merges of the zoo.
@Suite struct ExplainTests {
    private let zoo = Folders.recipes + "/zoo"

    private func dppaRun(_ arguments: String...) throws -> CommandLineTests.Result {
        try CommandLineTests().dppaRun(arguments)
    }

    @Test func aWeightedSumIsFoundAgain() throws {
        let scratch = try Scratch()
        let (out, json) = (scratch.path + "/out", scratch.path + "/x.json")
        let made = try dppaRun(
            "run", "task_arithmetic", "--out", out, "--quiet", "--set", "base=\(zoo)/base", "--set",
            "experts=\(zoo)/math,\(zoo)/law", "--set", "weights=0.6,0.4", "--set", "lambda=1", "--dtype", "f32")
        #expect(made.code == 0, "\(made.errors)")
        let result = try dppaRun(
            "explain", out, "--base", "\(zoo)/base", "\(zoo)/math", "\(zoo)/law", "\(zoo)/finance", "--json", json)
        #expect(result.code == 0 && result.output.contains("0.60 math + 0.40 law"), "\(result.output) \(result.errors)")
        let data = try Data(contentsOf: URL(fileURLWithPath: json))
        let report = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let tensors = try #require(report["tensors"] as? [[String: Any]])
        for tensor in tensors {
            let c = try #require(tensor["coefficients"] as? [String: Double])
            #expect(
                abs((c["math"] ?? 0) - 0.6) < 1e-4 && abs((c["law"] ?? 0) - 0.4) < 1e-4 && abs(c["finance"] ?? 0) < 1e-4
            )
        }
    }

    @Test func aPrunedMergeIsNoSum() throws {
        let scratch = try Scratch()
        let out = scratch.path + "/out"
        #expect(
            try dppaRun(
                "run", "ties", "--out", out, "--quiet", "--set", "base=\(zoo)/base", "--set",
                "experts=\(zoo)/math,\(zoo)/law"
            ).code == 0)
        let result = try dppaRun("explain", out, "--base", "\(zoo)/base", "\(zoo)/math", "\(zoo)/law", "--tensors")
        #expect(
            result.code == 0 && result.output.contains("no sum of whole deltas"), "\(result.output) \(result.errors)")
    }

    @Test func mistakesAreTold() throws {
        let none = try dppaRun("explain", "\(zoo)/math", "--base", "\(zoo)/base")
        #expect(none.code == 64)
        let wrong = try dppaRun("explain", "\(zoo)/math", "--base", "\(zoo)/bse", "\(zoo)/law")
        #expect(wrong.code == 66 && wrong.errors.contains("base"), "\(wrong.errors)")
    }
}
