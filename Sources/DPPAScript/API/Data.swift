import DPPA
import Foundation

/// Options and a researcher's own tables.
extension Catalog {
    static let data: [Function] = [
        Function(
            name: "option",
            summary:
                "Declares an option that `--set name=value` sets, and gives its value; the default fixes its type: "
                + "number, string, boolean or list.",
            parameters: [.table("declaration")], returns: "the value", type: "any",
            errors: ["what was given has another type or lies outside min and max"],
            example:
                "local rate = dppa.option{ name = \"rate\", default = 0.9, min = 0, max = 1, help = \"share to drop\" }"
        ) { call in
            let allowed = ["name", "default", "min", "max", "help", "choices"]
            let fields = try call.options(0, allowed: allowed)
            guard case .string(let name)? = fields["name"], !name.isEmpty else {
                throw DPPAError(.data, "option: the declaration has no 'name'", location: call.location)
            }
            func bound(_ key: String) throws -> Double? {
                guard let value = fields[key] else { return nil }
                if let number = value.double { return number }
                throw DPPAError(
                    .data, "option '\(name)': '\(key)' must be a number; it is \(value.described)",
                    location: call.location)
            }
            var choices: [String] = []
            if case .table(let table)? = fields["choices"] {
                choices = table.array.compactMap { if case .string(let text) = $0 { text } else { nil } }
            }
            let help = if case .string(let text)? = fields["help"] { text } else { "" }
            let declaration = RecipeOptions.Declaration(
                name: name, fallback: fields["default"] ?? .null, minimum: try bound("min"), maximum: try bound("max"),
                choices: choices, help: help)
            return [try call.session().options.value(declaration)]
        },
        Function(
            name: "json", summary: "Reads a JSON file beside the recipe as a table.", parameters: [.text("path")],
            returns: "what the file holds", type: "any", example: "local importance = dppa.json \"importance.json\""
        ) { call in
            guard case .string(let path) = call.argument(0) else { throw call.mismatch(0, "a path") }
            let place = try call.session().paths.resolve(path, for: .file)
            let limit = 16 << 20
            guard let handle = FileHandle(forReadingAtPath: place.path),
                let data = try? handle.read(upToCount: limit + 1)
            else { throw DPPAError(.missingInput, "cannot read \(place.path)", location: call.location) }
            guard data.count <= limit else {
                throw DPPAError(.limit, "json: \(path) is larger than 16 MiB", location: call.location)
            }
            // As Lua values, with those of the engine beside them, each byte of a list of digits becomes a hundred.
            guard data.count(where: { $0 == UInt8(ascii: ",") }) < 1_000_000 else {
                throw DPPAError(.limit, "json: \(path) has more than a million values", location: call.location)
            }
            do {
                return [script(try JSONSerialization.jsonObject(with: data, options: [.fragmentsAllowed]))]
            } catch {
                throw DPPAError(
                    .data, "json: \(path) is not JSON", location: call.location, cause: error.localizedDescription)
            }
        },
    ]

    private static func script(_ value: Any) -> ScriptValue {
        switch value {
        case let number as NSNumber:
            if isTruthValue(number) { return .bool(number.boolValue) }
            if let integer = Int(exactly: number.doubleValue), number.doubleValue.magnitude < 9e15 {
                return .integer(integer)
            }
            return .number(number.doubleValue)
        case let text as String: return .string(text)
        case let list as [Any]: return .table(ScriptTable(array: list.map(script)))
        case let fields as [String: Any]: return .table(ScriptTable(fields: fields.mapValues(script)))
        default: return .null
        }
    }

    private static func isTruthValue(_ number: NSNumber) -> Bool {
        String(cString: number.objCType) == "c" || String(cString: number.objCType) == "B"
    }
}
