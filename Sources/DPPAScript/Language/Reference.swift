/// The language as a page to read, made from the catalog and from what the modules that ship declare.
package enum Reference {
    /// The text of `docs/reference.md`.
    package static var text: String {
        get throws {
            let methods = try LibraryMethods.all()
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
            lines += Catalog.signs.map { "| `\($0.form)` | \($0.function.summary) |" }
            lines += [
                "", "## Modules", "",
                "Written in the language itself, with public names only; `require \"dppa.NAME\"`. The merge methods are modules as well:",
                "`docs/methods.md`.",
                "",
            ]
            let merges = Set(try MethodPages.all.map(\.name))
            for name in modules where !merges.contains(name) {
                lines += ["### dppa.\(name)", ""]
                for method in methods[name] ?? [] {
                    lines += ["#### `\(method.signature)`", ""] + body(of: method)
                }
                lines += ["```"] + header(name) + ["```", ""]
            }
            for topic in Topics.all.dropFirst() {
                lines += ["## \(topic.names[0].prefix(1).uppercased())\(topic.names[0].dropFirst())", "", "```"]
                lines += topic.lines + ["```", ""]
            }
            return lines.dropLast().joined(separator: "\n") + "\n"
        }
    }

    /// What `help` prints for a name; nil if the language has none of it.
    ///
    /// What a method costs is told where `recipes` is the folder of those that ship.
    package static func help(_ name: String, recipes: String? = nil) throws -> String? {
        var plain = name.hasPrefix(":") ? String(name.dropFirst()) : name
        if plain.hasPrefix("dppa.") { plain = String(plain.dropFirst(5)) }
        let functions = Catalog.functions.filter { $0.name == plain }.map { page($0, isMethod: false) }
        let methods = Catalog.methods.filter { $0.name == plain }.map { page($0, isMethod: true) }
        var pages = functions + methods
        if !names.contains(plain), let other = try LibraryMethods.module(alias: plain) { plain = other }
        let module = plain.split(separator: ".").first.map(String.init) ?? plain
        if modules.contains(module) {
            let declared = try LibraryMethods.all()[module] ?? []
            let wanted = declared.filter { plain == module || $0.name == plain }
            if !wanted.isEmpty {
                let merges = Set(try MethodPages.all.map(\.name))
                for method in wanted {
                    let folder = merges.contains(method.name) ? recipes : nil
                    // Without the models that the recipes are planned on, help says the rest.
                    pages.append(
                        page(method, module, costs: folder.flatMap { try? MethodCost(of: module, recipes: $0) }))
                }
                if plain == module { pages.append(header(module).joined(separator: "\n")) }
            }
        }
        if pages.isEmpty, let topic = Topics.page(name) { pages = [topic] }
        return pages.isEmpty ? nil : pages.joined(separator: "\n\n")
    }

    /// Every name that `help` knows.
    package static var names: [String] {
        Set((Catalog.functions + Catalog.methods).map(\.name) + modules).sorted()
    }

    /// What `help` explains besides names.
    package static var topics: [String] { Topics.all.map { $0.names[0] } }

    /// The modules that a recipe may require.
    package static var modules: [String] {
        LibraryTexts.all.keys.filter { !LibraryTexts.hidden.contains($0) }.sorted()
    }

    static func header(_ name: String) -> [String] { leadingComment(LibraryTexts.all[name] ?? "") }

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

    /// A declared method as `help` prints it.
    private static func page(_ method: MethodDeclaration, _ module: String, costs: MethodCost?) -> String {
        var lines = [method.signature + "        require \"dppa.\(module)\"", "", method.summary, ""]
        lines += method.arguments.map { ($0.name, $0.asArgument) }.aligned("  ")
        if !method.options.isEmpty {
            lines += ["", "options"] + method.options.map { ($0.name, $0.asOption) }.aligned("  ")
        }
        lines += ["", "gives     \(method.returns)", "example   \(method.example)"]
        if !method.aliases.isEmpty { lines.append("elsewhere \(method.aliases.joined(separator: ", "))") }
        if let costs { lines.append("costs     \(costs.words)") }
        if method.options.contains(where: { $0.spread != nil }) {
            lines.append("per expert, per tensor: dppa-run help per-expert")
        }
        if !method.comparisons.isEmpty { lines += [""] + wrapped("in comparisons: " + method.comparisons) }
        if !method.compat.isEmpty { lines += [""] + wrapped("compat = \"mergekit\": " + method.compat) }
        return lines.joined(separator: "\n")
    }

    /// Text in lines of at most 110 characters.
    private static func wrapped(_ text: String) -> [String] {
        text.split(separator: " ").reduce(into: [String]()) { lines, word in
            if let last = lines.last, last.count + word.count < 110 {
                lines[lines.count - 1] += " " + word
            } else {
                lines.append(String(word))
            }
        }
    }

    /// A declared method on a page, below its heading.
    static func body(of method: MethodDeclaration) -> [String] {
        var lines = [method.summary, ""]
        for argument in method.arguments { lines.append("- `\(argument.name)`: \(argument.asArgument)") }
        if !method.arguments.isEmpty { lines.append("") }
        if !method.options.isEmpty {
            lines += ["| option | what it is | values |", "|---|---|---|"]
            lines += method.options.map { "| `\($0.name)` | \($0.help) | \($0.values) |" }
            lines.append("")
        }
        let aliases = method.aliases.map { "`\($0)`" }.joined(separator: ", ")
        lines.append("Gives \(method.returns)." + (aliases.isEmpty ? "" : " Elsewhere it is called \(aliases)."))
        return lines + ["", "```lua", method.example, "```", ""]
    }
}

extension OptionDeclaration {
    /// An argument in one line.
    var asArgument: String { kind == .any && spread == nil ? help : expectation + (help.isEmpty ? "" : ": " + help) }

    /// An option in one line.
    var asOption: String { help + (help.isEmpty ? values : values.isEmpty ? "" : " (\(values))") }

    /// What an option may be, in the words of the help pages.
    var values: String {
        let word: String =
            switch kind {
            case .count: "whole number"
            case .boolean: "true or false"
            case .list: "list of \(OptionDeclaration.plural(element))"
            case .function: "function"
            case .delta: "delta"
            default: ""
            }
        return [word, facts].filter { !$0.isEmpty }.joined(separator: "; ")
    }
}

extension [(String, String)] {
    /// Two columns.
    func aligned(_ margin: String) -> [String] {
        let width = map(\.0.count).max() ?? 0
        return map { margin + $0.0 + String(repeating: " ", count: width - $0.0.count) + "  " + $0.1 }
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
