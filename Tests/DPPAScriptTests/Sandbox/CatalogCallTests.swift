import DPPA
import DPPAScript
import Foundation
import Testing

/// Every name of the language called with what it does not expect: an error at the call, or a value.
@Suite struct CatalogCallTests {
    private static let setup = [
        "local dppa = require \"dppa.v1\" local x = dppa.tensors \"side.safetensors\" local none",
        "local m, n, mask = dppa.as_model(x, x), dppa.mean(x, \"tensor\"), x:gt(2)",
        "local g = dppa.group(function(t) return t.role end) local cyclic = {} cyclic[1] = cyclic cyclic.name = cyclic",
        "local nest = {} for i = 1, 20 do nest = { nest } end local long = (\"y\"):rep(60000)",
    ]

    /// What stands in the place of an argument.
    static let values = [
        "none", "true", "0", "-1", "1e300", "-1e300", "0 / 0", "1 / 0", "-1 / 0", "math.maxinteger", "math.mininteger",
        "\"\"", "\"row\"", "\"layer\"", "long", "\"\\xff\\0\"", "{}", "cyclic", "nest", "{ 1, 2 }", "{ x, m }",
        "{ count = -1 }", "{ count = 0 / 0 }", "{ seed = -1 }", "{ [1.5] = 1 }", "{ name = \"a\", default = {} }",
        "print", "function() return 0 / 0 end", "function() error {} end", "x", "m", "n", "mask", "g",
    ]

    /// A name, how it is called with arguments, and arguments that it may take.
    struct Name: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var call: @Sendable ([String]) -> String
        var usual: [String]
    }

    private static func usual(_ parameters: [Parameter]) -> [String] { parameters.map { usual($0.kind) } }

    private static func usual(_ kind: Parameter.Kind) -> String {
        switch kind {
        case .any, .value, .share, .amount, .number: "0.5"
        case .field: "x"
        case .model, .writable, .openedModel: "m"
        case .mask: "mask"
        case .scope: "\"tensor\""
        case .text, .name, .fileName, .path: "\"a\""
        case .glob: "\"*\""
        case .dtype: "\"bf16\""
        case .choice(let words): "\"\(words[0])\""
        case .integer: "0"
        case .flag: "true"
        case .function, .tensorNumbers: "function(t) return 1 end"
        case .list(let kind), .entries(let kind): "{ \(usual(kind)) }"
        case .anyList: "{}"
        case .names(let kind): "{ [\"*\"] = \(usual(kind)) }"
        case .options(let options):
            "{ \(options.filter { !$0.isOptional }.map { "\($0.name) = \(usual($0.kind))" }.joined(separator: ", ")) }"
        case .oneOf(let kinds): usual(kinds[0])
        }
    }

    static let names: [Name] =
        Catalog.functions.map { function in
            Name(
                testDescription: "dppa." + function.name,
                call: { "dppa.\(function.name)(\($0.joined(separator: ", ")))" }, usual: usual(function.parameters))
        }
        + Catalog.methods.map { method in
            Name(
                testDescription: ":" + method.name,
                call: { "x.\(method.name)(\($0.joined(separator: ", ")))" }, usual: usual(method.parameters))
        }
        + ["+", "-", "*", "/", "^", "&", "|", "%", "//", "<<", ">>", "~", "..", "<", "<=", "==", "and", "or"].map {
            sign in
            Name(
                testDescription: "x \(sign) y", call: { "(\($0.first ?? "x")) \(sign) (\($0.last ?? "x"))" },
                usual: ["x", "0.5"])
        }
        + ["-", "~", "#", "not "].map { sign in
            Name(testDescription: "\(sign)x", call: { "\(sign)(\($0.first ?? "x"))" }, usual: ["x"])
        }

    /// One value in each place, and too few and too many of the same.
    private static func arguments(_ name: Name) -> [[String]] {
        var lists: [[String]] = (0...name.usual.count + 2).map { Array(repeating: "x", count: $0) }
        for value in values {
            lists.append(Array(repeating: value, count: 4))
            for place in name.usual.indices {
                var list = name.usual
                list[place] = value
                lists.append(list)
            }
        }
        return lists
    }

    @Test(arguments: names)
    func aStrangeCallIsAnErrorAtItsLineOrAValue(_ name: Name) throws {
        let scratch = try RecipeFolder()
        try scratch.addSideTensor("side.safetensors")
        for list in Self.arguments(name) {
            let call = name.call(list)
            let recipe = try scratch.write(
                (Self.setup + ["local result = " + call]).joined(separator: "\n") + "\n", "recipe.lua")
            let start = ContinuousClock.now
            let error = scratch.error(recipe)
            #expect(ContinuousClock.now - start < .seconds(10), "\(call)")
            guard let error, !error.message.contains("gives no model") else { continue }
            let codes: [DPPAError.Code] = [.usage, .data, .missingInput, .limit]
            #expect(codes.contains(error.code), "\(call): \(error)")
            #expect(!error.message.contains("raw_") && !error.message.contains("0x"), "\(call): \(error.message)")
            // A model that is saved is written when the recipe is over.
            if name.testDescription == ":save", error.location == nil { continue }
            #expect(error.location?.file == recipe && error.location?.line == 5, "\(call): \(error)")
        }
    }
}
