import DPPA
import DPPAScript
import Foundation
import Testing

/// Recipes with one mistake each: what is said of it, and where the caret stands.
@Suite struct MistakeTests {
    /// A mistake on the third line of a recipe, with what the caret goes under in «»; the whole line where there is none.
    struct Mistake: CustomTestStringConvertible, Sendable {
        var text: String
        var message: String
        var note: String

        init(_ text: String, _ message: String, _ note: String = "") {
            self.text = text
            self.message = message
            self.note = note
        }

        var testDescription: String { text }
    }

    /// x is a vector of values named x, m a model with it, d a delta, n a number per tensor.
    private static let setup = """
        local dppa = require "dppa.v1" local abs, mean, top, where = dppa.abs, dppa.mean, dppa.top, dppa.where
        local m = dppa.model "side.safetensors" local x = dppa.weights(m) local d, n = m - m, mean(x, "tensor")
        """

    static let arguments: [Mistake] = [
        Mistake(
            "top(x, «20», \"tensor\")",
            "top: argument 2 (fraction) must be a fraction from 0 to 1, a field of them, or { count = k }; it is the number 20",
            "20 % is written 0.2"),
        Mistake(
            "top(x, «20», \"tensor\")", "must be a fraction", "for a whole number of elements write { count = 20 }"),
        Mistake("top(x, «-0.2», \"tensor\")", "it is the number -0.2"),
        Mistake("top(x, { «cuont» = 3 }, \"tensor\")", "top has no option 'cuont'; did you mean 'count'?"),
        Mistake(
            "top(x, { «count» = -1 }, \"tensor\")",
            "top: option 'count' must be a number from 0 or a field; it is the number -1"),
        Mistake("«top»(x, 0.5)", "top: argument 3 (scope) is missing or nil; it must be a scope", ""),
        Mistake("top(x, 0.5, «\"tensr\"»)", "it is the text 'tensr'", "did you mean 'tensor'?"),
        Mistake(
            "top(x, 0.5, «function(t) return t.role end»)", "it is a function",
            "make a group of it: dppa.group(function(t) return key end)"),
        Mistake(
            "top(x, 0.5, \"tensor\", «1»)", "top takes 3 arguments; this call has 4",
            "it is called as dppa.top(x, fraction, scope)"),
        Mistake("mean(x, \"tensor\", nil, «1»)", "mean takes 3 arguments; this call has 4"),
        Mistake(
            "dppa.bands(x, «{ 0.6, 20 }», \"tensor\")",
            "bands: argument 2 (shares), entry 2 must be a number from 0 to 1; it is the number 20"),
        Mistake("dppa.bands(x, { 0.6, 0.6 }, \"tensor\")", "bands: the shares add up to more than 1: 0.6 + 0.6"),
        Mistake(
            "dppa.bands(x, «0.2», \"tensor\")",
            "bands: argument 2 (shares) must be a list of numbers from 0 to 1; it is the number 0.2"),
        Mistake("d:bernoulli(«1.5»)", ":bernoulli: argument 1 (p) must be a number from 0 to 1"),
        Mistake(
            "d:bernoulli(0.5, { «sede» = 1 })", ":bernoulli has no option 'sede'; did you mean 'seed'?",
            "options are seed, stream"),
        Mistake(
            "d:uniform { «seed» = -1 }", ":uniform: option 'seed' must be a whole number from 0; it is the number -1"),
        Mistake("d:uniform { «seed» = 1.5 }", "option 'seed' must be a whole number from 0; it is the number 1.5"),
        Mistake("d:uniform { «stream» = 3 }", "option 'stream' must be a text that is not empty; it is the number 3"),
        Mistake("d:uniform(«{ 1 }»)", "must be a table of options; it is a list", "options have names: { seed = … }"),
        Mistake("d:uniform(«7»)", ":uniform: argument 1 (options) must be a table of options; it is the number 7"),
        Mistake(
            "mean(«3», \"tensor\")", "mean: argument 1 (x) must be a field; it is the number 3",
            "a plain number has no tensors"),
        Mistake("x:gt(«nil»)", ":gt: argument 1 (y) is missing or nil; it must be a field or a number"),
        Mistake("x:«gt»()", ":gt: argument 1 (y) is missing or nil; it must be a field or a number"),
        Mistake("x:gt(1, «2»)", ":gt takes 1 argument; this call has 2", "it is called as x:gt(y)"),
        Mistake("where(«not x:gt(0)», d, 0)", "where: argument 1 (mask) must be a mask; it is false", "~mask"),
        Mistake(
            "where(«x», d, 0)", "where: argument 1 (mask) must be a mask; it is a per-element value",
            "a mask comes from a comparison"),
        Mistake("dppa.count(«x», \"tensor\")", "must be a mask"),
        Mistake("return x & x", "&: the left side must be a mask; it is a per-element value"),
        Mistake("return ~n", "~: the operand must be a mask; it is a per-tensor value"),
        Mistake("return x + nil", "+: the right side is missing or nil; it must be a field or a number"),
        Mistake("return {} * x", "*: the left side must be a field or a number; it is an empty table"),
        Mistake(
            "dppa.round_to(x, «\"bf61\"»)",
            "must be a dtype: f64, f32, f16, bf16, f8_e4m3 or f8_e5m2; it is the text 'bf61'"),
        Mistake(
            "m:save(\"a\", { «dtype» = \"f8_e4m3\" })",
            ":save: option 'dtype' must be a dtype: f64, f32, f16 or bf16; it is the text 'f8_e4m3'"),
        Mistake("m:save(«\"a/b\"»)", ":save: argument 1 (name) must be a plain name"),
        Mistake(
            "m:save(\"a\", { «tokenizer» = d })",
            "option 'tokenizer' must be a model that was opened with dppa.model; it is a delta"),
        Mistake("m:save(\"a\", { «partial» = 1 })", "option 'partial' must be true or false; it is the number 1"),
        Mistake(
            "d:save \"a\"", ":save: what stands before it must be a model, or an adapter that lora gave; it is a delta",
            "add it to a model: base + delta"),
        Mistake(
            "dppa.model(\"side.safetensors\", { «label» = 3 })",
            "model: option 'label' must be a text that is not empty; it is the number 3"),
        Mistake(
            "dppa.model(\"side.safetensors\", { «like» = d })",
            "option 'like' must be a model that was opened with dppa.model; it is a delta"),
        Mistake("dppa.model(«{ \"a\" }»)", "model: argument 1 (path) must be a path; it is a list"),
        Mistake(
            "dppa.models «\"a, b\"»", "models: argument 1 (paths) must be a list of paths; it is the text 'a, b'",
            "a list is written { \"a\", \"b\" }"),
        Mistake("dppa.models «{}»", "models: argument 1 (paths) must be a list of paths; it is an empty table"),
        Mistake("dppa.models { \"a\" , 3 }", "models: argument 1 (paths), entry 2 must be a path; it is the number 3"),
        Mistake("dppa.average { «modles» = { m } }", "average has no option 'modles'; did you mean 'models'?"),
        Mistake(
            "dppa.average { models = { m, m }, weights = «{ 1 }» }",
            "average: option 'weights' has 1 value for 2 models"),
        Mistake(
            "dppa.average { models = { «d» } }",
            "average: option 'models' must be a model or a list of models; one of it, 'side', is a delta"),
        Mistake(
            "dppa.score(«d», \"a\")", "score: argument 1 (model) must be a model or a list of models; it is a delta"),
        Mistake(
            "dppa.score(m, «{}»)",
            "score: argument 2 (tasks) must be a path or a list of paths, or a table from names to them; it is an empty table"
        ),
        Mistake("dppa.score(m, \"a\", { «detials» = true })", "score has no option 'detials'; did you mean 'details'?"),
        Mistake(
            "dppa.score(m, \"a\", { «on_failure» = \"skp\" })",
            "option 'on_failure' must be \"error\" or \"skip\"; it is the text 'skp'", "did you mean 'skip'?"),
        Mistake("dppa.report { «nmae» = \"a\" }", "report has no option 'nmae'; did you mean 'name'?"),
        Mistake(
            "dppa.report { name = \"a\", columns = { \"x\" } }", "report: option 'rows' is missing; it must be a list"),
        Mistake(
            "dppa.option { name = \"a\", «min» = \"1\" }", "option: option 'min' must be a number; it is the text '1'",
            "write it without quotes"),
        Mistake("dppa.group(«\"role\"»)", "group: argument 1 (rule) must be a function; it is the text 'role'"),
        Mistake(
            "dppa.per_tensor(d, «1»)",
            "per_tensor: argument 2 (rule) must be a function of a tensor's facts, a gradient, "),
        Mistake("d:select(«3»)", ":select: argument 1 (glob) must be a glob or a list of globs; it is the number 3"),
        Mistake("d:apply(«3»)", ":apply: argument 1 (rules) must be a function or a table from names to functions"),
        Mistake("d:apply(abs, { «rets» = \"drop\" })", ":apply has no option 'rets'; did you mean 'rest'?"),
        Mistake("d:apply(abs, { on = \"*\", «rest» = \"dorp\" })", "it is the text 'dorp'", "did you mean 'drop'?"),
    ]

