import DPPA
import DPPAScript
import Foundation
import Testing

/// Numbers per expert and along depth: what a tensor gets, and that methods use it.
@Suite struct TensorNumberTests {
    private func named(_ body: String) throws -> [String: [String: Double]] {
        let scratch = try Scratch()
        let recipe = try scratch.write(MethodCallTests.preamble + body + "\nreturn base", "recipe.lua")
        let outcome = try run(recipe, in: scratch) { $0.modelRoots = [Folders.recipes] }.outcome
        return Dictionary(
            uniqueKeysWithValues: outcome.named.map { entry in
                (entry.name, Dictionary(uniqueKeysWithValues: entry.values.map { ($0.name, $0.value) }))
            })
    }

    /// The zoo has six blocks; anchors by name alone, without the program's own facts.
    private static func naive(_ name: String, _ anchors: [Double]) -> Double {
        let parts = name.split(separator: ".")
        let depth: Double
        if parts.count > 2, parts[1] == "layers", let layer = Double(parts[2]) {
            depth = layer / 5
        } else {
            depth = name == "model.embed_tokens.weight" ? 0 : 1
        }
        for index in anchors.indices.dropLast() {
            let (from, to) = (Double(index) / Double(anchors.count - 1), Double(index + 1) / Double(anchors.count - 1))
            guard depth >= from, depth <= to else { continue }
            return anchors[index] + (anchors[index + 1] - anchors[index]) * (depth - from) / (to - from)
        }
        return anchors[0]
    }

