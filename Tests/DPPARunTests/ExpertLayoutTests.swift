import DPPA
import DPPAScript
import Foundation
import Testing

/// Mixtures whose experts lie in stacks, in a matrix each, or both: what a method does is the same for all of them.
@Suite struct ExpertLayoutTests {
    private static let (count, inner, hidden) = (3, 4, 6)

    /// Numbers that no two tensors, elements and models share.
    private static func value(_ model: Int, _ name: String, _ element: Int) -> Float {
        var x = UInt64(bitPattern: Int64(element)) &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(model)
        for byte in name.utf8 { x = (x ^ UInt64(byte)) &* 0x100_0000_01B3 }
        x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
        x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
        return Float(x >> 40) / Float(1 << 23) - 1
    }

    /// A base (model 0), or what was made of it.
    private static func tensors(_ model: Int, fused: Bool) -> [(name: String, shape: [Int], values: [Float])] {
        func values(_ name: String, _ count: Int) -> [Float] {
            (0..<count).map { value(0, name, $0) + (model == 0 ? 0 : 0.2 * value(model, name, $0)) }
        }
        var result: [(name: String, shape: [Int], values: [Float])] = []
        func add(_ name: String, _ shape: [Int]) { result.append((name, shape, values(name, shape.reduce(1, *)))) }
        add("model.embed_tokens.weight", [9, hidden])
        add("model.norm.weight", [hidden])
        for layer in 0..<2 {
            let block = "model.layers.\(layer)."
            add(block + "self_attn.q_proj.weight", [hidden, hidden])
            add(block + "mlp.gate.weight", [count, hidden])
            let experts = block + "mlp.experts."
            func matrix(_ expert: Int, _ word: String) -> [Float] {
                values("\(experts)\(expert).\(word).weight", inner * hidden)
            }
            guard fused else {
                for expert in 0..<count {
                    add("\(experts)\(expert).gate_proj.weight", [inner, hidden])
                    add("\(experts)\(expert).up_proj.weight", [inner, hidden])
                    add("\(experts)\(expert).down_proj.weight", [hidden, inner])
                }
                continue
            }
            result.append(
                (
                    experts + "gate_up_proj", [count, 2 * inner, hidden],
                    (0..<count).flatMap { matrix($0, "gate_proj") + matrix($0, "up_proj") }
                ))
            result.append(
                (experts + "down_proj", [count, hidden, inner], (0..<count).flatMap { matrix($0, "down_proj") }))
        }
        return result.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// The tensors of a result with stacks as matrices.
    private static func apart(_ model: Written) -> [String: [Float]] {
        var found: [String: [Float]] = [:]
        for (name, tensor) in model.tensors {
            let values = model.floats(name)
            guard tensor.shape.count == 3 else {
                found[name] = values
                continue
            }
            let words = name.hasSuffix("gate_up_proj") ? ["gate_proj", "up_proj"] : ["down_proj"]
            let site = name.dropLast(name.hasSuffix("gate_up_proj") ? 12 : 9)
            for (number, start) in stride(from: 0, to: values.count, by: inner * hidden).enumerated() {
                let (expert, word) = (number / words.count, words[number % words.count])
                found["\(site)\(expert).\(word).weight"] = Array(values[start..<start + inner * hidden])
            }
        }
        return found
    }

    private func models(_ scratch: Scratch, base: Bool, experts: [Bool]) throws -> (base: String, experts: [String]) {
        try EdgeCaseTests.write(scratch, "base", Self.tensors(0, fused: base))
        for (number, fused) in experts.enumerated() {
            try EdgeCaseTests.write(scratch, "e\(number + 1)", Self.tensors(number + 1, fused: fused))
        }
        return (scratch.path + "/base", experts.indices.map { "\(scratch.path)/e\($0 + 1)" })
    }

    @Test(arguments: MergeMethods.all + ["dp"]) func aMethodSeesTheSameExperts(_ method: String) throws {
        var results: [(tensors: [String: [Float]], names: Set<String>, numbers: [String: [Double]])] = []
        for (base, experts) in [
            (false, [false, false]), (true, [true, true]), (true, [false, true]), (false, [true, false]),
        ] {
            let scratch = try Scratch()
            let paths = try models(scratch, base: base, experts: experts)
            let (outcome, model) = try run(
                "\(Folders.recipes)/\(method).lua",
                MergeMethods.models(method, base: paths.base, experts: paths.experts), in: scratch)
            let isFused = method == "average" || method == "karcher" || method == "passthrough" ? experts[0] : base
            #expect(model.tensors.keys.contains("model.layers.0.mlp.experts.gate_up_proj") == isFused)
            results.append(
                (
                    Self.apart(model), Set(model.tensors.keys),
                    Dictionary(
                        outcome.named.map { ($0.name, $0.values.map(\.value)) }, uniquingKeysWith: { first, _ in first }
                    )
                ))
        }
        for other in results.dropFirst() {
            #expect(other.tensors.keys.sorted() == results[0].tensors.keys.sorted())
            for (name, values) in results[0].tensors { #expect(other.tensors[name] == values, "\(name)") }
            #expect(other.numbers == results[0].numbers)
        }
        #expect(
            results[0].names == results[3].names || method == "average" || method == "karcher"
                || method == "passthrough")
    }

    /// A share of every expert's matrix is kept, not of the stack, however small an expert's delta is beside the others'.
    @Test func aShareIsOfEachMatrix() throws {
        let scratch = try Scratch()
        let paths = try models(scratch, base: true, experts: [true])
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local base, expert = dppa.model "base", dppa.model("e1", { like = dppa.model "base" })
            local kept = dppa.top(dppa.abs(expert - base), { count = 1 }, "tensor")
            return base + dppa.where(kept, expert - base, 0)
            """, "recipe.lua")
        _ = paths
        let found = Self.apart(try run(recipe, in: scratch).model)
        let base = Self.apart(try Written(scratch.path + "/base"))
        let matrices = found.filter { $0.key.contains(".experts.") }
        #expect(matrices.count == 2 * 3 * Self.count)
        for (name, values) in found {
            #expect(zip(values, base[name] ?? []).count { $0 != $1 } == 1, "\(name)")
        }
    }

    /// Routers have a role, by which a recipe leaves them as they are.
    @Test func routersCanStay() throws {
        let scratch = try Scratch()
        _ = try models(scratch, base: true, experts: [true])
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local base, experts = dppa.family { base = "base", experts = { "e1" } }
            local weight = dppa.per_tensor(base, function(t) return t.role == "router" and 0 or 1 end)
            return base + weight * (experts[1] - base)
            """, "recipe.lua")
        let model = try run(recipe, in: scratch).model
        let (base, tuned) = (try Written(scratch.path + "/base"), try Written(scratch.path + "/e1"))
        for name in model.tensors.keys {
            let isRouter = name.hasSuffix("mlp.gate.weight")
            #expect((model.floats(name) == base.floats(name)) == isRouter, "\(name)")
            #expect(isRouter || zip(model.floats(name), tuned.floats(name)).allSatisfy { abs($0 - $1) < 1e-6 })
        }
    }

