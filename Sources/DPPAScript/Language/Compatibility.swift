/// The option `compat`, which every method that mergekit has takes: whose numbers it computes.
///
/// A method that says what changes, `compat = "…"`, has the option. Defaults that are other ones then stand beside the method's own,
/// as `mergekit = …` of an option, or in `{ of = method, mergekit = { name = … } }`.
enum Compatibility {
    static let name = "compat"

    /// What the option may be; the first is its default.
    static let choices = ["none", "mergekit", "mergekit_bf16"]

    static var option: OptionDeclaration {
        get throws {
            try OptionDeclaration(
                [
                    "name": .string(name), "default": .string(choices[0]),
                    "choices": .table(ScriptTable(array: choices.map { .string($0) })),
                    "help": .string(
                        "whose numbers: mergekit's, with its defaults, in float32 or rounded to bfloat16 at every step"),
                ], owner: "option")
        }
    }

    /// Whether a value of the option asks for mergekit's numbers.
    static func isMergekit(_ value: ScriptValue?) -> Bool {
        guard case .string(let text)? = value else { return false }
        return choices.dropFirst().contains(text)
    }
}

extension MethodDeclaration {
    /// The method as a call with these options takes it: with `compat`, mergekit's defaults, and sums of weights that it checks.
    func taking(_ options: ScriptValue) -> MethodDeclaration {
        guard !compat.isEmpty, case .table(let table) = options,
            Compatibility.isMergekit(table[Compatibility.name])
        else { return self }
        var method = self
        for index in method.options.indices {
            method.options[index].fallback = method.options[index].mergekit ?? method.options[index].fallback
            method.options[index].divides = nil
        }
        return method
    }
}
