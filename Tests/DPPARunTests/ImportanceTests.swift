import DPPA
import DPPAScript
import Foundation
import Testing

/// Fisher merging with importance that files give, against a loop over the elements.
@Suite struct ImportanceTests {
    static let (embedding, matrix) = ("model.embed_tokens.weight", "model.layers.0.mlp.up_proj.weight")
    static let models: [(label: String, scale: Float)] = [("base", 0), ("one", 1), ("two", -2)]

    private static func value(_ scale: Float, _ index: Int) -> Float { scale * Float(index % 7) / 8 + 1 }
    /// None of the first element matters to anybody.
    private static func importance(_ model: Int, _ index: Int) -> Float {
        index == 0 ? 0 : Float((index * (model + 2)) % 5) * 1e-6 + (model == 0 ? 0 : 1e-9)
    }

    /// Models, and a file of importance for each expert: with both tensors, or the matrix alone.
    private func write(_ scratch: Scratch, isWhole: Bool = true) throws -> [String: String] {
        for (label, scale) in Self.models {
            try EdgeCaseTests.write(
                scratch, label,
                [
                    (Self.embedding, [4, 3], (0..<12).map { Self.value(scale, $0) }),
                    (Self.matrix, [5, 3], (0..<15).map { Self.value(scale, $0 + 1) }),
                ])
        }
        for model in 0..<2 {
            let tensors: [(String, [Int], [Float])] = [
                (Self.embedding, [4, 3], (0..<12).map { Self.importance(model, $0) }),
                (Self.matrix, [5, 3], (0..<15).map { Self.importance(model, $0) }),
                ("step", [1], [7]),
            ]
            try EdgeCaseTests.write(
                scratch, "importance\(model)", tensors.filter { isWhole || model == 0 || $0.0 != Self.embedding })
        }
        func list(_ names: [String]) -> String { names.map { "\(scratch.path)/\($0)" }.joined(separator: ",") }
        return [
            "base": scratch.path + "/base", "experts": list(["one", "two"]),
            "importance": list(["importance0/model.safetensors", "importance1/model.safetensors"]),
        ]
    }

    /// The mean, weighted by w · F / |F|, or by w alone where the importances are 0.
    private func expected(
        _ shift: Int, _ index: Int, weights: [Double] = [1, 1], norms: [Double] = [1, 1], isPlain: Bool = false
    ) -> Double {
        let values = [1, -2].map { Double(Self.value(Float($0), index + shift)) }
        var shares = (0..<2).map { weights[$0] * Double(Self.importance($0, index)) / norms[$0] }
        if isPlain || shares == [0, 0] { shares = weights }
        return zip(values, shares).map { $0 * $1 }.reduce(0, +) / shares.reduce(0, +)
    }

    private func check(_ model: Written, _ name: String, _ right: (Int) -> Double) {
        let found = model.floats(name)
        #expect(found.count == (name == Self.matrix ? 15 : 12))
        for (index, value) in found.enumerated() {
            #expect(abs(Double(value) - right(index)) < 1e-6, "\(name)[\(index)]: \(value), expected \(right(index))")
        }
    }

    @Test func importanceOfFilesWeightsEveryElement() throws {
        let scratch = try Scratch()
        let options = try write(scratch)
        let model = try run("\(Folders.recipes)/fisher.lua", options, in: scratch).model
        #expect(model.tensors.count == 2)
        check(model, Self.embedding) { expected(0, $0) }
        check(model, Self.matrix) { expected(1, $0) }

        let more = options.merging(["weights": "0.25,2", "normalize": "true"]) { $1 }
        let norms = (0..<2).map { number in
            let counts = [12, 15].flatMap { 0..<$0 }
            return counts.map { pow(Double(Self.importance(number, $0)), 2) }.reduce(0, +).squareRoot()
        }
        let weighted = try run("\(Folders.recipes)/fisher.lua", more, in: scratch).model
        check(weighted, Self.embedding) { expected(0, $0, weights: [0.25, 2], norms: norms) }
        check(weighted, Self.matrix) { expected(1, $0, weights: [0.25, 2], norms: norms) }
    }

    @Test func tensorsWithoutImportanceAreAnErrorOrTheMean() throws {
        let scratch = try Scratch()
        var options = try write(scratch, isWhole: false)
        let error = #expect(throws: DPPAError.self) {
            try run("\(Folders.recipes)/fisher.lua", options, in: scratch)
        }
        #expect(
            error?.message.contains("importance 2 lacks 1 of 2 tensors, such as \(Self.embedding)") == true,
            "\(error?.message ?? "")")
        options["uncovered"] = "mean"
        options["weights"] = "1,3"
        let model = try run("\(Folders.recipes)/fisher.lua", options, in: scratch).model
        check(model, Self.embedding) { expected(0, $0, weights: [1, 3], isPlain: true) }
        check(model, Self.matrix) { expected(1, $0, weights: [1, 3]) }
        options["importance"] = scratch.path + "/importance0/model.safetensors"
        let count = #expect(throws: DPPAError.self) { try run("\(Folders.recipes)/fisher.lua", options, in: scratch) }
        #expect(count?.message.contains("importance has 1 files for 2 experts") == true)
    }
}
