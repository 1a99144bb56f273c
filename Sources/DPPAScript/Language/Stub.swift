/// The language as an editor reads it: annotations for LuaLS, made from the catalog.
package enum Stub {
    /// The text of `dppa.d.lua`.
    package static var text: String {
        var lines = [
            "---@meta dppa.v1", "-- Made from the program's own table of names: `make reference`.", "",
            "---@alias dppa.Scope \"row\"|\"column\"|\"tensor\"|\"layer\"|\"model\"|dppa.Group",
            "---@class dppa.Group", "---@class dppa.Gradient",
            "---@alias dppa.PerTensor number|dppa.Gradient|dppa.Field|table<string, number|dppa.Gradient>",
            "---@alias dppa.PerExpert dppa.PerTensor|dppa.PerTensor[]", "",
            "---A value for every element of every tensor of its selection, or for every row, tensor, layer or the model.",
            "---@class dppa.Field", operators, "local Field = {}", "",
        ]
        for function in sorted(Catalog.methods) { lines += declaration(function, owner: "Field", isMethod: true) }
        lines += ["---@class dppa", "local dppa = {}", ""]
        for function in sorted(Catalog.functions) { lines += declaration(function, owner: "dppa", isMethod: false) }
        lines += ["return dppa", ""]
        return lines.joined(separator: "\n")
    }

    /// All stubs by file name: the language, and each module that ships with its typed options.
    package static var files: [(file: String, text: String)] {
        get throws {
            let methods = try LibraryMethods.all()
            return [("dppa.d.lua", text)]
                + Reference.modules.map { ("dppa.\($0).d.lua", module($0, methods[$0] ?? [])) }
        }
    }

    private static func module(_ name: String, _ methods: [MethodDeclaration]) -> String {
        var lines = ["---@meta dppa.\(name)", "-- Made from the module's own declarations: `make reference`.", ""]
        let isTable = methods.contains { $0.name != name }
        if isTable { lines += ["local \(name) = {}", ""] }
        for method in methods {
            let type = "dppa.\(method.name).Options"
            if !method.options.isEmpty {
                lines.append("---@class \(type)")
                lines += method.options.map {
                    "---@field \($0.name)\($0.isRequired ? "" : "?") \(Self.type($0)) \($0.asOption)"
                }
                lines.append("")
            }
            lines.append("---\(method.summary)")
            for argument in method.arguments {
                let mark = argument.fallback == nil ? "" : "?"
                lines.append("---@param \(argument.name)\(mark) \(Self.type(argument)) \(argument.asArgument)")
            }
            if !method.options.isEmpty {
                let mark = method.options.contains(where: \.isRequired) ? "" : "?"
                lines.append("---@param options\(mark) \(type)")
            }
            lines.append("---@return \(returned(method.returns)) \(method.returns)")
            let parameters = method.arguments.map(\.name) + (method.options.isEmpty ? [] : ["options"])
            lines += [
                "\(isTable ? "" : "local ")function \(method.name)(\(parameters.joined(separator: ", "))) end", "",
            ]
        }
        return (lines + ["return \(name)", ""]).joined(separator: "\n")
    }

    /// The type of a result that is told in words.
    private static func returned(_ words: String) -> String {
        if words.hasPrefix("a function") { return "function" }
        let fields = ["a model", "a pruned model", "a merged model", "a delta", "a mask", "a value"]
        if fields.contains(where: words.hasPrefix) { return "dppa.Field" }
        return "any"
    }

    private static func type(_ declaration: OptionDeclaration) -> String {
        switch declaration.spread {
        case .tensor?: return "dppa.PerTensor"
        case .expert?: return "dppa.PerExpert"
        case nil: break
        }
        if !declaration.choices.isEmpty { return declaration.choices.map { "\"\($0)\"" }.joined(separator: "|") }
        return type(declaration.kind, element: declaration.element)
    }

    private static func type(_ kind: OptionDeclaration.Kind, element: OptionDeclaration.Kind = .any) -> String {
        switch kind {
        case .number: "number"
        case .count: "integer"
        case .boolean: "boolean"
        case .text, .path: "string"
        case .list: type(element) + "[]"
        case .function: "function"
        case .field, .delta, .model: "dppa.Field"
        case .models, .experts: "dppa.Field|dppa.Field[]"
        case .any: "any"
        }
    }

    private static let operators = {
        func lines(_ count: Int, _ suffix: String) -> [String] {
            Catalog.signs.filter { $0.function.parameters.count == count }.map { "---@operator \($0.name)\(suffix)" }
        }
        return (lines(2, "(dppa.Field|number): dppa.Field") + lines(1, ": dppa.Field")).joined(separator: "\n")
    }()

    static func sorted(_ functions: [Function]) -> [Function] { functions.sorted { $0.name < $1.name } }

    private static func declaration(_ function: Function, owner: String, isMethod: Bool) -> [String] {
        // The field itself is the method's receiver.
        let parameters = isMethod ? Array(function.parameters.dropFirst()) : function.parameters
        var lines = ["---" + function.summary]
        lines += parameters.map { "---@param \(name($0))\($0.isOptional ? "?" : "") \(type($0.kind))" }
        if function.type != "nil" { lines.append("---@return \(function.type)") }
        let list = parameters.map(name).joined(separator: ", ")
        return lines + ["function \(owner)\(isMethod ? ":" : ".")\(function.name)(\(list)) end", ""]
    }

    /// `end` and the like cannot name a parameter.
    private static func name(_ parameter: Parameter) -> String {
        ["end", "and", "or", "not", "function"].contains(parameter.name) ? parameter.name + "_" : parameter.name
    }

    private static func type(_ kind: Parameter.Kind) -> String {
        switch kind {
        case .any: "any"
        case .field, .model, .writable, .openedModel, .mask: "dppa.Field"
        case .value, .share: "dppa.Field|number"
        case .amount: "dppa.Field|number|{ count: dppa.Field|number }"
        case .scope: "dppa.Scope"
        case .text, .name, .fileName, .path, .glob: "string"
        case .dtype(let types): types.map { "\"\($0.rawValue.lowercased())\"" }.joined(separator: "|")
        case .choice(let words): words.map { "\"\($0)\"" }.joined(separator: "|")
        case .number: "number"
        case .integer: "integer"
        case .flag: "boolean"
        case .function: "function"
        case .list(let kind): "(\(type(kind)))[]"
        case .anyList: "any[]"
        case .names(let kind): "table<string, \(type(kind))>"
        case .entries(let kind): "(\(type(kind)))[]|table<string, \(type(kind))>"
        case .options(let options):
            "{ " + options.map { "\($0.name)\($0.isOptional ? "?" : ""): \(type($0.kind))" }.joined(separator: ", ")
                + " }"
        case .tensorNumbers: "function|dppa.Gradient|dppa.Field|table<string, number|dppa.Gradient>"
        case .oneOf(let kinds): kinds.map(type).joined(separator: "|")
        }
    }
}
