import DPPA

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

    /// The text, if it is one.
    package var text: String? { if case .string(let text) = self { text } else { nil } }

    /// The number, if it is a whole one, however it is written.
    package var int: Int? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int(exactly: value)
        default: nil
        }
    }

    /// The truth value, if it is one.
    package var flag: Bool? { if case .bool(let flag) = self { flag } else { nil } }

    /// The texts of a list.
    package var texts: [String] { if case .table(let table) = self { table.array.compactMap(\.text) } else { [] } }

    /// Kind and value in words, for messages.
    package var described: String {
        switch self {
        case .null: "nil"
        case .bool(let value): String(value)
        case .integer(let value): "the number \(value)"
        case .number(let value): "the number \(Graph.number(value))"
        case .string(let text): "the text '\(text.prefix(60))\(text.count > 60 ? "…" : "")'"
        case .table(let table):
            table.array.isEmpty ? (table.fields.isEmpty ? "an empty table" : "a table with names") : "a list"
        case .object(is NodeObject): "a field"
        case .object(let object as any SpreadObject): object.described
        case .object: "a group"
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
