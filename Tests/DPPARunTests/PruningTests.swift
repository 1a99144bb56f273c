import DPPA
import DPPAScript
import Foundation
import Testing

/// Dynamically Pruning against PyTorch and NumPy: see Fixtures/DP.
@Suite struct PruningTests {
    struct Masks: Decodable {
        struct Tensor: Decodable {
            var density: Double
            var kept: Int
            var sha256: String
        }
        struct Rate: Decodable {
            var clamped: [String]
            var tensors: [String: Tensor]
            var exact: [String: Tensor]
        }
        struct Expert: Decodable { var rates: [String: Rate] }
        var experts: [String: Expert]
    }

    /// A recipe that writes a mask as ones and zeros.
    static let recipe = """
        local dppa = require "dppa.v1"
        local dp = require "dppa.dp"
        local base = dppa.model "zoo/base"
        local expert = dppa.model("zoo/" .. dppa.option { name = "expert", default = "math" })
        local mask = dp.keep((expert - base):linears(), {
          rate = dppa.option { name = "rate", default = 0.9 }, compat = dppa.option { name = "compat", default = "exact" },
        })
        dppa.as_model(dppa.where(mask, 1, 0), base:linears()):save("mask", { partial = true })
        """

    @Test(arguments: ["math", "finance", "law"], ["reference", "exact"])
    func masksAreThoseOfTheOracle(expert: String, compat: String) throws {
        let file = URL(fileURLWithPath: Folders.fixtures + "/DP/masks.json")
        let masks = try JSONDecoder().decode(Masks.self, from: Data(contentsOf: file))
        let scratch = try Scratch()
        let recipe = try scratch.write(Self.recipe, "mask.lua")
        for (rate, expected) in masks.experts[expert]?.rates ?? [:] {
            let (outcome, model) = try run(
                recipe, ["expert": expert, "rate": rate, "compat": compat], in: scratch
            ) { $0.modelRoots = [Folders.recipes] }
            let right = compat == "exact" ? expected.exact : expected.tensors
            #expect(model.tensors.count == right.count)
            for (name, tensor) in right {
                let kept = model.floats(name).map { $0 != 0 }
                #expect(kept.count { $0 } == tensor.kept, "\(name) at \(rate)")
                var bits = [UInt8](repeating: 0, count: (kept.count + 7) / 8)
                for (index, isKept) in kept.enumerated() where isKept { bits[index / 8] |= 1 << UInt8(index % 8) }
                #expect(sha256(bits) == tensor.sha256, "\(name) at \(rate)")
            }
            let densities = Dictionary(
                uniqueKeysWithValues: (outcome.named.first { $0.name == "density at \(rate)" }?.values ?? []).map {
                    ($0.name, $0.value)
                })
            for (name, tensor) in right { #expect(abs((densities[name] ?? -1) - tensor.density) < 1e-6, "\(name)") }
            let counts = outcome.named.first { $0.name == "kept at \(rate)" }?.values ?? []
            for (name, count) in counts { #expect(count == Double(right[name]?.kept ?? -1)) }
            for name in compat == "reference" ? expected.clamped : [] {
                #expect(outcome.warnings.contains { $0.contains("density at \(rate)") && $0.contains(name) })
            }
        }
    }
}
