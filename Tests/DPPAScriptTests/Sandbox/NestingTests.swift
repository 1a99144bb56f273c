import DPPA
import DPPAScript
import Foundation
import Testing

/// Recipes that nest or lengthen one syntactic form until something gives: an error at its line, or nothing.
@Suite struct NestingTests {
    struct Form: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var expected: String
        var text: String

        init(_ name: String, _ expected: String, _ text: String) {
            (testDescription, self.expected, self.text) = (name, expected, text)
        }
    }

    private static func times(_ count: Int, _ text: String) -> String { String(repeating: text, count: count) }
    private static func numbered(_ count: Int, _ prefix: String, _ separator: String = ", ") -> String {
        (0..<count).map { prefix + String($0) }.joined(separator: separator)
    }

    static let tooDeep = "this is nested too deeply for Lua"
    static let forms = [
        Form("tables", tooDeep, "return " + times(10_000, "{") + times(10_000, "}")),
        Form("functions", tooDeep, "return " + times(2000, "function() return ") + "1" + times(2000, " end")),
        Form("signs", tooDeep, "return " + times(20_000, "- ") + "1"),
        Form("nots", tooDeep, "return " + times(10_000, "not ") + "1"),
        Form("joined texts", tooDeep, "return " + times(8000, "\"a\" .. ") + "\"a\""),
        Form("powers", tooDeep, "return " + times(10_000, "2 ^ ") + "1"),
        Form("sums", "", "local a = " + times(15_000, "1 + ") + "1"),
        Form("blocks", tooDeep, times(5000, "do ") + times(5000, "end ")),
        Form("ifs", tooDeep, times(3500, "if true then ") + times(3500, "end ")),
        Form("whiles", tooDeep, times(3000, "while false do ") + times(3000, "end ")),
        Form("fors", "too many local variables", times(2500, "for i = 1, 1 do ") + times(2500, "end ")),
        Form("repeats", tooDeep, times(3000, "repeat ") + times(3000, "until true ")),
        Form("else-ifs", "", "if false then " + times(3500, "elseif false then ") + "end"),
        Form("comment", "unfinished long comment", "--[" + times(30_000, "=") + "["),
        Form("long text", "unfinished long string", "local s = [" + times(30_000, "=") + "["),
        Form("labels", tooDeep, "do " + numbered(5000, ":: l", " ::") + " :: end"),
        Form("gotos", "no visible label", numbered(4000, "goto x", " ")),
        Form("methods", "(method 'a')", "local s = \"\" return s" + times(15_000, ":a()")),
        Form("fields", "attempt to index a nil value", "local t = {} return t.b" + times(20_000, "[1]")),
        Form("names", "attempt to index a nil value", "local t = {} return t.b" + times(30_000, ".b") + " + 1"),
        Form("calls", "attempt to call a nil value", "local t = {} return t.b" + times(30_000, "()")),
        Form("text calls", "attempt to call a nil value", "local f return f" + times(30_000, "\"\"")),
        Form("locals", "too many local variables", "local " + numbered(300, "a") + " = 1"),
        Form("upvalues", "too many upvalues", upvalues),
        Form("constants", "", "local t = { \"" + numbered(6000, "c", "\", \"") + "\" }"),
        Form("parameters", "too many local variables", "local function f(" + numbered(300, "a") + ") end"),
        Form("arguments", "too many registers", "local function f() end f(1" + times(300, ", 1") + ")"),
        Form("assignments", tooDeep, "local t = {} t.a" + times(5000, ", t.a") + " = 1"),
        Form("values", "too many registers", "return 1" + times(300, ", 1")),
        Form("name", "unexpected symbol", "local " + times(30_000, "a") + " = ="),
        Form("number", "", "local a = " + times(30_000, "9")),
        Form("exponent", "malformed number", "local a = 1e" + times(30_000, "9") + "x"),
    ]

    private static var upvalues: String {
        let (a, b) = ((0..<150).map { "a\($0)" }, (0..<150).map { "b\($0)" })
        let declared = { (names: [String]) in names.map { "local \($0) = 1 " }.joined() }
        return declared(a) + "local function f() " + declared(b) + "return function() return "
            + (a + b).joined(separator: " + ") + " end end"
    }

    @Test(arguments: forms)
    func deepAndLongFormsEndAtTheirLine(_ form: Form) throws {
        let scratch = try RecipeFolder()
        // Longer than what Lua shows of a file's name, and not of ASCII letters alone.
        let folder = "größer-" + Self.times(30, "é")
        try FileManager.default.createDirectory(
            atPath: scratch.path + "/" + folder, withIntermediateDirectories: true)
        let recipe = try scratch.write("-- one\n-- two\n" + form.text + "\n", folder + "/recipe.lua")
        let start = ContinuousClock.now
        let error = try #require(scratch.error(recipe))
        #expect(ContinuousClock.now - start < .seconds(10))
        if form.expected.isEmpty {
            #expect(error.message.contains("gives no model"), "\(error.message)")
        } else {
            #expect(error.message.contains(form.expected), "\(error.message)")
            #expect(error.code == .data && error.location?.file == recipe)
            // A text that does not end is reported where the file does.
            #expect((3...4).contains(error.location?.line ?? 0), "\(String(describing: error.location))")
        }
    }
}
