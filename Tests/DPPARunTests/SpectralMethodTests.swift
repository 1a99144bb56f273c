import DPPA
import DPPAScript
import Foundation
import Testing

/// Methods of whole matrices against NumPy in float64 (Fixtures/spectral), on matrices of odd shapes and on a published example.
@Suite struct SpectralMethodTests {
    struct Expected: Decodable {
        var odd: [String: [Float]]
        var example: [Float]
    }

    static let folder = Folders.fixtures + "/spectral"
    static let expected = Result {
        try JSONDecoder().decode(
            [String: Expected].self, from: Data(contentsOf: URL(fileURLWithPath: folder + "/expected.json")))
    }
    static let cases = (try? expected.get().keys.sorted()) ?? []
    static let matrix = "model.layers.0.mlp.down_proj.weight"

    private func merged(
        _ entry: String, base: String, _ experts: [String], engine: EngineOptions = EngineOptions(threads: 2)
    ) throws -> Written {
        let words = entry.split(separator: " ")
        let options = words.dropFirst().reduce(
            into: MergeMethods.models(
                String(words[0]), base: "\(Self.folder)/\(base)", experts: experts.map { "\(Self.folder)/\($0)" })
        ) { result, word in
            let pair = word.split(separator: "=")
            result[String(pair[0])] = String(pair[1])
        }
        return try run("\(Folders.recipes)/\(words[0]).lua", options, dtype: .f32, engine: engine, in: Scratch()).model
    }

    @Test func everyMethodIsCompared() {
        #expect(Set(Self.cases.map { String($0.prefix { $0 != " " }) }) == Set(MergeMethods.spectral))
    }

    @Test(arguments: cases) func oddShapes(_ entry: String) throws {
        let (expected, base) = (try Self.expected.get()[entry], try Written(Self.folder + "/base"))
        let model = try merged(entry, base: "base", ["A", "B", "C"])
        for (name, right) in try #require(expected).odd {
            let found = zip(model.floats(name), base.floats(name)).map { $0 - $1 }
            #expect(found.count == right.count && !right.isEmpty)
            for (found, right) in zip(found, right) {
                // Weights are rounded to float32 with the delta on them.
                #expect(abs(found - right) < 1e-6, "\(name): \(found), expected \(right)")
            }
        }
    }

    @Test(arguments: cases) func examplesOfThePrograms(_ entry: String) throws {
        let right = try #require(try Self.expected.get()[entry]).example
        let found = try merged(entry, base: "two.base", ["E", "F"]).floats(Self.matrix)
        #expect(found.count == 16)
        for (found, right) in zip(found, right) { #expect(abs(found - right) < 1e-6, "\(found), expected \(right)") }
    }

    /// To six digits what the authors' programs give for E and F.
    @Test(
        arguments: [
            ("iso_c", [0.236675, -0.022171, 0.095729, -0.044585, 0.093147, 0.039344, -0.126328, 0.203655]),
            ("iso_cts common=0.5", [0.282489, 0.027396, 0.093119, 0.002327, 0.059938, -0.026731, -0.179699, 0.229408]),
            ("tsv", [0.214489, -0.086343, 0.171249, -0.108458, 0.158484, -0.055066, -0.092332, 0.255081]),
            (
                "subspace_boosting beta=0.5",
                [0.361659, -0.015816, 0.143655, 0.015998, 0.200174, 0.064739, -0.128066, 0.347778]
            ),
            ("svc", [0.514307, -0.246352, 0.173043, -0.210375, 0.057336, 0.140666, -0.225214, 0.345008]),
            ("knots", [0.098304, -0.126727, 0.110794, -0.020739, 0.210166, 0.044813, -0.058418, 0.268609]),
            ("drm", [0.098304, -0.153454, 0.136723, 0.044474, 0.210166, 0.089627, -0.042211, 0.338601]),
            (
                "wudi steps=3 rate=0.01",
                [0.270207, -0.129783, 0.070429, 0.070381, 0.170223, 0.070487, -0.029438, 0.270417]
            ),
            ("wudi solver=exact", [0.204273, -0.18026, 0.068415, 0.040412, 0.107446, 0.049818, -0.009563, 0.238632]),
        ] as [(String, [Float])])
    func publishedDigits(_ entry: String, _ right: [Float]) throws {
        let found = try merged(entry, base: "two.base", ["E", "F"]).floats(Self.matrix)
        for (found, right) in zip(found, right) { #expect(abs(found - right) < 1e-6, "\(found), expected \(right)") }
    }

    @Test func starOfOneExpert() throws {
        let right: [Float] = [0.090344, -0.136237, -0.002617, -0.235903, -0.132125, 0.199243, 0.003828, 0.345003]
        let found = try merged("star", base: "two.base", ["E"]).floats(Self.matrix)
        for (found, right) in zip(found, right) { #expect(abs(found - right) < 1e-6, "\(found), expected \(right)") }
    }

    /// Threads, memory, chunks and tiles change no byte.
    @Test(arguments: MergeMethods.spectral) func theSameBytesHoweverItRuns(_ method: String) throws {
        let entry = method == "wudi" ? "wudi steps=5" : method == "knots" ? "knots density=0.4" : method
        let first = try merged(entry, base: "base", ["A", "B", "C"], engine: EngineOptions(threads: 1))
        let others = [
            EngineOptions(threads: 2), EngineOptions(threads: 3, memory: 80 << 20),
            EngineOptions(threads: 3, chunkElements: 4096, tileElements: 16),
        ]
        for options in others {
            let other = try merged(entry, base: "base", ["A", "B", "C"], engine: options)
            #expect(!first.tensors.isEmpty)
            for (name, tensor) in first.tensors { #expect(tensor.bytes == other.tensors[name]?.bytes, "\(name)") }
        }
    }

    /// With its own trim over the model KnOTS takes the largest coordinates of all matrices together.
    @Test func knotsTrimsOverTheModel() throws {
        let whole = try merged("knots", base: "base", ["A", "B"])
        let trimmed = try merged("knots density=0.5", base: "base", ["A", "B"])
        #expect(whole.floats(Self.matrix) != trimmed.floats(Self.matrix))
        #expect(
            try merged("knots density=0", base: "base", ["A", "B"]).floats(Self.matrix)
                == Written(Self.folder + "/base").floats(Self.matrix))
    }

    /// SVC with alpha 1 leaves a mean as it is; WUDI without steps is the sum.
    @Test func whatChangesNothing() throws {
        let scratch = try Scratch()
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local svc, wudi, task_arithmetic = require "dppa.svc", require "dppa.wudi", require "dppa.task_arithmetic"
            local base, A, B = dppa.model "two.base", dppa.model "E", dppa.model "F"
            local mean = 0.5 * (A - base) + 0.5 * (B - base)
            svc(base, { A, B }, { alpha = 1, merged = mean }):save "svc"
            wudi(base, { A, B }, { steps = 0 }):save "wudi"
            local merged = base + mean
            merged:save "mean"
            """, "recipe.lua")
        _ = try run(recipe, in: scratch) { $0.modelRoots = [Self.folder] }
        let written = try ["svc", "wudi", "mean"].map { try Written("\(scratch.path)/out/\($0)").floats(Self.matrix) }
        #expect(written[2].count == 16)
        for (a, b) in zip(written[0], written[2]) { #expect(abs(a - b) < 1e-6) }
        for (a, b) in zip(written[1], written[2]) { #expect(abs(a - 2 * b) < 1e-6) }
    }
}
