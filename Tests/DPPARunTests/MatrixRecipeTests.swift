import DPPA
import DPPAScript
import Foundation
import Testing

/// Matrices in recipes: rules of a user's own, what is refused, what they cost.
@Suite struct MatrixRecipeTests {
    static let folder = Folders.fixtures + "/spectral"
    static let matrix = "model.layers.0.mlp.down_proj.weight"
    private static let head = """
        local dppa = require "dppa.v1"
        local base, A, B = dppa.model "base", dppa.model "A", dppa.model "B"
        local a, b = (A - base):linears(), (B - base):linears()

        """

    private func values(_ body: String, engine: EngineOptions = EngineOptions(threads: 2)) throws -> Written {
        let scratch = try Scratch()
        return try run(scratch.write(Self.head + body, "recipe.lua"), engine: engine, in: scratch) {
            $0.modelRoots = [Self.folder]
        }.model
    }

    private func failure(_ body: String, engine: EngineOptions = EngineOptions(threads: 2)) throws -> DPPAError {
        try #require(throws: DPPAError.self) { try values(body, engine: engine) }
    }

    /// Numbers per tensor, layer and model of matrices of other shapes meet the tensors that these were made of.
    @Test func coarseValuesBelongToTheName() throws {
        let model = try values(
            """
            local u, s, vt = dppa.svd(a)
            local share = dppa.max(s, "tensor") / dppa.norm(a, "tensor")
            local layer = dppa.mean(dppa.max(s, "tensor"), "layer")
            local all = dppa.max(s, "model")
            local kept = s:gt(0.5 * dppa.max(s, "tensor"))
            local same = dppa.where(share:gt(2), 0, dppa.as_delta(dppa.matmul(u * dppa.spread_columns(s, u), vt)))
            local scale = layer / layer * (all / all) * dppa.count(kept, "tensor") / dppa.count(kept, "tensor")
            return base + scale * same
            """)
        let expert = try Written(Self.folder + "/A")
        for name in model.tensors.keys where name.contains("_proj") {
            for (found, right) in zip(model.floats(name), expert.floats(name)) { #expect(abs(found - right) < 2e-6) }
        }
    }

    /// Order statistics over the model of matrices that are computed, exactly, however they are found.
    @Test func ordersOverTheModel() throws {
        let body = """
            local x = dppa.matmul(a, dppa.gram(b))
            return base + dppa.as_delta(dppa.where(dppa.top(dppa.abs(x), { count = 5 }, "model"), 1, 0))
            """
        let (model, base) = (try values(body), try Written(Self.folder + "/base"))
        let changed = model.tensors.keys.reduce(0) { total, name in
            total + zip(model.floats(name), base.floats(name)).count { $0 != $1 }
        }
        #expect(changed == 5)
        let narrow = try values(body, engine: EngineOptions(threads: 3, memory: 60 << 20, chunkElements: 4096))
        for (name, tensor) in model.tensors { #expect(tensor.bytes == narrow.tensors[name]?.bytes) }
    }

    @Test(arguments: [
        ("return base + dppa.as_delta(dppa.polar(A - base))", "a matrix has two dimensions"),
        ("return base + dppa.as_delta(dppa.matmul(a, b))", "matmul: the shapes"),
        ("return base + dppa.as_delta(dppa.hstack { a, dppa.transpose(b) })", "hstack: the shapes"),
        ("return base + dppa.as_delta(dppa.vstack { a, dppa.transpose(b) })", "vstack: the shapes"),
        ("return base + dppa.as_delta(dppa.solve(a, b))", "solve: the shapes"),
        ("return base + dppa.as_delta(dppa.spread_rows(a, a))", "spread_rows: the shapes"),
        ("return base + dppa.as_delta((dppa.svd(a, { rank = 1.5 })))", "rank must be a whole number"),
        ("return base + dppa.as_delta((dppa.svd(a, { rank = dppa.numel(a) })))", "known without reading"),
        ("return base + dppa.as_delta((dppa.svd(a, { seed = 1 })))", "say how many"),
        ("return base + dppa.as_delta((dppa.svd(a, { ranks = 1 })))", "rank"),
        ("return base + dppa.as_delta(dppa.gram(a))", "has the shape"),
        ("return base + dppa.as_delta(dppa.matmul(a, dppa.transpose(b:select \"*.mlp.*\")))", "has no value for"),
        ("return base + dppa.as_delta(dppa.polar(a / 0))", "a matrix must be finite"),
        ("return base + dppa.as_delta(dppa.polar(0.5))", "polar"),
    ])
    func whatIsRefused(_ body: String, _ message: String) throws {
        let error = try failure(body)
        #expect(error.message.contains(message) || error.notes.contains { $0.contains(message) }, "\(error)")
        #expect(error.code == .data && error.location != nil)
    }

    @Test func tooLittleMemorySaysHowMuchForWhat() throws {
        let scratch = try Scratch()
        for (number, name) in ["base", "A", "B"].enumerated() {
            try EdgeCaseTests.write(
                scratch, name,
                [(Self.matrix, [600, 500], (0..<300_000).map { Float(($0 * (7 + number)) % 101) / 101 })])
        }
        let recipe = try scratch.write(Self.head + "return base + dppa.as_delta(dppa.polar(a))", "recipe.lua")
        var request = RecipeRun.Request(out: scratch.path + "/out")
        request.engine = EngineOptions(threads: 2, memory: 52 << 20)
        let error = #expect(throws: DPPAError.self) { try RecipeRun(recipe).run(request) }
        #expect(error?.code == .limit && error?.message.contains("polar of [600, 500] for \(Self.matrix)") == true)
        // What the plan says is enough.
        let plan = try RecipePlan(RecipeRun(recipe).trace(request, isDry: true), dtype: nil).engine
        let matrices = try #require(plan.matrices)
        #expect(matrices.tensors == 1 && matrices.decompositions == 1 && matrices.bytes > 10_000_000)
        request.engine = EngineOptions(threads: 2, memory: matrices.bytes + 58 << 20)
        #expect(try RecipeRun(recipe).run(request).written.count == 1)
    }

    /// A delta that lacks a tensor counts as zeros, as everywhere.
    @Test func aMissingDeltaIsZeros() throws {
        let model = try values(
            """
            local part = a:select "*.mlp.down_proj.weight"
            local width = dppa.per_tensor(b, function(t) return t.shape[2] end)
            local left = dppa.block(dppa.hstack { part, b }, { columns = width })
            return base + dppa.as_delta(dppa.matmul(left, dppa.gram(b)))
            """)
        let base = try Written(Self.folder + "/base")
        let name = "model.layers.0.self_attn.k_proj.weight"
        #expect(model.floats(name) == base.floats(name) && model.floats(Self.matrix) != base.floats(Self.matrix))
    }

    /// A model's elements that hold infinities are told with the model.
    @Test func infinitiesNameTheModel() throws {
        let scratch = try Scratch()
        for name in ["base", "A", "B"] {
            try EdgeCaseTests.write(
                scratch, name, [(Self.matrix, [3, 2], [1, 2, name == "B" ? .infinity : 3, 4, 5, 6])])
        }
        let recipe = try scratch.write(Self.head + "return base + dppa.as_delta(dppa.polar(a + b))", "recipe.lua")
        let error = #expect(throws: DPPAError.self) {
            try RecipeRun(recipe).run(RecipeRun.Request(out: scratch.path + "/out"))
        }
        #expect(
            error?.message.contains(Self.matrix) == true && error?.notes.contains { $0.hasPrefix("B has 1") } == true)
    }
}
