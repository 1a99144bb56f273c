/// The language as a page to read, made from the catalog and the modules that ship.
package enum Reference {
    /// The text of `docs/reference.md`.
    package static var text: String {
        var lines = [
            "# The recipe language", "",
            "Made from the program's own table of names (`make reference`); `dppa-run help NAME` shows the same.",
            "`docs/overview.md` explains fields, scopes, spaces and selections.", "",
            "```lua", "local dppa = require \"dppa.v1\"", "```", "", "## Functions", "",
        ]
        for function in Stub.sorted(Catalog.functions) { lines += section(function, isMethod: false) }
        lines += ["## Methods of fields", ""]
        for function in Stub.sorted(Catalog.methods) { lines += section(function, isMethod: true) }
        lines += ["## Operators", "", "| operator | meaning |", "|---|---|"]
        for (symbol, name) in operators {
            lines.append("| `\(symbol)` | \(Catalog.operators[name]?.summary ?? "") |")
        }
        lines += [
            "", "## Modules", "", "Written in the language itself, with public names only; `require \"dppa.NAME\"`.",
            "",
        ]
        for name in modules { lines += ["### dppa.\(name)", ""] + header(name) + [""] }
        return lines.joined(separator: "\n")
    }

    /// What `help` prints for a name; nil if the language has none of it.
    package static func help(_ name: String) -> String? {
        let plain =
            name.hasPrefix("dppa.") ? String(name.dropFirst(5)) : name.hasPrefix(":") ? String(name.dropFirst()) : name
        let functions = Catalog.functions.filter { $0.name == plain }.map { page($0, isMethod: false) }
        let methods = Catalog.methods.filter { $0.name == plain }.map { page($0, isMethod: true) }
        let module =
            modules.contains(plain)
            ? [(["require \"dppa.\(plain)\"", ""] + header(plain)).joined(separator: "\n")] : []
        let pages = functions + methods + module
        return pages.isEmpty ? nil : pages.joined(separator: "\n\n")
    }

    /// Every name that `help` knows.
    package static var names: [String] {
        Set((Catalog.functions + Catalog.methods).map(\.name) + modules).sorted()
    }

    /// The modules that a recipe may require.
    package static var modules: [String] {
        LibraryTexts.all.keys.filter { $0 != "prelude" && $0 != "sandbox" && $0 != "template" }.sorted()
    }

    private static let operators = [
        ("a + b", "__add"), ("a - b", "__sub"), ("a * b", "__mul"), ("a / b", "__div"), ("a ^ b", "__pow"),
        ("-a", "__unm"),
        ("a & b", "__band"), ("a | b", "__bor"), ("~a", "__bnot"),
    ]

    private static func header(_ name: String) -> [String] { leadingComment(LibraryTexts.all[name] ?? "") }

    /// The lines of the comment that a Lua text begins with.
    static func leadingComment(_ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).prefix { $0.hasPrefix("--") }.map {
            $0.hasPrefix("-- ") ? String($0.dropFirst(3)) : String($0.dropFirst(2))
        }
    }

    static func signature(_ function: Function, isMethod: Bool) -> String {
        let shown = isMethod ? Array(function.parameters.dropFirst()) : function.parameters
        let list = shown.map { $0.isOptional ? "[\($0.name)]" : $0.name }.joined(separator: ", ")
        return isMethod
            ? "\(function.parameters.first?.name ?? "x"):\(function.name)(\(list))" : "dppa.\(function.name)(\(list))"
    }

    private static func page(_ function: Function, isMethod: Bool) -> String {
        var lines = [signature(function, isMethod: isMethod), "", function.summary, ""]
        lines += function.options.map { "option    \($0)" }
        lines.append("gives     \(function.returns)")
        for error in function.errors { lines.append("error if  \(error)") }
        if !function.example.isEmpty { lines += ["example   \(function.example)"] }
        return lines.joined(separator: "\n")
    }

    private static func section(_ function: Function, isMethod: Bool) -> [String] {
        var lines = ["### `\(signature(function, isMethod: isMethod))`", "", function.summary, ""]
        if !function.options.isEmpty { lines += function.options.map { "- \($0)" } + [""] }
        lines.append("Gives \(function.returns).")
        if !function.errors.isEmpty {
            lines += ["", "An error if " + function.errors.joined(separator: "; or if ") + "."]
        }
        if !function.example.isEmpty { lines += ["", "```lua", function.example, "```"] }
        return lines + [""]
    }
}

extension Function {
    /// One line for each option of its tables of options.
    fileprivate var options: [String] {
        parameters.flatMap { parameter -> [String] in
            guard case .options(let options) = parameter.kind else { return [] }
            return options.map { "`\($0.name)`: \($0.kind.words)\($0.isOptional ? "" : ", required"); \($0.help)" }
        }
    }
}
