import DPPA
import DPPAScript
import Foundation
import Testing

/// Calls of declared methods with what they do not take: message, line, column and length of the caret.
@Suite struct MethodCallTests {
    /// What every recipe here begins with, all modules among it: four lines.
    static let preamble = """
        local dppa = require "dppa.v1"
        local \(Reference.modules.joined(separator: ", "))
            = \(Reference.modules.map { "require \"dppa.\($0)\"" }.joined(separator: ", "))
        local base, a, b = dppa.model "zoo/base", dppa.model "zoo/math", dppa.model "zoo/law"

        """

    /// The error of a recipe that is traced without reading; nil if there is none.
    static func error(_ body: String, options: [String: String] = [:]) throws -> DPPAError? {
        let scratch = try Scratch()
        return try trace(body, options: options, in: scratch).error
    }

    static func trace(
        _ body: String, options: [String: String] = [:], in scratch: Scratch
    ) throws -> (trace: RecipeTrace?, error: DPPAError?) {
        let recipe = try scratch.write(preamble + body + "\n", "recipe.lua")
        var request = RecipeRun.Request(out: scratch.path + "/out")
        request.modelRoots = [Folders.recipes]
        request.options = options
        do { return (try RecipeRun(recipe).trace(request, isDry: true), nil) } catch {
            return (nil, error as? DPPAError ?? DPPAError(.internalFault, "\(error)"))
        }
    }

    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var message: String
        /// The text under the caret; empty if only the line is known.
        var caret: String
        var note: String

