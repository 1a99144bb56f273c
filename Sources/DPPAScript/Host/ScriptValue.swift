/// A value that goes between Lua and the host.
package enum ScriptValue {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case table(ScriptTable)
    case object(any ScriptObject)
    /// A Lua function: the host never calls it.
    case function

    /// The number, if it is one.
    package var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// Kind and value in words, for messages.
    package var described: String {
        switch self {
        case .null: "nil"
        case .bool(let value): String(value)
        case .integer(let value): "the number \(value)"
        case .number(let value): "the number \(value)"
        case .string(let text): "the text '\(text.prefix(60))\(text.count > 60 ? "…" : "")'"
        case .table(let table): table.array.isEmpty && !table.fields.isEmpty ? "a table with names" : "a table"
        case .object(let object): object is ScopeObject ? "a group" : "a field"
        case .function: "a function"
        }
    }
}

/// What Lua holds a handle of.
package protocol ScriptObject: AnyObject {}

/// A table with a list part and names.
package struct ScriptTable {
    package var array: [ScriptValue]
    package var fields: [String: ScriptValue]

    package init(array: [ScriptValue] = [], fields: [String: ScriptValue] = [:]) {
        self.array = array
        self.fields = fields
    }

    package subscript(name: String) -> ScriptValue? { fields[name] }
}