    static let silent: [Mistake] = [
        Mistake(
            "d:apply(function(p) abs(p) end, { on = \"*\" })", "apply: the rule returns nothing",
            "a function gives what stands behind `return`"),
        Mistake("d:apply { [\"x\"] = function(p) abs(p) end }", "apply: the rule for 'x' returns nothing"),
        Mistake(
            "d:apply(function(p) return 0 end, { on = \"*\" })", "apply: the rule must return a field; it returns 0",
            "0 * part"),
        Mistake("dppa.per_tensor(d, function(t) local y = 1 end)", "per_tensor: the function gives no number for x"),
        Mistake("mean(d, dppa.group(function(t) local y = 1 end))", "group: the function gives no key for x"),
        Mistake(
            "dppa.per_tensor(d, function(t) return t.«dpeth» end)",
            "a tensor has no fact 'dpeth'; did you mean 'depth'?",
            "facts are depth, layer, module, name, numel, rank, role, shape"),
        Mistake(
            "dppa.per_tensor(d, function(t) return t.«layers» end)",
            "a tensor has no fact 'layers'; did you mean 'layer'?"),
        Mistake(
            "dppa.per_tensor(d, function(t) return 0.5 * t.«depth» end)",
            "attempt to perform arithmetic on a nil value (field 'depth')",
            "x is in no layer, so its layer and depth are nil"),
    ]

