import DPPA
import DPPAScript
import Foundation
import Testing

/// Every option that a shipped method declares: misspelt, of a wrong type, out of its range, a list of a wrong length.
@Suite struct DeclarationTests {
    struct Option: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var method: String
        var name: String
        /// What is wrong with each value, and the value.
        var wrong: [(message: String, value: String)]
        /// The call with `OPTIONS` in the place of the entries.
        var call: String
    }

    private static func argument(_ kind: OptionDeclaration.Kind) -> String {
        switch kind {
        case .model: "base"
        case .models, .experts: "{ a, b }"
        case .delta, .field: "a - base"
        case .number: "0.5"
        case .list: "{ \"zoo/search/math.jsonl\", \"zoo/search/law.jsonl\" }"
        default: "\"zoo/search/law.jsonl\""
        }
    }

    private static func wrong(_ option: OptionDeclaration) -> [(message: String, value: String)] {
        var wrong: [(message: String, value: String)] = [
            ("", option.kind == .any ? "a" : option.kind == .function ? "1" : "print")
        ]
        if option.kind == .any && option.spread == nil { wrong = [] }
        let (numeric, quote) = (
            option.spread != nil || option.kind == .number || option.kind == .count, "'\(option.name)'"
        )
        if let minimum = option.minimum, numeric { wrong.append((quote, String(minimum - 1))) }
        if let maximum = option.maximum, numeric { wrong.append((quote, String(maximum + 1))) }
        if let minimum = option.minimum, option.kind == .list { wrong.append((quote, "{ \(minimum - 1) }")) }
        if !option.choices.isEmpty { wrong.append(("cannot be 'nothing'", "\"nothing\"")) }
        if option.spread == .expert { wrong.append(("has 3 values for 2", "{ 0.5, 0.5, 0.5 }")) }
        if option.kind == .boolean { wrong.append(("true or false", "0")) }
        if option.kind == .count { wrong.append(("whole number", "1.5")) }
        return wrong
    }

    static let options: [Option] = {
        let methods = ((try? LibraryMethods.all()) ?? [:]).values.flatMap { $0 }.sorted { $0.name < $1.name }
        return methods.flatMap { method in
            let needed = [
                "spectral.merge": ["rule = print"], "pruning.prune": ["rule = print"],
                "search": [
                    "candidate = print", "maximize = print", "parameters = { { name = \"x\", min = 0, max = 1 } }",
                ],
                "search_space.parameter": ["name = \"x\""], "strategies.rungs": ["count = 8", "shares = { 1 }"],
                "sobol": ["dimensions = 2"], "cma": ["mean = { 0.5 }"], "line_search": ["start = { 0.5 }"],
                "fisher": ["importance = { dppa.weights(a), dppa.weights(b) }"],
            ]
            let arguments = method.arguments.map { argument($0.kind) }.joined(separator: ", ")
            let call = "\(method.name)(\(arguments)\(arguments.isEmpty ? "" : ", "){ OPTIONS })"
            return method.options.map { option in
                let others = (needed[method.name] ?? []).filter { !$0.hasPrefix(option.name + " ") }
                return Option(
                    testDescription: "\(method.name) \(option.name)", method: method.name, name: option.name,
                    wrong: wrong(option),
                    call: call.replacing("OPTIONS", with: (others + ["NAME = VALUE"]).joined(separator: ", ")))
            }
        }
    }()

    @Test func allModulesAreHere() throws {
        #expect(Set(try LibraryMethods.all().keys) == Set(Reference.modules))
        #expect(Self.options.count >= 50)
        for method in try LibraryMethods.all().values.flatMap({ $0 }) {
            #expect(!method.summary.isEmpty && !method.example.isEmpty && !method.returns.isEmpty, "\(method.name)")
            for option in method.options { #expect(!option.help.isEmpty, "\(method.name): \(option.name)") }
        }
    }

    @Test(arguments: options)
    func everyDeclarationIsChecked(_ option: Option) throws {
        func check(_ name: String, _ value: String, _ message: String, caret: String) throws {
            let call = option.call.replacing("NAME", with: name).replacing("VALUE", with: value)
            let body = "local _ = \(call)\nreturn base"
            let error = try #require(try MethodCallTests.error(body), "\(call)")
            #expect(error.code == .data && error.message.hasPrefix(option.method), "\(call): \(error.message)")
            #expect(error.message.contains(message), "\(call): \(error.message)")
            #expect(error.location?.line == 5)
            let line = Array("local _ = \(call)")
            let place = try #require(error.location)
            try #require(place.column > 0, "\(call)")
            #expect(String(line[(place.column - 1)..<(place.column - 1 + place.length)]) == caret)
        }
        let misspelt = option.name + "x"
        try check(misspelt, "1", "has no option '\(misspelt)'; did you mean '\(option.name)'", caret: misspelt)
        for (message, value) in option.wrong {
            // Of a list with one wrong entry that entry is marked.
            let caret = value.hasPrefix("{ -") ? String(value.dropFirst(2).dropLast(2)) : value
            try check(option.name, value, message.isEmpty ? "'\(option.name)'" : message, caret: caret)
        }
    }

    /// What recipes say otherwise than the methods, by name.
    static let changed = [
        "dare": ["lambda": "0.6"], "task_arithmetic": ["lambda": "0.6"], "della_linear": ["lambda": "0.6"],
        "breadcrumbs": ["lambda": "0.6"], "dppa": ["budget": "100"],
    ]

    @Test(
        arguments: MergeMethods.all.map { ($0, $0) } + [
            ("dp", "dp.prune"), ("dppa", "dpa"), ("dppa", "search"),
        ])
    func recipesHaveTheDefaultsOfTheDeclarations(recipe: String, method: String) throws {
        let trace = try RecipeRun("\(Folders.recipes)/\(recipe).lua").trace(.init(out: "unused"), isDry: true)
        let module = String(method.split(separator: ".")[0])
        let declared = try #require(try LibraryMethods.all()[module]?.first { $0.name == method })
        var shared = 0
        for option in declared.options {
            guard let taken = trace.session.options.taken.first(where: { $0.name == option.name }) else {
                #expect(recipe == "dppa" || !option.isForRecipes, "\(option.name)")
                continue
            }
            // What a method cannot do without has no default.
            if option.isRequired { continue }
            shared += 1
            let expected = Self.changed[recipe]?[option.name] ?? option.fallback?.shown ?? "–"
            #expect(taken.value.shown == expected, "\(recipe): \(option.name)")
            #expect(taken.declaration.help == option.help && taken.declaration.range == option.range)
        }
        #expect(shared >= 1)
        #expect(trace.session.options.taken.contains { $0.name == "rows" })
    }

    @Test(arguments: [
        ("ties", "experts", "", "is empty"), ("ties", "weights", "a,b,c", "'a' is not a number"),
        ("ties", "weights", "1,2", "ties: option 'weights' has 2 values for 3 experts"),
        ("ties", "density", "20", "must be from 0 to 1; it is 20"),
        ("ties", "density", "0.1,0.2,7", "must be from 0 to 1; it is 7"),
        ("ties", "rescale", "l3", "did you mean 'l1', 'l2'?"),
        ("dare", "seed", "1.5", "must be a whole number"), ("ties", "normalize", "maybe", "expected true or false"),
        ("dppa", "rates", "0.9,x", "'x' is not a number"), ("dppa", "rates", "", "is empty"),
        ("dppa", "coefficients", "0.1,0.2", "2 coefficients for 3 experts"),
        ("dppa", "start", "1", "start has 1 factors for 2 rates"),
        ("slerp", "t", "0.1,0.2", "one for all experts"), ("ties", "desnity", "1", "has no option 'desnity'"),
        ("average", "weights", "0.1,0.2,-0.3", "add up to nothing but for rounding"),
        ("slerp", "experts", "a,b", "slerp"),
    ])
    func whatSetGivesIsChecked(recipe: String, option: String, value: String, message: String) throws {
        var request = RecipeRun.Request(out: "unused")
        let zoo = Folders.recipes + "/zoo/"
        request.options = [option: option == "experts" && !value.isEmpty ? "\(zoo)math,\(zoo)law" : value]
        let error = #expect(throws: DPPAError.self) {
            try RecipeRun("\(Folders.recipes)/\(recipe).lua").trace(request, isDry: true)
        }
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }
}
