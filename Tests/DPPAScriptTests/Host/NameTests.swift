import DPPA
import DPPAScript
import Foundation
import Testing

/// Every name of the language, called as it is meant, gives what it says: x is [1, 2, 3, 4], y is [4, 2, 0, 2].
@Suite struct NameTests {
    /// A call and the four elements of what it gives, or the one number; for methods with their colon.
    struct Use: CustomTestStringConvertible, Sendable {
        var name: String
        var call: String
        var expected: [Double]

        init(_ name: String, _ call: String, _ expected: [Double]) {
            self.name = name
            self.call = call
            self.expected = expected
        }

        var testDescription: String { call }
    }

    /// `show` prints a number, or the elements of a field in order.
    private static let setup = """
        local dppa = require "dppa.v1"
        local m, x = dppa.model "x.safetensors", dppa.tensors "x.safetensors"
        local d = dppa.as_delta(x)
        local place = dppa.rank(x, "row")
        local y = dppa.where(place:eq(0), 4, dppa.where(place:eq(2), 0, 2))
        local function show(f)
          if type(f) == "number" then return print(f) end
          if dppa.space(f) ~= "value" then f = dppa.weights(f) end
          for k = 0, 3 do print((dppa.sum(dppa.where(place:eq(k), f, 0), "model"):value())) end
        end

        """

