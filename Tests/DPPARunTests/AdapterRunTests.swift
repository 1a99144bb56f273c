import DPPA
import DPPAScript
import Foundation
import Testing

/// An adapter where a recipe expects a fine-tuned model.
@Suite struct AdapterRunTests {
    private let matrix = "model.layers.0.mlp.up_proj"
    private let base: [Float] = (0..<12).map { Float($0) / 4 + 1 }
    /// b · a, whose products are exact, by the scale of 2.
    private let delta: [Float] = [1, 2, 4, -1, -2, -4, 0.5, 1, 2, 0, 0, 0].map { $0 / 64 }

    /// A base, and a rank-1 adapter of one of its two tensors.
    private func write(_ scratch: Scratch) throws {
        try EdgeCaseTests.write(
            scratch, "base", [(matrix + ".weight", [4, 3], base), ("model.norm.weight", [3], [1, 2, 3])])
        try EdgeCaseTests.write(
            scratch, "adapter",
            [
                ("base_model.model.\(matrix).lora_A.weight", [1, 3], [1, 2, 4]),
                ("base_model.model.\(matrix).lora_B.weight", [4, 1], [1, -1, 0.5, 0].map { $0 / 128 }),
            ])
        let folder = scratch.path + "/adapter/"
        try FileManager.default.moveItem(
            atPath: folder + "model.safetensors", toPath: folder + "adapter_model.safetensors")
        try FileManager.default.removeItem(atPath: folder + "config.json")
        _ = try scratch.write(#"{"peft_type": "LORA", "r": 1, "lora_alpha": 2}"#, "adapter/adapter_config.json")
    }

    @Test(arguments: ["task_arithmetic", "ties", "dare", "slerp", "dp", "average"])
    func everyRecipeTakesAnAdapter(recipe: String) throws {
        let scratch = try Scratch()
        try write(scratch)
        let adapter = scratch.path + "/adapter"
        var options = ["base": scratch.path + "/base", "experts": adapter]
        if recipe == "dp" { options = ["base": scratch.path + "/base", "expert": adapter, "rate": "0"] }
        if recipe == "average" { options = ["experts": scratch.path + "/base," + adapter] }
        switch recipe {
        case "task_arithmetic": options["lambda"] = "0.5"
        case "ties": options["density"] = "0.25"
        case "dare": options["rate"] = "0"
        default: break
        }
        let model = try run("\(Folders.recipes)/\(recipe).lua", options, in: scratch).model
        let found = model.floats(matrix + ".weight")
        // The largest quarter of twelve, and of what is left the lower index.
        let trimmed = delta.enumerated().map { [2, 5, 1].contains($0.offset) ? $0.element : 0 }
        let expected: [Float]? =
            switch recipe {
            case "ties": zip(base, trimmed).map(+)
            case "dare", "dp": zip(base, delta).map { $0 + (recipe == "dare" ? 0.6 : 1) * $1 }
            case "slerp": nil
            default: zip(base, delta).map { $0 + 0.5 * $1 }
            }
        if let expected {
            #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-6 }, "\(found) \(expected)")
        }
        #expect(model.floats("model.norm.weight") == [1, 2, 3])
        #expect(model.tensors.count == 2)
    }

    @Test func aLabelThatIsGivenIsTheLabelOfBaseAndAdapterTogether() throws {
        let scratch = try Scratch()
        try write(scratch)
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local function label(path, options) return dppa.label(dppa.model(path, options)) end
            print(label "base+adapter", label("base+adapter", { label = "x" }), label "y=base+adapter")
            print(label("base+adapter+adapter", { label = "z" }), label "base+adapter+adapter")
            local other = dppa.model("other", { label = "o" })
            print((dppa.max(dppa.abs(dppa.weights(dppa.model "y=base+adapter") - dppa.weights(other)), "model"):value()))
            return dppa.model "base"
            """, "recipe.lua")
        try FileManager.default.copyItem(atPath: scratch.path + "/base", toPath: scratch.path + "/other")
        let outcome = try run(recipe, in: scratch).outcome
        #expect(
            outcome.record.printed == [
                "base+adapter\tx\ty", "z\tbase+adapter+adapter", "\(delta.map(abs).max() ?? 0)",
            ])
        let taken = try scratch.write(
            "local dppa = require \"dppa.v1\"\nlocal o = dppa.model(\"other\", { label = \"o\" })\n"
                + "return dppa.model(\"base+adapter\", { label = \"o\" })", "taken.lua")
        let error = #expect(throws: DPPAError.self) { _ = try run(taken, in: scratch) }
        #expect(error?.message.contains("two models have the label 'o'") == true && error?.location?.line == 3)
    }

    /// What an adapter has learnt is not what rounding leaves of base + delta − base.
    @Test func theDeltaOfAnAdapterIsExact() throws {
        let scratch = try Scratch()
        try write(scratch)
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local base, experts = dppa.family { base = "base", experts = { "adapter" } }
            local whole = dppa.model "base+adapter"
            print(dppa.label(experts[1]), dppa.space(experts[1]), dppa.label(whole), dppa.space(experts[1] - base))
            for _, tensor in ipairs(dppa.facts(experts[1] - base)) do print(tensor.name) end
            print((dppa.max(dppa.abs(dppa.weights(experts[1]) - dppa.weights(whole)), "model"):value()))
            return base + 1e6 * (1e-6 * (experts[1] - base))
            """, "recipe.lua")
        let (outcome, model) = try run(recipe, in: scratch)
        #expect(
            outcome.record.printed == [
                "adapter\tmodel\tbase+adapter\tdelta", matrix + ".weight", "model.norm.weight", "0.0",
            ])
        let found = model.floats(matrix + ".weight")
        #expect(zip(found, zip(base, delta).map(+)).allSatisfy { abs($0 - $1) < 1e-6 })
    }
}
