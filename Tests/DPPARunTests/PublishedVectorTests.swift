import DPPA
import DPPAScript
import Foundation
import Testing

/// Merged deltas of the models of Fixtures/golden as papers and their authors' programs have them, to six digits.
@Suite struct PublishedVectorTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        var method: String
        var options: [String: String]
        var expected: [Float]
        var testDescription: String { "\(method) \(options.sorted { $0.key < $1.key }.map { "\($0)=\($1)" })" }
    }

    static let vectors = [
        Vector(
            method: "ties", options: ["density": "0.5", "scope": "model", "vote": "majority"],
            expected: [-0.3, -0.4, -0.7, 0, 0.65, 0.8, -0.45, 0.7]),
    ]
    static let tensor = "model.layers.0.mlp.up_proj.weight"

    /// Merged − base of the golden models.
    private func delta(_ method: String, _ experts: String, _ options: [String: String]) throws -> [Float] {
        let folder = Folders.fixtures + "/golden/f32/"
        let models = MergeMethods.models(
            method, base: folder + "base", experts: experts.map { folder + String($0) })
        let merged = try run(
            "\(Folders.recipes)/\(method).lua", models.merging(options) { $1 }, in: Scratch()
        ).model.floats(Self.tensor)
        let base = try Written(folder + "base").floats(Self.tensor)
        #expect(merged.count == 8 && base.count == 8)
        return zip(merged, base).map { $0 - $1 }
    }

    @Test(arguments: vectors) func agrees(_ vector: Vector) throws {
        for (found, right) in zip(try delta(vector.method, "ABC", vector.options), vector.expected) {
            #expect(abs(found - right) <= 1e-6, "\(found), expected \(right)")
        }
    }

    /// What DELLA keeps is divided by its own probability: 0.35 to 0.65 by rank.
    @Test func dellaDividesByTheProbabilityOfEachElement() throws {
        let kept: [Float] = [0.285714, -0.615385, 0.545455, -0.444444, 1.384615, -1.111111, 0.142857, 1.272727]
        var seen = [Int](repeating: 0, count: 8)
        for seed in 0..<24 {
            let options = ["density": "0.5", "epsilon": "0.15", "lambda": "1", "seed": String(seed)]
            for (index, found) in try delta("della_linear", "A", options).enumerated() where found != 0 {
                #expect(abs(found - kept[index]) <= 1e-6, "\(found), expected \(kept[index])")
                seen[index] += 1
            }
        }
        #expect(seen.allSatisfy { (1..<24).contains($0) }, "\(seen)")
    }

    /// DARE as published divides by 1 - p, DAREx by q.
    @Test(arguments: [(nil, Float(0.25)), ("0.4", 0.4), ("1", 1)])
    func dareDividesByQ(_ q: String?, _ divisor: Float) throws {
        let whole: [Float] = [0.1, -0.4, 0.3, -0.2, 0.9, -0.5, 0.05, 0.7]
        var count = 0
        for seed in 0..<8 {
            var options = ["rate": "0.75", "lambda": "1", "seed": String(seed)]
            options["q"] = q
            for (found, right) in zip(try delta("dare", "A", options), whole) where found != 0 {
                #expect(abs(found - right / divisor) <= 1e-6, "\(found), expected \(right / divisor)")
                count += 1
            }
        }
        #expect(count > 4 && count < 40)
    }
}