    static let uses: [Use] = [
        Use("abs", "dppa.abs(x - 3)", [2, 1, 0, 1]), Use("sign", "dppa.sign(x - 3)", [-1, -1, 0, 1]),
        Use("sqrt", "dppa.sqrt(x * x)", [1, 2, 3, 4]), Use("exp", "dppa.exp(0 * x)", [1, 1, 1, 1]),
        Use("log", "dppa.log(x / x)", [0, 0, 0, 0]), Use("sin", "dppa.sin(0 * x)", [0, 0, 0, 0]),
        Use("cos", "dppa.cos(0 * x)", [1, 1, 1, 1]), Use("acos", "dppa.acos(x / x)", [0, 0, 0, 0]),
        Use("tanh", "dppa.tanh(0 * x)", [0, 0, 0, 0]), Use("floor", "dppa.floor(x / 2)", [0, 1, 1, 2]),
        Use("maximum", "dppa.maximum(x, y)", [4, 2, 3, 4]),
        Use("minimum", "dppa.minimum(x, y)", [1, 2, 0, 2]), Use("clamp", "dppa.clamp(x, 2, 3)", [2, 2, 3, 3]),
        Use("where", "dppa.where(x:gt(2), x, y)", [4, 2, 3, 4]),
        Use("round_to", "dppa.round_to(x + 0.001, \"bf16\")", [1, 2, 3, 4]),
        Use("sum", "dppa.sum(x, \"tensor\"):value().x", [10]), Use("sum", "dppa.sum(x, \"model\", y):value()", [16]),
        Use("mean", "dppa.mean(x, \"model\"):value()", [2.5]), Use("mean", "dppa.mean(x, \"model\", y):value()", [2]),
        Use("max", "dppa.max(y, \"model\"):value()", [4]), Use("min", "dppa.min(y, \"model\"):value()", [0]),
        Use("norm", "dppa.norm(dppa.clamp(x, 3, 4) * y / 2, \"model\"):value()", [7.810249675906654]),
        Use("count", "dppa.count(x:gt(1), \"model\"):value()", [3]),
        Use("atan2", "dppa.atan2(x * 0, y - 3) / math.pi", [0, 1, 1, 1]),
        Use("log_sum_exp", "dppa.log_sum_exp(0 * x, \"tensor\"):value().x - math.log(4)", [0]),
        Use("dot", "dppa.dot(x, y, \"model\"):value()", [16]),
        Use("variance", "dppa.variance(x, \"model\"):value()", [1.25]), Use("numel", "dppa.numel(x):value().x", [4]),
        Use("numel", "dppa.numel(x, \"model\"):value()", [4]),
        Use("top", "dppa.top(x, 0.5, \"tensor\")", [0, 0, 1, 1]),
        // At least one above 0, none at 0; among equals the lowest index.
        Use("top", "dppa.top(x, 0.01, \"tensor\")", [0, 0, 0, 1]),
        Use("top", "dppa.top(x, 0, \"tensor\")", [0, 0, 0, 0]),
        Use("top", "dppa.top(x, { count = 0 }, \"row\")", [0, 0, 0, 0]),
        Use("top", "dppa.top(y, { count = 2 }, \"row\")", [1, 1, 0, 0]),
        Use("kth", "dppa.kth(y, 0, \"tensor\"):value().x", [0]), Use("rank", "dppa.rank(y, \"row\")", [3, 1, 0, 2]),
        Use("bands", "dppa.bands(x, { 0.25, 0.5 }, \"tensor\")[2]", [0, 1, 1, 0]),
        Use("group", "dppa.mean(x, dppa.group(function(t) return t.role end)):value().other", [2.5]),
        Use("per_tensor", "x * dppa.per_tensor(x, function(t) return t.shape[1] + t.numel end)", [8, 16, 24, 32]),
        Use("weight_sum", "x / dppa.weight_sum { 0.5 * x, 1.5 * x, 0 }", [0.5, 0.5, 0.5, 0.5]),
        Use("weight_sum", "dppa.weight_sum { 0.5, -0.25 }", [0.25]),
        Use(
            "average", "dppa.average { models = { m, dppa.as_model(y, m) }, weights = { 3, 1 } }", [1.75, 2, 2.25, 3.5]),
        Use("model", "dppa.model(\"other=x.safetensors\", { label = \"third\" })", [1, 2, 3, 4]),
        Use("family", "dppa.family { experts = { \"x.safetensors\" } }[1]", [1, 2, 3, 4]),
        Use("models", "#dppa.models { \"a=x.safetensors\", \"b=x.safetensors\" }", [2]),
        Use("tensors", "dppa.tensors \"x.safetensors\"", [1, 2, 3, 4]),
        Use("weights", "dppa.weights(m)", [1, 2, 3, 4]),
        Use("label", "#dppa.label(m)", [1]), Use("space", "#dppa.space(m - m)", [5]),
        Use("as_model", "dppa.as_model(y, m)", [4, 2, 0, 2]), Use("as_delta", "m + dppa.as_delta(y)", [5, 4, 3, 6]),
        Use("option", "dppa.option { name = \"rate\", default = 0.5, min = 0, max = 1 }", [0.5]),
        Use("json", "dppa.json \"table.json\".a[2]", [7]),
        Use("report", "dppa.report { name = \"t\", columns = { \"a\" }, rows = { { 1 }, {  2 } } } or 1", [1]),
        Use("score", "dppa.score(m, \"external:size\", { on_failure = \"skip\" }) or 1", [1]),
        Use(
            "method",
            "dppa.method { name = \"m\", summary = \"s\", options = { { name = \"k\", default = 2 } }, "
                + "run = function(o) return o.k * x end }({})", [2, 4, 6, 8]),
        Use(
            "options",
            "dppa.options(dppa.method { name = \"m\", summary = \"s\", options = { { name = \"k\", default = 3 } }, "
                + "run = function(o) return x end }).k", [3]),
        Use("facts", "dppa.facts(x)[1].numel", [4]),
        Use("svd", "dppa.floor(({ dppa.svd(x) })[3] * dppa.norm(x, \"tensor\") + 0.5)", [1, 2, 3, 4]),
        Use("polar", "dppa.floor(dppa.polar(x) * dppa.norm(x, \"tensor\") + 0.5)", [1, 2, 3, 4]),
        Use("solve", "dppa.floor(30 * dppa.solve(dppa.gram(dppa.transpose(x)), x) + 0.5)", [1, 2, 3, 4]),
        Use("matmul", "dppa.matmul(dppa.matmul(x, dppa.transpose(x)), x)", [30, 60, 90, 120]),
        Use("gram", "dppa.matmul(y, dppa.gram(x))", [16, 32, 48, 64]),
        Use("transpose", "dppa.matmul(dppa.matmul(y, dppa.transpose(x)), x)", [16, 32, 48, 64]),
        Use(
            "hstack", "dppa.hstack { dppa.block(x, { columns = 2, from_column = 3 }), dppa.block(y, { columns = 2 }) }",
            [3, 4, 4, 2]),
        Use("vstack", "dppa.block(dppa.vstack { x, y }, { rows = 1, from_row = 2 })", [4, 2, 0, 2]),
        Use("cumsum", "dppa.cumsum(x)", [1, 3, 6, 10]),
        Use("block", "dppa.block(x, { from_column = 2 })", [2, 3, 4, 0]),
        Use("spread_rows", "dppa.floor(dppa.spread_rows(({ dppa.svd(x) })[2], x))", [5, 5, 5, 5]),
        Use(
            "spread_columns", "dppa.floor(dppa.spread_columns(({ dppa.svd(dppa.gram(x)) })[2], x) + 0.5)",
            [30, 0, 0, 0]),
        Use("whole", "dppa.whole(x + y)", [5, 4, 3, 6]),
        Use("n_of_m", "dppa.n_of_m(y, 1, 2)", [1, 0, 0, 1]),
        // The third input is always 0.
        Use("sparsegpt", "dppa.sparsegpt(x, dppa.gram(y), { sparsity = 0 })", [1, 2, 0, 4]),
        Use(
            "dsnot",
            "dppa.dsnot(x, y:gt(1), (function(s) return { sums = s, variance = s, norm = s } end)(({ dppa.svd(dppa.gram(x)) })[2]))",
            [1, 1, 0, 1]),
        Use("alps", "dppa.floor(dppa.alps(x, dppa.gram(y), { sparsity = 0 }) + 0.5)", [1, 2, 3, 4]),
        Use("activations", "#dppa.facts(dppa.activations(dppa.model \"llama\", \"text.jsonl\").norm)", [14]),
        Use(
            "layerwise",
            "#dppa.facts(dppa.layerwise(dppa.model \"llama\", { { dppa.model \"llama\", \"text.jsonl\" } }, "
                + "function(parts) return parts[1] end))", [21]),
        Use("gradient", "dppa.per_tensor(x, dppa.gradient { 0.5, 0.5 }):value().x", [0.5]),
        Use("by_name", "dppa.per_tensor(x, dppa.by_name { { \"y\", 1 }, { \"x\", 0.5 }, 2 }):value().x", [0.5]),
        Use("by_slice", "dppa.per_tensor(x, dppa.by_slice { { 1, 0.5 }, { 2, 0.25 } }):value().x", [0.25]),
        Use("stack", "dppa.stack { { m, layers = \"0\", scale = 2 } }", [2, 4, 6, 8]),
        Use(
            "mixture",
            "dppa.max(dppa.weights(dppa.mixture(dppa.model \"dense\", { dppa.model \"dense\" }, { gates = \"random\" })"
                + ":select \"*.w2.weight\"), \"model\"):value()", [4]),
        Use("inputs", "dppa.inputs { experts = { \"x.safetensors\" } }[1]", [1, 2, 3, 4]),
        Use(":gt", "x:gt(y)", [0, 0, 1, 1]), Use(":ge", "x:ge(y)", [0, 1, 1, 1]), Use(":lt", "x:lt(y)", [1, 0, 0, 0]),
        Use(":le", "x:le(y)", [1, 1, 0, 0]), Use(":eq", "x:eq(y)", [0, 1, 0, 0]), Use(":ne", "x:ne(y)", [1, 0, 1, 1]),
        Use(":select", "x:select \"x\"", [1, 2, 3, 4]), Use(":linears", "l:linears()", [1, 2, 3, 4]),
        Use(":apply", "d:apply { [\"*\"] = function(p) return 2 * p end }", [2, 4, 6, 8]),
        Use(":apply", "d:apply(function(p) return 2 * p end, { on = \"x\" })", [2, 4, 6, 8]),
        Use(":uniform", "d:uniform { stream = \"s\" }:ge(0)", [1, 1, 1, 1]),
        Use(":mt19937", "d:mt19937({ 1, 0.5 }, { seed = 42 })[2]:ge(0.39)", [1, 1, 0, 1]),
        Use(":bernoulli", "d:bernoulli(1, { stream = \"s\" })", [1, 1, 1, 1]),
        Use(":named", "dppa.mean(x, \"tensor\"):named \"mean\":value().x", [2.5]),
        Use(":value", "dppa.max(x, \"model\"):value()", [4]),
        Use(":lora", "dppa.floor(d:lora { rank = 1 } + 0.5)", [1, 2, 3, 4]),
        Use(":save", "m:save \"copy\" or 1", [1]),
        Use("__add", "x + y", [5, 4, 3, 6]), Use("__sub", "x - y", [-3, 0, 3, 2]), Use("__mul", "x * y", [4, 4, 0, 8]),
        Use("__div", "y / x", [4, 1, 0, 0.5]), Use("__pow", "x ^ 2", [1, 4, 9, 16]),
        Use("__unm", "-x", [-1, -2, -3, -4]),
        Use("__band", "x:gt(1) & y:gt(0)", [0, 1, 0, 1]), Use("__bor", "x:gt(3) | y:gt(3)", [1, 0, 0, 1]),
        Use("__bnot", "~x:gt(2)", [1, 1, 0, 0]),
    ]