    @Test(arguments: [[0.2, 0.5, 0.8], [1.0], [0, 1], [0.1, 0.9, 0.3, 0.3, 0.7, 0.2, 0.4]])
    func aGradientIsLinearBetweenAnchors(_ anchors: [Double]) throws {
        let list = anchors.map { "\($0)" }.joined(separator: ", ")
        let values = try named("dppa.per_tensor(base, dppa.gradient { \(list) }):named \"g\"")["g"] ?? [:]
        #expect(values.count == 57)
        for (name, value) in values { #expect(abs(value - Self.naive(name, anchors)) < 1e-12, "\(name)") }
    }

    @Test func aTableGoesByGlob() throws {
        let values = try named(
            """
            local g = dppa.per_tensor(base, { ["*.mlp.*"] = 0.3, ["*.self_attn.q*"] = dppa.gradient { 0, 1 }, rest = 0.5 })
            g:named "g"
            dppa.per_tensor(base:linears(), g):named "part"
            """)
        for (name, value) in values["g"] ?? [:] {
            let expected =
                name.contains(".mlp.") ? 0.3 : name.contains(".self_attn.q") ? Self.naive(name, [0, 1]) : 0.5
            #expect(abs(value - expected) < 1e-12, "\(name)")
        }
        #expect(values["g"]?.count == 57 && values["part"]?.count == 42)
        for (name, value) in values["part"] ?? [:] { #expect(value == values["g"]?[name]) }
    }

    /// Of several globs the first that matches counts; a gradient may say what tensors outside the blocks have.
    @Test func theFirstNameCounts() throws {
        let values = try named(
            """
            local g = dppa.by_name { { "*.mlp.up*", 0.1 }, { "*.mlp.*", dppa.gradient({ 0, 1 }, { outside = 7 }) }, { "*head*", 9 }, 0.5 }
            dppa.per_tensor(base, g):named "g"
            dppa.per_tensor(base, dppa.gradient({ 0, 1 }, { outside = 7 })):named "outside"
            dppa.per_tensor(base, dppa.by_slice { { 2, 0.25 }, { 1, dppa.gradient { 3, 4 } }, { 3, dppa.by_name { { "*.mlp.*", dppa.gradient { 0, 1 } }, 2 } } })
              :named "slices"
            """)
        #expect(values["g"]?.count == 57 && values["slices"]?.count == 57)
        for (name, value) in values["g"] ?? [:] {
            let expected =
                name.contains(".mlp.up")
                ? 0.1 : name.contains(".mlp.") ? Self.naive(name, [0, 1]) : name.contains("head") ? 9 : 0.5
            #expect(abs(value - expected) < 1e-12, "\(name)")
            let outside = name.contains("layers") ? Self.naive(name, [0, 1]) : 7
            #expect(abs((values["outside"]?[name] ?? -1) - outside) < 1e-12, "\(name)")
            let layer =
                name.contains("layers") ? Int(name.split(separator: ".")[2]) ?? -1 : name.contains("embed") ? 0 : 5
            let slice = layer < 2 ? 0.25 : layer < 3 ? 4 : name.contains(".mlp.") ? Double(layer - 3) / 2 : 2
            #expect(abs((values["slices"]?[name] ?? -1) - slice) < 1e-12, "\(name)")
        }
    }

    @Test func whatMatchesNothingIsTold() throws {
        let scratch = try Scratch()
        let recipe = try scratch.write(
            MethodCallTests.preamble
                + "return ties(base, { a }, { density = dppa.by_name { { \"*.mpl.*\", 0.1 }, 0.5 }, "
                + "lambda = dppa.by_slice { { 7, 1 } } })", "recipe.lua")
        let warnings = try run(recipe, in: scratch) { $0.modelRoots = [Folders.recipes] }.outcome.warnings
        #expect(warnings.contains { $0 == "warning: ties: option 'density': '*.mpl.*' matches no tensor" })
        #expect(warnings.contains { $0 == "warning: ties: option 'lambda': 7 layers are told of, and there are 6" })
    }

    @Test(arguments: [
        ("dppa.by_name { { \"*.mlp.*\", 0.1 } }", "no glob matches"),
        ("dppa.by_name { 0.5, { \"*\", 1 } }", "comes last"),
        ("dppa.by_name { { \"*\" }, 1 }", "entry 1 must be a pair of a glob"), ("dppa.by_name { }", "nothing in it"),
        ("dppa.by_slice { { 5, 0.5 } }", "5 layers are told of, and there is"),
        ("dppa.by_slice { { 0, 0.5 } }", "must be a pair of a whole number of layers"),
        ("dppa.by_name { { \"*\", 2 }, 1 }", "'density' must be from 0 to 1; a number in it is 2"),
    ])
    func mistakes(value: String, message: String) throws {
        let error = try #require(try MethodCallTests.error("return ties(base, { a }, { density = \(value) })"))
        #expect(error.code == .data && error.message.contains(message), "\(error.message)")
    }

    /// Methods with lists and gradients against the formulas written out.
    @Test(arguments: [
        (
            "ties(base, { a, b }, { density = { 0.1, g }, normalize = false, lambda = g })",
            """
            local da, db = a - base, b - base
            local ta, tb = where(top(abs(da), 0.1, "tensor"), da, 0), where(top(abs(db), G, "tensor"), db, 0)
            local sign = where((ta + tb):ge(0), 1, -1)
            return base + G * (where(dppa.sign(ta):eq(sign), ta, 0) + where(dppa.sign(tb):eq(sign), tb, 0))
            """
        ),
        (
            "task_arithmetic(base, { a, b }, { weights = { g, 2 }, normalize = true })",
            "return base + ((a - base) * G + (b - base) * 2) / (G + 2)"
        ),
        (
            "dare(base, { a, b }, { rate = { 0.5, g }, seed = 3 })",
            """
            local da, db = a - base, b - base
            return base + (where(da:bernoulli(0.5, { seed = 3 }), da, 0) / 0.5
              + where(db:bernoulli(1 - G, { seed = 3 }), db, 0) / (1 - G))
            """
        ),
        (
            "average({ a, b }, { weights = { 1, g } })",
            "return dppa.as_model((dppa.weights(a) + dppa.weights(b) * G) / (1 + G), a)"
        ),
        (
            "dppa.average { models = { a, b }, weights = g }",
            "return dppa.average { models = { a, b }, weights = { G, G } }"
        ),
        (
            "base + dp.prune(a - base, { rate = g, method = \"magnitude\" })",
            "return base + (a - base):apply(function(d) return where(top(abs(d), 1 - G:linears(), \"tensor\"), d, 0) end)"
        ),
    ])
    func methodsUseThem(call: String, formula: String) throws {
        let scratch = try Scratch()
        let start = """
            local abs, top, where = dppa.abs, dppa.top, dppa.where
            local g = dppa.gradient { 0.2, 0.9, 0.4 }
            local G = dppa.per_tensor(base, g)

            """
        var digests: [[String: String]] = []
        for body in ["return " + call, formula] {
            let recipe = try scratch.write(MethodCallTests.preamble + start + body, "recipe.lua")
            let model = try run(recipe, in: scratch) { $0.modelRoots = [Folders.recipes] }.model
            digests.append(model.tensors.mapValues { sha256($0.bytes) })
        }
        #expect(digests[0] == digests[1] && digests[0].count == 57)
    }

    @Test func droppingEverythingGivesTheBase() throws {
        let scratch = try Scratch()
        let recipe = try scratch.write(
            MethodCallTests.preamble + "return dare(base, { a, b }, { rate = { 1, { [\"*.mlp.*\"] = 1, rest = 1 } } })",
            "recipe.lua")
        let model = try run(recipe, in: scratch) { $0.modelRoots = [Folders.recipes] }.model
        let base = try Written(Folders.recipes + "/zoo/base")
        for (name, tensor) in base.tensors { #expect(model.tensors[name]?.bytes == tensor.bytes, "\(name)") }
    }

    /// Weights of both signs that cancel on some elements only: what agrees stays as it is there, finite and small.
    @Test func cancellingWeightsOfTiesAreNotDividedBy() throws {
        let scratch = try Scratch()
        let recipe = try scratch.write(
            MethodCallTests.preamble
                + """
                local c = dppa.model("again=zoo/math")
                local merged = ties(base, { a, c, b, base + 2 * (b - base) }, { density = 1, weights = { 0.3, 0.6, -0.9, 2 } })
                dppa.max(dppa.abs(merged - base), "model"):named "largest"
                dppa.max(dppa.abs(b - base), "model"):named "of b"
                dppa.max(dppa.abs(a - base), "model"):named "of a"
                return merged
                """, "recipe.lua")
        let outcome = try run(recipe, in: scratch) { $0.modelRoots = [Folders.recipes] }.outcome
        func number(_ name: String) -> Double { outcome.named.first { $0.name == name }?.values.first?.value ?? .nan }
        #expect(number("largest") < 10 * (number("of a") + number("of b")))
    }
}
