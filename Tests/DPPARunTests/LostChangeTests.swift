import DPPA
import DPPAScript
import Foundation
import Testing

/// What rounding to the written type leaves of what a recipe asks for, against the files of a run in float32.
@Suite struct LostChangeTests {
    private let scratch: Scratch
    private let recipe = Folders.recipes + "/task_arithmetic.lua"

    init() throws { scratch = try Scratch() }

    /// The tensors that were to change and are as in the base, and the cosines of asked and written deltas.
    private func naive(_ lambda: String) throws -> (lost: [String: Int], cosines: [String: Double]) {
        let (base, exact, rounded) = try (
            Written(Folders.recipes + "/zoo/base"), run(recipe, ["lambda": lambda], dtype: .f32, in: scratch).model,
            run(recipe, ["lambda": lambda], in: scratch) { $0.allowsLostChanges = true }.model
        )
        var (lost, cosines): ([String: Int], [String: Double]) = ([:], [:])
        for name in base.tensors.keys {
            let (b, m, written) = (base.floats(name), exact.floats(name), rounded.floats(name))
            let changed = zip(b, m).count { $0 != $1 }
            if changed > 0, b == written { lost[name] = changed }
            var (product, asked, left) = (0.0, 0.0, 0.0)
            for index in b.indices {
                let (d, w) = (Double(m[index] - b[index]), Double(written[index]) - Double(b[index]))
                (product, asked, left) = (product + d * w, asked + d * d, left + w * w)
            }
            if asked > 0, left > 0 { cosines[name] = product / (asked * left).squareRoot() }
        }
        return (lost, cosines)
    }

    @Test func aMatrixOfWhichNothingSurvivesIsAnError() throws {
        let lost = try naive("1e-7").lost
        let out = scratch.path + "/none"
        let words = ["run", recipe, "--out", out, "--set", "lambda=1e-7"]
        let result = try CommandLineTests().dppaRun(words)
        #expect(result.code == 65 && !FileManager.default.fileExists(atPath: out), "\(result.errors)")
        let matrices = lost.keys.filter { $0.contains("_proj") }.sorted()
        let first = try #require(matrices.first)
        #expect(result.errors.contains("nothing of what the recipe changes in \(first)"), "\(result.errors)")
        #expect(result.errors.contains("the largest of \(lost[first] ?? 0) change"), "\(result.errors)")
        #expect(result.errors.contains("--dtype f32") && result.errors.contains("--allow-lost"))
        let json = scratch.path + "/run.json"
        let allowed = try CommandLineTests().dppaRun(words + ["--allow-lost", "--json", json])
        #expect(allowed.code == 0 && allowed.errors.contains("warning: rounding to"), "\(allowed.errors)")
        // In float32 nothing is lost, and of nothing that is asked nothing can be.
        for more in [["--dtype", "f32"], ["--set", "lambda=0"]] {
            let options = more[0] == "--set" ? Array(words.prefix(4)) : words
            let fine = try CommandLineTests().dppaRun(options + more + ["--force"])
            #expect(fine.code == 0, "\(more): \(fine.errors)")
        }
    }

    @Test func whatIsLostIsThatOfTheFilesWhateverTheThreads() throws {
        for lambda in ["1e-7", "1e-4", "0.02"] {
            let naive = try naive(lambda)
            for (threads, isDetailed) in [(1, true), (3, false)] {
                let record = try run(
                    recipe, ["lambda": lambda], engine: EngineOptions(threads: threads), in: scratch
                ) {
                    ($0.comparesDeltas, $0.allowsLostChanges) = (isDetailed, true)
                }.outcome.record
                let deltas = try #require(record.outputs.first?.deltas)
                #expect(
                    Dictionary(uniqueKeysWithValues: deltas.lostTensors.map { ($0.facts.name, $0.lost?.changed ?? 0) })
                        == naive.lost, "\(lambda)")
                guard isDetailed else { continue }
                for tensor in deltas.statistics.tensors {
                    let (found, expected) = (tensor.merged.writtenCosine, naive.cosines[tensor.facts.name])
                    #expect((found == nil) == (expected == nil), "\(tensor.facts.name)")
                    if let found, let expected { #expect(abs(found - expected) < 1e-4, "\(tensor.facts.name)") }
                }
            }
        }
    }

    @Test func normsMayLoseEverything() throws {
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local base, law = dppa.model "zoo/base", dppa.model "zoo/law"
            return base + 1e-3 * (law - base):select "*norm*"
            """, "norms.lua")
        let record = try run(recipe, in: scratch) { $0.modelRoots = [Folders.recipes] }.outcome.record
        let lost = try #require(record.outputs.first?.deltas).lostTensors
        #expect(!lost.isEmpty && lost.allSatisfy { $0.facts.name.contains("norm") })
    }
}
