/// The language as an editor reads it: annotations for LuaLS, made from the catalog.
package enum Stub {
    /// The text of `dppa.d.lua`.
    package static var text: String {
        var lines = [
            "---@meta dppa.v1", "-- Made from the program's own table of names: `make reference`.", "",
            "---@alias dppa.Scope \"row\"|\"column\"|\"tensor\"|\"layer\"|\"model\"|dppa.Group",
            "---@class dppa.Group", "",
            "---A value for every element of every tensor of its selection, or for every row, tensor, layer or the model.",
            "---@class dppa.Field", operators, "local Field = {}", "",
        ]
        for function in sorted(Catalog.methods) { lines += declaration(function, owner: "Field", isMethod: true) }
        lines += ["---@class dppa", "local dppa = {}", ""]
        for function in sorted(Catalog.functions) { lines += declaration(function, owner: "dppa", isMethod: false) }
        lines += ["return dppa", ""]
        return lines.joined(separator: "\n")
    }

    private static let operators =
        [
            "add", "sub", "mul", "div", "pow", "band", "bor",
        ].map { "---@operator \($0)(dppa.Field|number): dppa.Field" }.joined(separator: "\n")
        + "\n---@operator unm: dppa.Field\n---@operator bnot: dppa.Field"

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
        case .field, .model, .openedModel, .mask: "dppa.Field"
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
        case .oneOf(let kinds): kinds.map(type).joined(separator: "|")
        }
    }
}