    static let names: [Mistake] = [
        Mistake(
            "local f = «io».open(\"a\")", "undefined name 'io'", "recipes have no files; dppa.json(path) reads a table"),
        Mistake("local t = «os».time()", "undefined name 'os'", "dppa.option takes values from --set"),
        Mistake("«pcall»(print)", "undefined name 'pcall'", "on_failure"),
        Mistake("math.«random»()", "math has no 'random'", "x:uniform { seed = 1 }"),
        Mistake("local y = (\"a\"):gsub(\"b\", \"c\")", "attempt to call a nil value (method 'gsub')"),
        Mistake("string.«match»(\"a\", \"b\")", "string has no 'match'", "globs of tensor names"),
        Mistake("local y = d.«abs»", "a field has no method 'abs'; it is a function: write dppa.abs(field)"),
        Mistake("local y = d:«bands»({ 0.1 }, \"row\")", "it is a function: write dppa.bands(field)"),
        Mistake("dppa.«gt»(d, 0)", "dppa has no 'gt'; it is a method of fields: write x:gt(…)"),
        Mistake("dppa.«apply»(d, abs)", "dppa has no 'apply'; it is a method of fields: write x:apply(…)"),
        Mistake("local y = «clamp»(d, 0, 1)", "undefined name 'clamp'; write dppa.clamp, or local clamp = dppa.clamp"),
        Mistake("local y = «linears»(d)", "undefined name 'linears'; it is a method of fields: write x:linears(…)"),
        Mistake(
            "d:select \"layers.[0-9].*\"", ":select: 'layers.[0-9].*' matches no tensor",
            "a glob has * for any run of characters and ? for any one"),
        Mistake("d:select { \"x\", \"{a,b}\" }", ":select: '{a,b}' matches no tensor", "give several as a list"),
    ]

    @Test(arguments: arguments + silent + names)
    func aMistakeIsNamedWhereItStands(_ mistake: Mistake) throws {
        let scratch = try RecipeFolder()
        try scratch.addSideTensor("side.safetensors")
        let plain = mistake.text.filter { !"«»".contains($0) }
        let recipe = try scratch.write(Self.setup + "\n" + plain + "\n", "recipe.lua")
        let error = try #require(scratch.error(recipe))
        #expect(error.code == .data)
        #expect(error.message.contains(mistake.message))
        #expect(mistake.note.isEmpty || error.notes.joined(separator: "\n").contains(mistake.note))
        #expect(error.location?.file == recipe && error.location?.line == 3)
        if let open = mistake.text.firstIndex(of: "«"), let close = mistake.text.firstIndex(of: "»") {
            #expect(error.location?.column == mistake.text.distance(from: mistake.text.startIndex, to: open) + 1)
            #expect(error.location?.length == mistake.text.distance(from: open, to: close) - 1)
        }
    }

