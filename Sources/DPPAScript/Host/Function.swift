import DPPA

/// A name of the recipe language, as data: what runs it, and what help, stub and reference pages say of it.
package struct Function: Sendable {
    package var name: String
    package var summary: String
    package var parameters: [Parameter]
    package var returns: String
    /// The type of the result, as an editor understands it.
    package var type: String
    package var errors: [String]
    package var since: String
    package var example: String
    /// What runs it; nil for a name that is written in Lua, because it calls back into the recipe.
    package var body: (@Sendable (Call) throws -> [ScriptValue])?

    package init(
        name: String, summary: String, parameters: [Parameter], returns: String, type: String = "dppa.Field",
        errors: [String] = [], since: String = "1.0", example: String,
        body: (@Sendable (Call) throws -> [ScriptValue])? = nil
    ) {
        self.name = name
        self.summary = summary
        self.parameters = parameters
        self.returns = returns
        self.type = type
        self.errors = errors
        self.since = since
        self.example = example
        self.body = body
    }
}

/// A parameter of a function.
package struct Parameter: Sendable {
    package enum Kind: String, Sendable { case field, value, scope, text, table, function }

    package var name: String
    package var kind: Kind
    package var isOptional: Bool

    package init(_ name: String, _ kind: Kind, isOptional: Bool = false) {
        self.name = name
        self.kind = kind
        self.isOptional = isOptional
    }

    static func field(_ name: String) -> Parameter { Parameter(name, .field) }
    static func value(_ name: String) -> Parameter { Parameter(name, .value) }
    static func text(_ name: String) -> Parameter { Parameter(name, .text) }
    static func table(_ name: String) -> Parameter { Parameter(name, .table) }
    static let scope = Parameter("scope", .scope)
}

/// One call of a function from Lua.
package struct Call {
    package let function: Function
    package let arguments: [ScriptValue]
    /// Where the recipe made the call.
    package let location: DPPAError.Location?
    /// What the owner of the host passes to every call.
    package let context: AnyObject
    /// The texts of the recipe files.
    let sources: SourceTexts

    package var name: String { function.name }

    /// An argument; nil when there are fewer.
    package func argument(_ index: Int) -> ScriptValue { index < arguments.count ? arguments[index] : .null }

    /// The named fields of a table of options.
    ///
    /// Throws at the key when one is not allowed.
    package func options(_ index: Int, allowed: [String]) throws -> [String: ScriptValue] {
        switch argument(index) {
        case .null: return [:]
        case .table(let table):
            if let unknown = table.fields.keys.sorted().first(where: { !allowed.contains($0) }) {
                let suggestion = Suggestions.nearest(to: unknown, among: allowed)
                let hint = suggestion.isEmpty ? "" : "; did you mean \(Suggestions.list(suggestion))?"
                throw DPPAError(
                    .data, "\(name) has no option '\(unknown)'\(hint)",
                    notes: ["options are \(allowed.joined(separator: ", "))"],
                    location: location.map { sources.find(unknown, from: $0, isKey: true) ?? $0 })
            }
            guard table.array.isEmpty else {
                throw DPPAError(
                    .data, "\(name): options have names: { \(allowed.first ?? "name") = … }", location: location)
            }
            return table.fields
        default:
            throw DPPAError(
                .data, "\(name): argument \(index + 1) must be a table of options; it is \(argument(index).described)",
                location: location)
        }
    }
}
