import DPPA
import DPPAScript
import Foundation
import Testing

/// Numbers at the edge through every method: what is not finite, too large, subnormal, or a negative zero.
@Suite struct NumbersTests {
    static let methods = MergeMethods.all + ["dp"]
    /// Where one number of a tensor is in all of it, through an angle, a norm or an energy.
    static let whole: Set<String> = Set([
        "karcher", "lines", "magic", "model_stock", "multislerp", "nuslerp", "sce", "slerp",
    ]).union(MergeMethods.spectral)
    static let shapes: [(name: String, shape: [Int])] = [
        ("model.embed_tokens.weight", [9, 4]), ("model.layers.0.mlp.up_proj.weight", [12, 8]),
        ("model.layers.0.mlp.down_proj.weight", [8, 12]), ("model.layers.1.mlp.up_proj.weight", [12, 8]),
        ("model.layers.1.mlp.down_proj.weight", [8, 12]), ("model.norm.weight", [8]),
    ]
    /// The tensor and the element that are changed.
    static let (odd, place) = ("model.layers.0.mlp.up_proj.weight", 17)

    private func write(_ scratch: Scratch, _ name: String, dtype: DType = .f32, _ f: (String, Int) -> Float) throws {
        try EdgeCaseTests.write(
            scratch, name,
            Self.shapes.map { tensor in
                (tensor.name, tensor.shape, (0..<tensor.shape.reduce(1, *)).map { f(tensor.name, $0) })
            }, dtype: dtype)
    }

    private static func value(_ seed: Int, _ name: String, _ index: Int) -> Float {
        Float(((index + seed) * 7919 + name.utf8.reduce(0) { $0 + Int($1) }) % 1009) / 1009 - 0.5
    }

    private func options(_ method: String, _ scratch: Scratch) -> [String: String] {
        MergeMethods.models(
            method, base: scratch.path + "/base", experts: [scratch.path + "/one", scratch.path + "/two"])
    }

    /// Runs a method on ordinary models of which one element of one expert is replaced.
    private func merged(
        _ method: String, _ replacement: Float?, dtype: DType? = nil, scale: Float = 1, _ more: [String: String] = [:]
    ) throws -> (outcome: RecipeOutcome, model: Written, base: Written) {
        let scratch = try Scratch()
        try write(scratch, "base") { scale * Self.value(1, $0, $1) }
        try write(scratch, "one") { name, index in
            if name == Self.odd, index == Self.place, let replacement { return replacement }
            return scale * Self.value(2, name, index)
        }
        try write(scratch, "two") { scale * Self.value(3, $0, $1) }
        let result = try run(
            "\(Folders.recipes)/\(method).lua", options(method, scratch).merging(more) { _, new in new }, dtype: dtype,
            in: scratch)
        return (result.outcome, result.model, try Written(scratch.path + "/base"))
    }

    // What passes through unscaled is copied and not looked at.
    @Test(arguments: methods.filter { $0 != "passthrough" }, [Float.nan, .infinity, -.infinity])
    func whatIsNotFiniteIsWarnedOfAndStaysWhereItWas(method: String, replacement: Float) throws {
        let clean = try merged(method, nil)
        #expect(!clean.outcome.warnings.contains { $0.contains("infinite or NaN") })
        // What is largest of a model is not known beside a NaN; an infinity is the largest, and changes what others count.
        let isMeasured = method == "dp" || method == "pcb"
        if Self.whole.contains(method) || method == "pcb" && replacement.isNaN {
            // One such element makes all of the tensor meaningless, and that is an error.
            let error = #expect(throws: DPPAError.self) { try merged(method, replacement) }
            #expect(error?.message.contains(Self.odd) == true && error?.code == .data, "\(error?.message ?? "")")
            return
        }
        let (outcome, model, base) = try merged(method, replacement)
        #expect(
            outcome.warnings.contains { $0.hasPrefix("warning: one has 1 infinite or NaN elements") },
            "\(outcome.warnings)")
        for (name, _) in Self.shapes where name != Self.odd {
            // Densities and shares of other tensors may depend on the odd one through the layer and the model.
            guard !isMeasured else { continue }
            #expect(model.tensors[name]?.bytes == clean.model.tensors[name]?.bytes, "\(name)")
        }
        let values = model.floats(Self.odd)
        for index in values.indices where index != Self.place { #expect(values[index].isFinite) }
        let found = values[Self.place]
        switch method {
        case "average", "task_arithmetic": #expect(!found.isFinite)
        case "dp": #expect(found == base.floats(Self.odd)[Self.place])
        case "ties": #expect(found.isFinite)
        default: break
        }
    }

    @Test(arguments: ["task_arithmetic", "ties", "dare"])
    func aFactorThatIsTooLargeNamesWhatItMakesInfinite(method: String) throws {
        let error = #expect(throws: DPPAError.self) { try merged(method, nil, ["lambda": "1e39"]) }
        #expect(error?.message.contains("is not finite although every input is") == true, "\(error?.message ?? "")")
        #expect(error?.location != nil)
        for text in ["nan", "inf", "-inf"] {
            let error = #expect(throws: DPPAError.self) { try merged(method, nil, ["lambda": text]) }
            #expect(error?.message.contains("lambda") == true, "\(error?.message ?? "")")
        }
    }

    @Test(arguments: methods)
    func aNumberTooLargeForTheOutputTypeIsAnError(method: String) throws {
        #expect(try merged(method, nil, dtype: .f16, scale: 1000).model.tensors.count == Self.shapes.count)
        let error = #expect(throws: DPPAError.self) { try merged(method, nil, dtype: .f16, scale: 1e6) }
        #expect(error?.message.contains("too large for this type") == true, "\(error?.message ?? "")")
    }

    // Slerp, as published, does not normalise a tensor whose norm is below 1e-8, and so does not give equal ones back; the
    // mean direction is a sum of parts, which are rounded.
    @Test(
        arguments: methods.filter { $0 != "slerp" && $0 != "karcher" },
        [(DType.f32, Float(bitPattern: 713)), (.bf16, Float(bitPattern: 1 << 16)), (.f16, 6e-8)])
    func subnormalNumbersAreNumbers(method: String, kind: (dtype: DType, unit: Float)) throws {
        let scratch = try Scratch()
        for name in ["base", "one", "two"] {
            // Equal models: every method gives them back.
            try write(scratch, name, dtype: kind.dtype) { _, index in Float(index % 5) * kind.unit }
        }
        let model = try run("\(Folders.recipes)/\(method).lua", options(method, scratch), in: scratch).model
        let base = try Written(scratch.path + "/base")
        for (name, _) in Self.shapes {
            #expect(model.tensors[name]?.bytes == base.tensors[name]?.bytes, "\(name)")
            #expect(model.floats(name).contains { $0 != 0 })
        }
    }

    @Test(arguments: methods)
    func aNegativeZeroIsAZero(method: String) throws {
        let scratch = try Scratch()
        try write(scratch, "base") { _, index in index % 2 == 0 ? -0.0 : 1 }
        try write(scratch, "one") { _, index in index % 2 == 0 ? 0 : 1 }
        try write(scratch, "two") { _, index in index % 2 == 0 ? -0.0 : 1 }
        let model = try run("\(Folders.recipes)/\(method).lua", options(method, scratch), in: scratch).model
        for (name, shape) in Self.shapes {
            #expect(model.floats(name) == (0..<shape.reduce(1, *)).map { $0 % 2 == 0 ? 0 : 1 })
        }
    }
}