    @Test func aPartOfAModelIsWrittenOnRequestAlone() throws {
        let scratch = try RecipeFolder()
        try scratch.addVectors("both.safetensors", ["a", "b", "c"])
        let start = "local dppa = require \"dppa.v1\" local m = dppa.model \"both.safetensors\"\n"
        let error = try #require(scratch.error(try scratch.write(start + "return m:select \"a\"", "recipe.lua")))
        #expect(error.code == .data)
        #expect(
            error.message == "the returned model lacks 2 of the 3 tensors of both (\(scratch.path)/both.safetensors)")
        #expect(error.notes.contains { $0 == "missing: b, c" })
        let saved = start + "m:select \"a\":save \"part\""
        #expect(scratch.error(try scratch.write(saved, "recipe.lua"))?.location?.line == 2)
        let wanted = start + "m:select { \"a\", \"c\" }:save(\"part\", { partial = true })"
        #expect(scratch.error(try scratch.write(wanted, "recipe.lua")) == nil)
        let written = try OpenModel(at: scratch.path + "/out/part", label: "part")
        #expect(written.tensors.map(\.facts.name).sorted() == ["a", "c"])
    }

    @Test(arguments: [
        ("return m, m", "returns 2 values; a recipe returns one model", 2), ("return nil, m", "returns 2 values", 2),
        ("local function f()\n  return 1, 2\nend\nreturn m, f()", "returns 3 values", 5),
    ])
    func aSecondReturnedValueIsNotDropped(_ text: String, _ message: String, _ line: Int) throws {
        let scratch = try RecipeFolder()
        try scratch.addSideTensor("side.safetensors")
        let start = "local dppa = require \"dppa.v1\" local m = dppa.model \"side.safetensors\"\n"
        let error = try #require(scratch.error(try scratch.write(start + text, "recipe.lua")))
        #expect(error.code == .data && error.message.contains(message) && error.location?.line == line)
        _ = try scratch.write("return 1, 2", "lib/two.lua")
        let module = try #require(scratch.error(try scratch.write("require \"two\"", "recipe.lua")))
        #expect(module.message == "the module 'two' returns several values; a module returns one")
    }

    /// Shares a last bit outside 0 to 1, counts, nil in the place of what may be left out: no mistakes.
    @Test(arguments: [
        "top(x, 1 - 0.9 - 0.1, \"tensor\")", "top(x, 1 + 1e-12, \"tensor\")", "top(x, { count = 3 }, \"tensor\")",
        "top(x, { count = n }, \"tensor\")", "mean(x, \"tensor\", nil)", "mean(x, \"tensor\", nil, nil)", "d:uniform()",
        "d:uniform { seed = 1e3 }", "d:bernoulli(n)", "dppa.bands(x, { 0.7, 0.1, 0.2 }, \"tensor\")", "abs(3)",
        "d:apply(function(p) return 2 * p end, { on = { \"x\", \"*\" }, rest = \"drop\" })",
        "d:apply { x = abs, rest = \"drop\" }", "dppa.average { models = { m, m }, weights = {} }",
        "mean(x, dppa.group(function(t) return t.layer or \"none\" end))", "print(dppa.group(print), d, { 1, a = d })",
        "dppa.per_tensor(d, function(t) return t.depth or 0 end)", "assert(abs(-3):value() == 3)",
    ])
    func whatIsMeantIsNoMistake(_ text: String) throws {
        let scratch = try RecipeFolder()
        try scratch.addSideTensor("side.safetensors")
        let recipe = try scratch.write(Self.setup + "\n" + text + "\nreturn m", "recipe.lua")
        #expect(scratch.error(recipe) == nil)
    }

    @Test func whatIsPrintedCannotSteerATerminalAndTablesShowTheirNumbers() throws {
        let scratch = try RecipeFolder()
        try scratch.addSideTensor("side.safetensors")
        let recipe = try scratch.write(
            Self.setup + """

                dppa.per_tensor(d, function(t) print(t.shape, { 1, "a", b = { 2.5 } }, {}) return 1 end)
                print("\\27[31mred\\27[0m\\tb\\r\\u{9b}2J\\u{202e}ä")
                error("\\27]0;title\\7")
                """, "recipe.lua")
        let error = try #require(scratch.error(recipe))
        #expect(
            scratch.printed == ["{4}\t{1, a, b = {2.5}}\t{}", "\\u{1B}[31mred\\u{1B}[0m\tb\\r\\u{009B}2J\\u{202E}ä"])
        #expect(error.rendered(sources: [:]).contains("\\u{1B}]0;title\\u{07}"))
    }
}