    @Test(arguments: uses)
    func aNameGivesWhatItSays(_ use: Use) throws {
        let scratch = try RecipeFolder()
        // A linear is a matrix in a block; its one row is the vector.
        let linear = [":linears", ":lora", "stack"].contains(use.name)
        let name = linear ? "model.layers.0.mlp.up_proj.weight" : "x"
        let isMatrix = linear || Catalog.matrices.contains { $0.name == use.name }
        try scratch.addVectors("x.safetensors", [name], shape: isMatrix ? [1, 4] : [4])
        _ = try scratch.write(#"{"a": [5, 7]}"#, "table.json")
        if use.name == "mixture" {
            try FileManager.default.createDirectory(atPath: scratch.path + "/dense", withIntermediateDirectories: true)
            try scratch.addVectors(
                "dense/model.safetensors",
                ["model.embed_tokens.weight"]
                    + ["gate", "up", "down"].map { "model.layers.0.mlp.\($0)_proj.weight" }, shape: [2, 2])
            _ = try scratch.write(#"{"model_type": "llama", "num_hidden_layers": 1}"#, "dense/config.json")
        }
        if ["activations", "layerwise"].contains(use.name) {
            let models = NSString(string: #filePath).deletingLastPathComponent + "/../../DPPATests/Fixtures/Evaluation"
            try FileManager.default.copyItem(
                atPath: models + "/Architectures/llama1", toPath: scratch.path + "/llama")
            _ = try scratch.write(#"{"tokens": [1, 2, 3]}"#, "text.jsonl")
        }
        let call = linear ? use.call.replacingOccurrences(of: "l:", with: "x:") : use.call
        let recipe = try scratch.write(Self.setup + "show(\(call))\nreturn m", "recipe.lua")
        #expect(scratch.error(recipe) == nil)
        let found = scratch.printed.map { Double($0) ?? .nan }
        // Printed with 14 digits.
        #expect(
            found.count == use.expected.count && zip(found, use.expected).allSatisfy { abs($0 - $1) < 1e-12 },
            "\(found)")
    }

    @Test func everyNameIsUsed() {
        let used = Set(Self.uses.map(\.name))
        let names = Catalog.functions.map(\.name) + Catalog.methods.map { ":" + $0.name } + Catalog.operators.keys
        #expect(Set(names).subtracting(used).isEmpty)
        #expect(used.subtracting(names).isEmpty)
    }
}