        init(_ call: String, _ message: String, at caret: String = "", note: String = "") {
            (testDescription, self.message, self.caret, self.note) = (call, message, caret, note)
        }
    }

    static let cases = [
        Case(
            "return ties(base, { a, b }, { densty = 0.1 })", "ties has no option 'densty'; did you mean 'density'?",
            at: "densty",
            note:
                "options are density, scope, rescale, weights, normalize, vote, lambda, compat        (dppa-run help dppa.ties)"
        ),
        Case(
            "return ties(base, { a, b }, {\n  weights = { 1, 2 }, -- density = 3\n  density = 20,\n})",
            "ties: option 'density' must be from 0 to 1; it is 20", at: "20", note: "20 % is 0.2"),
        Case(
            "return ties(base, { a }, { density = -0.2 })", "ties: option 'density' must be from 0 to 1; it is -0.2",
            at: "-0.2"),
        Case(
            "return ties({ a, b }, { density = 0.1 })", "ties: argument 1 (base) must be a model; it is a list",
            at: "{ a, b }"),
        Case(
            "return ties(base, \"a,b\")",
            "ties: argument 2 (experts) must be a model, a delta, or a list of them; it is the text 'a,b'",
            at: "\"a,b\"", note: "a path is opened first: dppa.model \"a,b\""),
        Case("return ties(base, {}, {})", "ties: argument 2 (experts) is empty", at: "{}"),
        Case("return ties(base, { a, \"b\" })", "one of it is the text 'b'", at: "\"b\""),
        Case(
            "return average({ a, b - base })",
            "average: argument 1 (models) must be a model or a list of models; one of it, 'law', is a delta",
            at: "b - base"),
        Case(
            "return ties(base, { a, dppa.mean(b - base, \"tensor\") })", "one of it, 'law', is a per-tensor value",
            at: "dppa.mean(b - base, \"tensor\")"),
        Case("return ties(base, { a }, {}, 3)", "ties got 4 arguments", note: "ties(base, experts, [options])"),
        Case(
            "return ties(base, { a }, { 0.2 })", "ties: the options must be a table with names; they are a list",
            at: "{ 0.2 }"),
        Case(
            "return ties(base, { a }, 0.2)", "ties: the options must be a table with names; they are the number 0.2",
            at: "0.2"),
        Case("return ties(base)", "ties: argument 2 (experts) must be a model, a delta, or a list of them; it is nil"),
        Case(
            "return ties(base, { a, b }, { weights = { 1, 2, 3 } })",
            "ties: option 'weights' has 3 values for 2 experts",
            at: "{ 1, 2, 3 }", note: "give one number for all, or one for each"),
        Case(
            "return average({ a, b }, { weights = { 1 } })", "average: option 'weights' has 1 value for 2 models",
            at: "{ 1 }"),
        Case(
            "return ties(base, { a }, { rescale = \"l3\" })",
            "ties: option 'rescale' cannot be 'l3'; did you mean 'l1', 'l2'?",
            at: "\"l3\""),
        Case(
            "return ties(base, { a }, { normalize = 1 })",
            "ties: option 'normalize' must be true or false; it is the number 1", at: "1"),
        Case(
            "return ties(base, { a }, { density = \"0.2\" })", "ties: option 'density' must be a number", at: "\"0.2\""),
        Case("return ties(base, { a }, { density = a - base })", "it is a delta", at: "a - base"),
        Case(
            "return ties(base, { a }, { density = dppa.abs(a - base) })",
            "'density' may be a field per tensor or coarser; it is a per-element value", at: "dppa.abs(a - base)"),
        Case(
            "return ties(base, { a }, { density = dppa.gradient { 0.1, 2 } })",
            "'density' must be from 0 to 1; an anchor of the gradient is 2", at: "dppa.gradient { 0.1, 2 }"),
        Case(
            "return ties(base, { a }, { density = { [\"*.mlp.*\"] = 3, rest = 1 } })",
            "'density' must be from 0 to 1; '*.mlp.*' is 3", at: "3"),
        Case(
            "return ties(base, { a, b }, { density = {\n  0.1,\n  { rest = 1, ['*.mlp.*'] = \"x\" },\n} })",
            "'density': '*.mlp.*' must be a number or a gradient; it is the text 'x'", at: "\"x\""),
        Case(
            "return ties(base, { a, b }, { density = { 0.1, 1.5 } })", "'density' must be from 0 to 1; it is 1.5",
            at: "1.5"),
        Case(
            "local two = 2\nreturn ties(base, { a, b }, { density = { two, 0.1 } })",
            "'density' must be from 0 to 1; it is 2", at: "two"),
        Case(
            "return ties(base, { a }, { density = { [\"*.mlp.*\"] = 0.3 } })",
            "ties: option 'density': no glob matches",
            note: "say what holds for all others: rest = 0.5"),
        Case(
            "return ties(base, { a }, { density = { [\"*.mpl.*\"] = 0.3, rest = 1 } })", "'*.mpl.*' matches no tensor"),
        Case(
            "return ties(base, { a }, { density = { [\"*.mlp.*\"] = 0.3, [\"*up_proj*\"] = 0.2, rest = 1 } })",
            "'*.mlp.*' and '*up_proj*' both match"),
        Case(
            "return ties(base, { a }, { density = dppa.per_tensor(base, function(t) return 1.5 end) })",
            "the number of one tensor is 1.5"),
        Case(
            "return ties(base, { a }, { density = 0 / 0 })", "ties: option 'density' must be a finite number",
            at: "0 / 0"),
        Case(
            "return slerp(a, b, { t = { 0.1, 0.2 } })", "slerp: option 't' is one for all experts",
            note: "dppa.gradient"),
        Case("return slerp(a, { b }, {})", "slerp: argument 2 (second) must be a model; it is a list", at: "{ b }"),
        Case(
            "return dare(base, { a }, { seed = 1.5 })", "dare: option 'seed' must be a whole number; it is 1.5",
            at: "1.5"),
        Case("return dare(base, { a }, { density = 0.1 })", "dare has no option 'density'", at: "density"),
        Case("return task_arithmetic(base, { a }, { lamda = 0.5 })", "did you mean 'lambda'?", at: "lamda"),
        Case(
            "return base + dp.prune(a, {})", "dp.prune: argument 1 (delta) must be a delta; it is a model",
            note: "write expert - base"),
        Case(
            "return base + dp.prune(a - base, { method = \"owk\" })",
            "dp.prune: option 'method' cannot be 'owk'; did you mean 'owl'?"),
        Case(
            "dpa(a - base, { rates = { 0.9, 1.8 } })", "dpa: option 'rates' must be from 0 to 1; it is 1.8",
            at: "1.8"
        ),
        Case(
            "dpa(a - base, { rates = { 0.9, dppa.mean(a - base, \"tensor\") } })",
            "dpa: option 'rates' must be a list of numbers; one of it, 'math', is a per-tensor value",
            at: "dppa.mean(a - base, \"tensor\")"),
        Case("dpa(a - base, { rate = 0.9 })", "dpa has no option 'rate'; did you mean 'rates'?", at: "rate"),
        Case("dpa(a - base, { rates = {} })", "dpa: option 'rates' is empty", at: "{}"),
        Case(
            "search { budget = 1, maximise = 1 }", "search has no option 'maximise'; did you mean 'maximize'?",
            at: "maximise"),
        Case(
            "search { parameters = { {} }, maximize = print }",
            "search: option 'candidate' is missing; it must be a function"
        ),
        Case(
            "search { parameters = { 1 }, maximize = print, candidate = print, shares = { \"x\" } }",
            "search: option 'shares' must be a list of numbers"),
        Case("local o = { densty = 1 }\nreturn ties(base, a, o)", "ties has no option 'densty'", at: "densty"),
        Case("require(\"dppa.ties\")(base, a, { densty = 1 })", "ties has no option 'densty'", at: "densty"),
        Case(
            "return average({ a, b, base }, { weights = { 0.1, 0.2, -0.3 } })",
            "average: option 'weights': 0.1, 0.2, -0.3 add up to nothing but for rounding", at: "{ 0.1, 0.2, -0.3 }"),
        Case(
            "return dppa.average { models = { a, b }, weights = { 1, -1 } }",
            "average: option 'weights': 1, -1 add up to nothing",
            at: "{ 1, -1 }"),
        Case(
            "return task_arithmetic(base, { a, b }, { weights = { 1, -1 }, normalize = true })", "add up to nothing",
            at: "{ 1, -1 }"),
        Case("return ties(base, { a, b }, { weights = { 0.3, -0.3 } })", "add up to nothing", at: "{ 0.3, -0.3 }"),
        Case(
            "return average({ a, b }, { weights = { 1, { [\"*.mlp.*\"] = -1, rest = 1 } } })",
            "average: option 'weights': 1, -1 add up to nothing on model.layers.0.mlp"),
        Case(
            "return dppa.as_model(dppa.weights(a) / dppa.weight_sum { 1, -1 }, a)",
            "weight_sum: 1, -1 add up to nothing"),
        Case("return dppa.average { models = { a }, weigths = 1 }", "did you mean 'weights'?", at: "weigths"),
        Case(
            "return base + (a - base):apply(print, { rst = 1 })", "apply has no option 'rst'; did you mean 'rest'?",
            at: "rst"),
        Case(
            "return base + dppa.gradient { 0, 1 } * (a - base)", "a gradient has no numbers before it stands on a field"
        ),
        Case(
            "dppa.method { name = \"x\", run = print, option = {} }", "method has no 'option'; did you mean 'options'?"),
        Case("dppa.method { name = \"x\" }", "method 'x': 'run' must be a function; it is nil"),
        Case(
            "dppa.method { name = \"x\", run = print, options = { { name = \"s\", default = 2, max = 1 } } }",
            "method 'x': the default of 's' must be at most 1; it is 2"),
        Case(
            "dppa.method { name = \"x\", run = print, options = { { name = \"s\", defualt = 2 } } }",
            "option 's' has no 'defualt'; did you mean 'default'?"),
        Case(
            "return ties(base, { a }, { scope = \"model\", density = dppa.gradient { 0.1, 0.3 } })",
            "the model as one has one density; it is a field"),
        Case(
            "return pcb(base, { a, b }, { density = dppa.gradient { 0.1, 0.3 } })",
            "'density' is one number for all of a model", at: "dppa.gradient { 0.1, 0.3 }"),
        Case(
            "return dare(base, { a }, { rescale = \"l1\", q = 0.5 })",
            "q is for rescale = \"inverse\"; rescale is \"l1\""),
        Case(
            "dppa.method { name = \"x\", run = print, options = { { of = ties, except = { \"densty\" } } } }",
            "method 'x': ties has no option 'densty'; did you mean 'density'?"),
        Case("dppa.options(print)", "options: argument 1 must be a method"),
        Case("dppa.options(ties, { \"densty\" })", "ties has no option 'densty'; did you mean 'density'?"),
        Case("dppa.options(ties, { density = 2 })", "option 'density' must be from 0 to 1; it is 2"),
        Case("dppa.options(dp.prune) dppa.options(ties)", "option 'lambda' is declared twice"),
        Case("dppa.option { name = \"x\", default = 1, mn = 2 }", "has no option 'mn'; did you mean 'min'?", at: "mn"),
        Case("dppa.inputs { bse = \"zoo/base\" }", "inputs has no option 'bse'; did you mean 'base'?", at: "bse"),
        Case("dppa.inputs { experts = {} }", "inputs: option 'experts' is empty", at: "{}"),
    ]

    @Test(arguments: cases)
    func aWrongCallIsToldAtItsPlace(_ item: Case) throws {
        let body = item.testDescription
        let error = try #require(try Self.error(body + (body.contains("return") ? "" : "\nreturn base")))
        #expect(error.message.contains(item.message), "\(error.message)")
        #expect(error.code == .data)
        if !item.note.isEmpty { #expect(error.notes.contains { $0.contains(item.note) }, "\(error.notes)") }
        let place = try #require(error.location)
        #expect(place.file.hasSuffix("recipe.lua"))
        let lines = (Self.preamble + body).components(separatedBy: "\n")
        guard !item.caret.isEmpty else { return #expect(place.line > 4) }
        let line = Array(lines[place.line - 1])
        try #require(place.column > 0, "\(error)")
        #expect(String(line[(place.column - 1)..<(place.column - 1 + place.length)]) == item.caret)
    }

    /// One expert, no options, an expert that is a delta already: what the methods take.
    @Test(arguments: [
        "ties(base, { a, b })", "ties(base, a)", "ties(base, a, {})", "ties(base, a - base, { density = 0.1 })",
        "dare(base, a)",
        "dare(base, { a, b }, { rate = { 0.5, 1 } })", "task_arithmetic(base, { a, b }, { weights = { 1, -1 } })",
        "slerp(a, b)",
        "average({ a, b })", "average({ a, b }, { weights = {} })", "average(a)", "dppa.average { models = { a, b } }",
        "base + dp.prune(a - base)",
        "base + dp.prune(a - base, { rate = dppa.gradient { 0.95, 0.8 }, rest = \"magnitude\" })",
        "base + dp.prune(a - base, { rate = { [\"*.mlp.*\"] = 0.9, rest = 0.5 }, rest = \"magnitude\" })",
        "base + dpa(a - base, { lambda = dppa.gradient { 0.05, 0.1 } }) { 1.8, 1 }",
        "ties(base, { a, b }, { density = { 0.1, dppa.gradient { 0.1, 0.5 } }, weights = { { [\"*.mlp.*\"] = 0.3, rest = 1 }, 2 }, "
            + "lambda = dppa.gradient { 0, 1 } })",
        "average({ a, b }, { weights = { dppa.abs(dppa.weights(a)), dppa.abs(dppa.weights(b)) } })",
    ])
    func aRightCallIsAModel(_ call: String) throws {
        let scratch = try Scratch()
        let (trace, error) = try Self.trace("return " + call, in: scratch)
        #expect(error == nil, "\(error?.message ?? "")")
        #expect(trace?.warnings == [])
    }
}
