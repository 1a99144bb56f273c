import DPPA
import DPPAScript
import Foundation
import Testing

/// Small and odd models through every shipped method.
@Suite struct EdgeCaseTests {
    /// A model directory with float32 or other tensors, made by the project's own writer.
    static func write(
        _ scratch: Scratch, _ name: String, _ tensors: [(name: String, shape: [Int], values: [Float])],
        dtype: DType = .f32
    ) throws {
        let directory = scratch.path + "/" + name
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let writer = try CheckpointWriter(
            directory: directory,
            tensors: tensors.map { CheckpointWriter.Tensor(name: $0.name, shape: $0.shape, dtype: dtype) },
            shardSize: 1 << 30, metadata: [:])
        for (index, tensor) in tensors.enumerated() where !tensor.values.isEmpty {
            var bytes = [UInt8](repeating: 0, count: tensor.values.count * dtype.byteSize)
            bytes.withUnsafeMutableBytes { out in
                tensor.values.withUnsafeBufferPointer { values in
                    guard let from = values.baseAddress, let to = out.baseAddress else { return }
                    DTypeConversion.encode(from, as: dtype, into: to, count: values.count)
                }
            }
            try bytes.withUnsafeBytes { try writer.write(tensor: index, byteOffset: 0, $0) }
        }
        try writer.finish()
        try #"{"torch_dtype": "float32"}"#.write(
            toFile: directory + "/config.json", atomically: true, encoding: .utf8)
    }

    /// One layer, a tensor of one element, an empty one, a scalar, a vector, an odd matrix.
    static let shapes: [(name: String, shape: [Int])] = [
        ("model.embed_tokens.weight", [7, 3]), ("model.layers.0.mlp.gate.scale", []),
        ("model.layers.0.mlp.up_proj.weight", [5, 3]), ("model.layers.0.mlp.down_proj.weight", [1, 1]),
        ("model.layers.0.input_layernorm.weight", [3]), ("model.void.weight", [0, 3]),
    ]

    static func tensors(_ f: (Int) -> Float) -> [(name: String, shape: [Int], values: [Float])] {
        shapes.map { ($0.name, $0.shape, (0..<$0.shape.reduce(1, *)).map(f)) }
    }

    @Test(arguments: MergeMethods.all, [DType.f32, .f16, .bf16, .f64])
    func oddShapesGoThroughEveryMethod(_ method: String, _ dtype: DType) throws {
        let scratch = try Scratch()
        try Self.write(scratch, "base", Self.tensors { Float($0 % 5) - 2 }, dtype: dtype)
        try Self.write(scratch, "one", Self.tensors { Float($0 % 7) * 0.25 }, dtype: dtype)
        try Self.write(scratch, "two", Self.tensors { 1 - Float($0 % 3) }, dtype: dtype)
        let options = MergeMethods.models(
            method, base: scratch.path + "/base", experts: ["\(scratch.path)/one", "\(scratch.path)/two"])
        // Of the matrix of one element bfloat16 leaves nothing of what nearswap changes.
        let model = try run("\(Folders.recipes)/\(method).lua", options, in: scratch) { $0.allowsLostChanges = true }
            .model
        #expect(model.tensors.count == Self.shapes.count)
        for (name, shape) in Self.shapes {
            #expect(model.tensors[name]?.shape == shape)
            #expect(model.tensors[name]?.dtype == dtype)
            let isFinite = model.floats(name).allSatisfy { $0.isFinite }
            #expect(isFinite)
        }
        if method == "average" {
            for (name, shape) in Self.shapes {
                let expected: [Float] = (0..<shape.reduce(1, *)).map { index in
                    let (one, two): (Float, Float) = (Float(index % 7) * 0.25, 1 - Float(index % 3))
                    return (one + two) / 2
                }
                #expect(model.floats(name) == expected)
            }
        }
    }

    @Test(arguments: ["dp", "owl", "magnitude", "uniform"], ["exact", "reference"])
    func oddShapesAndAZeroDeltaGoThroughPruning(_ method: String, _ compat: String) throws {
        let scratch = try Scratch()
        try Self.write(scratch, "base", Self.tensors { Float($0 % 5) - 2 })
        try Self.write(scratch, "same", Self.tensors { Float($0 % 5) - 2 })
        try Self.write(scratch, "tuned", Self.tensors { Float($0 % 7) * 0.25 })
        var options = ["base": scratch.path + "/base", "method": method, "compat": compat, "rate": "0.5"]
        options["expert"] = scratch.path + "/same"
        let same = try run("\(Folders.recipes)/dp.lua", options, in: scratch)
        let base = try Written(scratch.path + "/base")
        for name in base.tensors.keys { #expect(same.model.tensors[name]?.bytes == base.tensors[name]?.bytes) }
        #expect(
            same.outcome.named.filter { $0.name.hasPrefix("density") }.flatMap(\.values).allSatisfy { $0.value == 0.5 })
        options["expert"] = scratch.path + "/tuned"
        let tuned = try run("\(Folders.recipes)/dp.lua", options, in: scratch).model
        for (name, shape) in Self.shapes {
            #expect(tuned.tensors[name]?.shape == shape)
            let isFinite = tuned.floats(name).allSatisfy { $0.isFinite }
            #expect(isFinite)
        }
        // The matrix is a linear and loses about half of its delta; what is no linear keeps all of it.
        let matrix = "model.layers.0.mlp.up_proj.weight"
        let changed = zip(tuned.floats(matrix), base.floats(matrix)).count { $0 != $1 }
        #expect((5...9).contains(changed))
        #expect(tuned.floats("model.embed_tokens.weight") == (0..<21).map { Float($0 % 7) * 0.25 })
    }

    @Test func aGrownVocabularyIsCutToTheRowsOfTheBase() throws {
        let scratch = try Scratch()
        let (embedding, matrix) = ("model.embed_tokens.weight", "model.layers.0.mlp.up_proj.weight")
        try Self.write(scratch, "base", [(embedding, [2, 3], [1, 2, 3, 4, 5, 6]), (matrix, [1, 3], [1, 1, 1])])
        try Self.write(
            scratch, "grown", [(embedding, [3, 3], [2, 3, 4, 5, 6, 7, 8, 9, 9]), (matrix, [1, 3], [2, 3, 4])])
        let options = ["base": scratch.path + "/base", "expert": scratch.path + "/grown", "rate": "0"]
        let (outcome, model) = try run("\(Folders.recipes)/dp.lua", options, in: scratch)
        #expect(model.tensors[embedding]?.shape == [2, 3])
        #expect(model.floats(embedding) == [2, 3, 4, 5, 6, 7])
        #expect(
            outcome.warnings.contains {
                $0.contains("grown: the last rows of \(embedding) (3 rows, 2 in base) left out")
            })
        let error = #expect(throws: DPPAError.self) {
            _ = try run(
                "\(Folders.recipes)/task_arithmetic.lua",
                ["base": scratch.path + "/base", "experts": scratch.path + "/grown", "refuse": "rows"], in: scratch)
        }
        #expect(error?.notes.first?.contains("fitting rows is refused") == true)
    }

    @Test(arguments: ["task_arithmetic", "ties", "dare"])
    func aZeroDeltaGivesTheBaseByteForByte(_ method: String) throws {
        let scratch = try Scratch()
        try Self.write(scratch, "base", Self.tensors { Float($0) * 0.37 - 1 }, dtype: .bf16)
        try Self.write(scratch, "same", Self.tensors { Float($0) * 0.37 - 1 }, dtype: .bf16)
        let options = ["base": scratch.path + "/base", "experts": "\(scratch.path)/same,again=\(scratch.path)/same"]
        let model = try run("\(Folders.recipes)/\(method).lua", options, in: scratch).model
        let base = try Written(scratch.path + "/base")
        for (name, tensor) in base.tensors { #expect(model.tensors[name]?.bytes == tensor.bytes) }
    }

    /// The error of a recipe, whose first line loads the language; nil if it runs.
    static func error(_ text: String, _ scratch: Scratch, dtype: DType? = nil) throws -> DPPAError? {
        let recipe = try scratch.write("local dppa = require \"dppa.v1\"\n" + text, "recipe.lua")
        do {
            _ = try run(recipe, dtype: dtype, in: scratch)
            return nil
        } catch { return error as? DPPAError }
    }

    /// 1 − 0.9 and 0.7 + 0.1 are a bit less than a tenth and eight tenths.
    @Test(arguments: ["row", "column", "tensor", "layer", "model"])
    func sharesThatAreWholeButForRoundingLoseNothing(_ scope: String) throws {
        let scratch = try Scratch()
        try Self.write(
            scratch, "base",
            [("model.layers.0.mlp.up_proj.weight", [50, 50], (0..<2500).map { Float(($0 * 997) % 2503) })])
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local b = dppa.model "base"
            local x = dppa.weights(b)
            local scope = dppa.option { name = "scope", default = "row" }
            local function kept(mask) return dppa.count(mask, "model"):value() end
            assert(kept(dppa.top(x, 1 - 0.9, scope)) == 250, kept(dppa.top(x, 1 - 0.9, scope)))
            assert(kept(dppa.top(x, { count = 50 * (1 - 0.9) }, "row")) == 250)
            for index, mask in ipairs(dppa.bands(x, { 0.7, 0.1, 0.1, 0.1 }, scope)) do
              assert(kept(mask) == (index == 1 and 1750 or 250), index .. ": " .. kept(mask))
            end
            assert(kept(dppa.top(dppa.sum(x, "row"), 1 - 0.9, "tensor")) == 5)
            return b
            """, "recipe.lua")
        _ = try run(recipe, ["scope": scope], in: scratch)
    }

    @Test func maskAndOrIsWarnedOfWithItsLine() throws {
        let scratch = try Scratch()
        try Self.write(scratch, "base", [("a.weight", [4], [1, 2, 3, 4])])
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local b = dppa.model "base"
            local w = dppa.weights(b)
            local chosen = w:gt(2) and w or 0
            return dppa.as_model(chosen, b)
            """, "recipe.lua")
        let warnings = try run(recipe, in: scratch).outcome.warnings
        #expect(warnings.count == 1 && warnings[0].contains("recipe.lua:4: warning: no result depends on the mask"))
    }

    @Test func severalModelsAreSavedWithTheirOwnTypes() throws {
        let scratch = try Scratch()
        try Self.write(scratch, "base", [("a.weight", [2], [1, 2])])
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local b = dppa.model "base"
            local d = dppa.as_delta(dppa.weights(b))
            local mean = dppa.mean(d, "tensor"):named "mean"
            assert(mean:value()["a.weight"] == 1.5)
            local twice = b + d
            twice:save("twice", { dtype = "bf16" })
            b:save("once")
            """, "recipe.lua")
        let result = try run(recipe, in: scratch)
        let (twice, once) = (try Written(scratch.path + "/out/twice"), try Written(scratch.path + "/out/once"))
        #expect(twice.tensors["a.weight"]?.dtype == .bf16)
        #expect(twice.floats("a.weight") == [2, 4] && once.floats("a.weight") == [1, 2])
        #expect(result.outcome.named.first?.values.first?.value == 1.5)
        let config = try String(contentsOfFile: scratch.path + "/out/twice/config.json", encoding: .utf8)
        #expect(config.contains("bfloat16"))
        let card = try String(contentsOfFile: scratch.path + "/out/twice/README.md", encoding: .utf8)
        #expect(card.contains("twice:save") && !card.contains(scratch.path))
    }

    @Test func anExpertThatLacksATensorIsNamed() throws {
        let scratch = try Scratch()
        try Self.write(scratch, "base", Self.tensors { Float($0) })
        try Self.write(scratch, "part", Array(Self.tensors { Float($0) + 1 }.prefix(3)))
        let found = try Self.error("return dppa.model \"base\" + (dppa.model \"part\" - dppa.model \"base\")", scratch)
        let (part, base) = ("part (\(scratch.path)/part)", "base (\(scratch.path)/base)")
        #expect(found?.message.contains("\(part) lacks 3 tensors that \(base) has: ") == true)
    }

    @Test func optionsComeFromTheCommandLineWithTheTypeOfTheirDefault() throws {
        let scratch = try Scratch()
        try Self.write(scratch, "base", [("a.weight", [2], [1, 2])])
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local b = dppa.model(dppa.option { name = "base", default = "base" })
            local list = dppa.option { name = "list", default = {} }
            assert(dppa.option { name = "rate", default = 0.5, min = 0, max = 1 } == 0.25)
            assert(dppa.option { name = "flag", default = false } == true)
            assert(#list == 2 and list[2] == 2.5)
            return b
            """, "recipe.lua")
        let options = ["rate": "0.25", "flag": "true", "list": "1, 2.5"]
        let model = try run(recipe, options, in: scratch).model
        #expect(model.floats("a.weight") == [1, 2])
        #expect(throws: DPPAError.self) { _ = try run(recipe, options.merging(["rate": "2"]) { $1 }, in: scratch) }
        #expect(throws: DPPAError.self) { _ = try run(recipe, options.merging(["rite": "2"]) { $1 }, in: scratch) }
    }
}
