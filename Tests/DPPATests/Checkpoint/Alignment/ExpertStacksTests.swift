import DPPA
import Testing

/// Experts in stacks of every form, against the formulas of the models that have them.
@Suite("Stacks of experts")
struct ExpertStacksTests {
    private let folder: TestFolder
    private let site = "model.layers.0.mlp.experts."

    init() throws { folder = try TestFolder() }

    /// How stacks are kept, and what config.json says of the model; what is expected of gate and up.
    struct Form: Sendable {
        var type: String?
        var isTransposed: Bool
        /// The column of gate i, or of up i, among 2I.
        var column: @Sendable (_ isUp: Bool, _ index: Int, _ inner: Int) -> Int
        var hasBiases = false
    }

    private static let halves: @Sendable (Bool, Int, Int) -> Int = { $0 ? $2 + $1 : $1 }
    static let forms = [
        Form(type: nil, isTransposed: false, column: halves),
        Form(type: "qwen3_moe", isTransposed: false, column: halves),
        Form(type: "llama4", isTransposed: true, column: halves),
        Form(type: "qwen3_vl_moe", isTransposed: true, column: halves),
        Form(
            type: "gpt_oss", isTransposed: true, column: { isUp, index, _ in 2 * index + (isUp ? 1 : 0) },
            hasBiases: true),
    ]

    /// A model with stacks and one with a matrix for each expert, which hold the same numbers.
    private func models(
        _ form: Form, count: Int, inner: Int, hidden: Int
    ) throws -> (together: OpenModel, apart: OpenModel, expected: [String: [Float]]) {
        let stack = Sample(
            site + "gate_up_proj", form.isTransposed ? [count, hidden, 2 * inner] : [count, 2 * inner, hidden], 1)
        let back = Sample(
            site + "down_proj", form.isTransposed ? [count, inner, hidden] : [count, hidden, inner], 1000)
        let bias = Sample(site + "gate_up_proj_bias", [count, 2 * inner], 3000)
        let backBias = Sample(site + "down_proj_bias", [count, hidden], 4000)
        var expected: [String: [Float]] = [:]
        for expert in 0..<count {
            for (isUp, word) in [(false, "gate_proj"), (true, "up_proj")] {
                let columns = (0..<inner).map { form.column(isUp, $0, inner) }
                expected["\(site)\(expert).\(word).weight"] = columns.flatMap { column in
                    (0..<hidden).map { row in
                        let place = form.isTransposed ? row * 2 * inner + column : column * hidden + row
                        return stack.values[expert * 2 * inner * hidden + place]
                    }
                }
                expected["\(site)\(expert).\(word).bias"] = columns.map { bias.values[expert * 2 * inner + $0] }
            }
            expected["\(site)\(expert).down_proj.weight"] = (0..<hidden).flatMap { row in
                (0..<inner).map { column in
                    let place = form.isTransposed ? column * hidden + row : row * inner + column
                    return back.values[expert * inner * hidden + place]
                }
            }
            expected["\(site)\(expert).down_proj.bias"] = (0..<hidden).map { backBias.values[expert * hidden + $0] }
        }
        if !form.hasBiases { expected = expected.filter { !$0.key.hasSuffix("bias") } }
        let shapes = { (name: String) in
            name.hasSuffix("bias")
                ? [name.contains("down") ? hidden : inner] : name.contains("down") ? [hidden, inner] : [inner, hidden]
        }
        let config = form.type.map { "{\"model_type\": \"outer\", \"text_config\": {\"model_type\": \"\($0)\"}}" }
        let together = try folder.model(
            "together", [stack, back] + (form.hasBiases ? [bias, backBias] : []), config: config)
        let apart = try folder.model(
            "apart", expected.sorted { $0.key < $1.key }.map { Sample($0.key, shapes($0.key), $0.value) })
        return (together, apart, expected)
    }

    @Test(
        "Each matrix is where the model's formula has it, and matrices make the stack again, in any range",
        arguments: forms.indices, [(3, 2, 5), (2, 3, 6), (2, 4, 4), (1, 1, 2)])
    func roundTrip(number: Int, sizes: (Int, Int, Int)) throws {
        let (together, apart, expected) = try models(
            Self.forms[number], count: sizes.0, inner: sizes.1, hidden: sizes.2)
        let taken = try together.aligned(to: apart).model
        let names: [String] = taken.weights.map { $0.name }
        #expect(names == expected.keys.sorted())
        for (name, values) in expected { #expect(try taken.floats(name) == values, "\(name)") }
        let joined = try apart.aligned(to: together).model
        for facts in together.weights {
            #expect(try joined.floats(facts.name) == together.floats(facts.name), "\(facts.name)")
        }
        for (view, name) in [
            (taken, site + "0.up_proj.weight"), (taken, site + "0.down_proj.weight"), (joined, site + "gate_up_proj"),
        ] {
            let source = try #require(view.source(name))
            let whole = try source.bytes()
            let size = source.dtype.byteSize
            for start in 0..<whole.count / size {
                for end in start + 1...whole.count / size {
                    var bytes = [UInt8](repeating: 0, count: (end - start) * size)
                    try bytes.withUnsafeMutableBytes { try source.load(start..<end, into: #require($0.baseAddress)) }
                    #expect(bytes == Array(whole[start * size..<end * size]), "\(name) \(start) \(end)")
                }
            }
        }
    }

    @Test("Halves of two types are put together in float32")
    func types() throws {
        let (together, _, expected) = try models(Self.forms[2], count: 2, inner: 2, hidden: 3)
        let mixed = try folder.model(
            "mixed",
            (0..<2).flatMap { expert in
                [("gate_proj", [2, 3]), ("up_proj", [2, 3]), ("down_proj", [3, 2])].map { word, shape in
                    let name = "\(site)\(expert).\(word).weight"
                    return Sample(name, shape, expected[name] ?? [], isHalf: word == "gate_proj")
                }
            })
        let joined = try mixed.aligned(to: together).model
        #expect(try joined.floats(site + "gate_up_proj") == together.floats(site + "gate_up_proj"))
    }

    @Test("Where nothing tells which element is which, it is an error that says so")
    func unknown() throws {
        for (type, words) in [(nil, "no model_type"), ("other_moe", "the model_type other_moe")] as [(String?, String)]
        {
            let form = Form(type: type, isTransposed: true, column: Self.halves)
            let (together, apart, _) = try models(form, count: 2, inner: 2, hidden: 5)
            let parts = [
                "in which order", "gate_up_proj [2, 5, 4] has gate and up", words, "gpt_oss, llama4, qwen3_vl_moe",
            ]
            expectError(.data, parts) { _ = try together.aligned(to: apart) }
            expectError(.data, parts) { _ = try apart.aligned(to: together) }
        }
        let plain = Form(type: "gpt_oss", isTransposed: false, column: Self.halves)
        let (together, apart, _) = try models(plain, count: 2, inner: 2, hidden: 5)
        expectError(.data, ["it is not transposed", "gpt_oss"]) { _ = try together.aligned(to: apart) }
        // One stack alone, as long as wide.
        let (_, matrices, _) = try models(Self.forms[0], count: 2, inner: 2, hidden: 4)
        let half = try folder.model("half", [Sample(site + "gate_up_proj", [2, 4, 4], 1)])
        expectError(.data, ["half", "gate_up_proj [2, 4, 4] is transposed", "matrix for each expert"]) {
            _ = try half.aligned(to: matrices)
        }
    }
}
