import DPPA
import Foundation
import Testing

/// What goes into linears against a forward pass in NumPy (DPPARunTests/Fixtures/pruning).
@Suite struct CalibrationTests {
    struct Linear: Decodable {
        var tokens: Int
        var norm: [Float]
        var mean, variance, covariance: [Float]?
    }

    struct Expected: Decodable { var inputs: [String: [String: Linear]] }

    static let folder = NSString(string: #filePath).deletingLastPathComponent + "/../../DPPARunTests/Fixtures/pruning"

    private func inputs(
        _ name: String, _ options: EngineOptions = EngineOptions(threads: 2), file: String = folder + "/text.jsonl",
        _ text: CalibrationText.Options = .init()
    ) throws -> [MeasuredInputs] {
        let (evaluator, node, _, folder) = try ForwardPassTests.open(name, options)
        defer { withExtendedLifetime(folder) {} }
        let read = try evaluator.calibrationText(EvaluationTask(path: file), for: node, text)
        return try evaluator.inputs(
            of: node, read, CalibrationOptions(text: text, hasCovariance: true), isDry: false)
    }

    private func expectNear(_ found: [Float], _ right: [Float], _ what: String) {
        #expect(found.count == right.count, "\(what)")
        let size = right.map(abs).max() ?? 1
        for (found, right) in zip(found, right) where abs(found - right) > 2e-5 * size {
            Issue.record("\(what): \(found), expected \(right)")
            return
        }
    }

    /// One tensor with several linears, tensors that are stored the other way round, experts that see some tokens.
    @Test(arguments: ["llama1", "phi3", "gpt2", "mixtral"]) func inputsAreThoseOfNumPy(_ name: String) throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: Self.folder + "/expected.json"))
        let expected = try #require(try JSONDecoder().decode(Expected.self, from: data).inputs[name])
        let found = try inputs(name)
        #expect(Set(found.map(\.linear.name)) == Set(expected.keys) && found.count == expected.count)
        for input in found {
            let (right, tensor) = (try #require(expected[input.linear.name]), input.linear.name)
            let sums = try #require(input.sums)
            #expect(sums.count == right.tokens, "\(tensor)")
            #expect(input.linear.isTransposed == (name == "gpt2"))
            expectNear(sums.norms(samples: 24).array(), right.norm, tensor)
            guard let mean = right.mean, let variance = right.variance, let covariance = right.covariance else {
                continue
            }
            expectNear(sums.means.array(), mean, tensor)
            expectNear(sums.variances.array(), variance, tensor)
            let all = try #require(sums.takeCovariance()).array()
            expectNear(Array(all.prefix(covariance.count)), covariance, tensor)
            let width = sums.width
            #expect((0..<width * width).allSatisfy { all[$0] == all[$0 % width * width + $0 / width] })
        }
    }

    @Test(arguments: ["llama1", "mixtral"]) func theSameBitsHoweverItRuns(_ name: String) throws {
        func bits(_ options: EngineOptions) throws -> [[Float]] {
            try inputs(name, options).flatMap { input in
                [input.sums?.norms(samples: 1).array() ?? [], input.sums?.takeCovariance()?.array() ?? []]
            }
        }
        let first = try bits(EngineOptions(threads: 1))
        #expect(first.allSatisfy { !$0.isEmpty })
        #expect(try bits(EngineOptions(threads: 7)) == first)
        // Several waves, one after the other.
        #expect(try bits(EngineOptions(threads: 2, memory: (64 << 20) + 400_000)) == first)
    }

    @Test func linesAndTokensAreCounted() throws {
        let one = try inputs("llama1", .init(threads: 1), CalibrationText.Options(samples: 2, length: 4))
        #expect(one.allSatisfy { $0.sums?.count == 8 })
        let folder = try TestFolder()
        // A question is its prompt with the answer, of choices the right one.
        let file = try folder.write(
            #"{"prompt": [1, 2], "choices": [[3], [4, 5, 6]], "answer": 1}"#, "choices.jsonl")
        #expect(try inputs("llama1", .init(threads: 1), file: file).allSatisfy { $0.sums?.count == 5 })
    }

    @Test func aTokenThatIsNoneIsToldWithItsLine() throws {
        let folder = try TestFolder()
        let file = try folder.write("{\"tokens\": [1, 2]}\n{\"tokens\": [3, 64]}\n", "text.jsonl")
        let error = #expect(throws: DPPAError.self) { try inputs("llama1", file: file) }
        #expect(error?.message.contains("text.jsonl:2: token 64") == true)
        #expect(error?.code == .data)
    }

    @Test func tooLittleMemoryIsSaidBefore() throws {
        let error = #expect(throws: DPPAError.self) {
            try inputs("llama1", EngineOptions(threads: 1, memory: 49 << 20))
        }
        #expect(error?.code == .limit)
    }
}
