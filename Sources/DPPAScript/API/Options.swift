import DPPA
import Foundation

/// Options and a researcher's own tables.
extension Catalog {
    static let data: [Function] = [
        Function(
            name: "option",
            summary:
                "Declares an option that `--set name=value` sets, and gives its value; the default fixes its kind (number, "
                + "text, boolean, list), or `kind` does.",
            parameters: [
                Parameter(
                    "declaration",
                    .options([
                        .option("name", .name, isRequired: true, "what --set calls it"),
                        .option("default", .any, "the value when nothing is set"),
                        .option("min", .anyNumber, "the smallest number that may be set"),
                        .option("max", .anyNumber, "the largest"),
                        .option("help", .text, "what `dppa-run help` says of it"),
                        .option(
                            "heading", .text, "the line under which `dppa-run help` lists it, behind those without one"),
                        .option("choices", .list(.text), "the texts that may be set"),
                        .option("kind", .choice(["number", "count", "boolean", "text", "path", "list"]), "what it is"),
                        .option("of", .choice(["number", "count", "boolean", "text", "path"]), "what a list is of"),
                        .option("per", .choice(["expert"]), "a number for all experts, or a list with one for each"),
                        .option("nonempty", .flag, "whether an empty list is refused"),
                    ]))
            ], returns: "the value", type: "any",
            errors: ["what was given has another type or lies outside min and max"],
            example:
                "local rate = dppa.option{ name = \"rate\", default = 0.9, min = 0, max = 1, help = \"share to drop\" }"
        ) { call in
            do {
                return [try call.session().options.value(OptionDeclaration(call.options(0), owner: "option"))]
            } catch var error as DPPAError {
                error.location = error.location ?? call.location
                throw error
            }
        },
        Function(
            name: "json", summary: "Reads a JSON file beside the recipe as a table.",
            parameters: [Parameter("path", .path)],
            returns: "what the file holds", type: "any", example: "local importance = dppa.json \"importance.json\""
        ) { call in
            let path = call.text(0)
            let session = try call.session()
            let limit = 16 << 20
            let data: Data
            if let bundled = session.bundledTables[path] {
                data = Data(bundled.utf8)
            } else {
                let place = try session.paths.resolve(path, for: .file)
                guard let handle = FileHandle(forReadingAtPath: place.path),
                    let read = try? handle.read(upToCount: limit + 1)
                else { throw DPPAError(.missingInput, "cannot read \(place.path)", location: call.location) }
                data = read
            }
            guard data.count <= limit else {
                throw DPPAError(.limit, "json: \(path) is larger than 16 MiB", location: call.location)
            }
            // As Lua values, with those of the engine beside them, each byte of a list of digits becomes a hundred.
            guard data.count(where: { $0 == UInt8(ascii: ",") }) < 1_000_000 else {
                throw DPPAError(.limit, "json: \(path) has more than a million values", location: call.location)
            }
            do {
                return [script(try JSONValue(data, file: path, kind: .page))]
            } catch let damage as DPPAError {
                throw DPPAError(.data, "json: \(path) is not JSON", location: call.location, cause: damage.message)
            }
        },
    ]

    private static func script(_ value: JSONValue) -> ScriptValue {
        switch value {
        case .null: .null
        case .bool(let flag): .bool(flag)
        case .string(let text): .string(text)
        case .array(let values): .table(ScriptTable(array: values.map(script)))
        case .object(let object):
            .table(
                ScriptTable(
                    fields: Dictionary(
                        object.members.map { ($0.name, script($0.value)) }, uniquingKeysWith: { first, _ in first })))
        case .integer, .double:
            // Beyond, not every whole number is a float64.
            if let integer = value.int, integer.magnitude < 9_000_000_000_000_000 {
                .integer(integer)
            } else {
                .number(value.double ?? 0)
            }
        }
    }
}