    /// Layers of mixtures are stacked, whichever way their experts lie.
    @Test(arguments: [false, true]) func layersOfMixtures(_ fused: Bool) throws {
        let scratch = try Scratch()
        _ = try models(scratch, base: fused, experts: [fused])
        for name in ["base", "e1"] { _ = try scratch.write(#"{"num_hidden_layers": 2}"#, name + "/config.json") }
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local a, b = dppa.model "base", dppa.model "e1"
            return dppa.stack { { a }, { b, layers = "1", scale = { ["*.experts.1.down_proj.weight"] = 2, rest = 1 } } }
            """, "recipe.lua")
        let model = try run(recipe, in: scratch).model
        #expect(model.tensors.keys.contains("model.layers.2.mlp.experts.gate_up_proj") == fused)
        let (found, own) = (Self.apart(model), Self.apart(try Written(scratch.path + "/e1")))
        for (name, values) in own where name.hasPrefix("model.layers.1.") {
            let factor: Float = name.hasSuffix("experts.1.down_proj.weight") ? 2 : 1
            #expect(found[name.replacing("layers.1", with: "layers.2")] == values.map { $0 * factor }, "\(name)")
        }
    }

    @Test func wholeStacksOnRequest() throws {
        let scratch = try Scratch()
        let paths = try models(scratch, base: true, experts: [true])
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local base = dppa.model("base", { stacks = "whole" })
            for _, t in ipairs(dppa.facts(base)) do if t.role == "experts.gate_up" then print(t.name) end end
            return base
            """, "recipe.lua")
        _ = paths
        let (outcome, model) = try run(recipe, in: scratch)
        #expect(outcome.record.printed.count == 2)
        #expect(model.tensors["model.layers.0.mlp.experts.gate_up_proj"]?.shape == [3, 8, 6])
    }
}
