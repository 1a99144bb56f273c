import DPPA

/// Files that a recipe names in its text behind the place where a dry trace ended.
enum LiteralPaths {
    /// One warning for each that is not there: the line may be in a branch that no run takes.
    static func warnings(_ text: String, behind stop: DPPAError.Location, _ paths: PathRules) -> [String] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.enumerated().dropFirst(stop.line).flatMap { number, line in
            names(LuaToken.tokens([Array(line)])).compactMap { name in
                guard let problem = problem(name.path, of: name.function, paths) else { return nil }
                return "\(stop.file):\(number + 1): warning: \(problem.message)"
                    + problem.notes.filter { !$0.isEmpty }.map { "\nnote: \($0)" }.joined()
            }
        }
    }

    /// The files and modules that a text names.
    static func names(in text: String) -> [(function: String, path: String)] {
        text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { names(LuaToken.tokens([Array($0)])) }
    }

    /// Texts that are the first argument of a function that opens files.
    private static func names(_ tokens: [LuaToken]) -> [(function: String, path: String)] {
        tokens.indices.compactMap { index in
            let function = tokens[index].text
            guard ["model", "json", "tensors", "require"].contains(function) else { return nil }
            let next = tokens[(index + 1)...].first { $0.text != "(" }
            guard let next, next.isText, next.length > 2, !next.text.contains("\\"),
                // A path may be put together.
                tokens.first(where: { $0.column > next.column })?.text != ".."
            else { return nil }
            return (function, String(next.text.dropFirst().dropLast()))
        }
    }

    private static func problem(_ name: String, of function: String, _ paths: PathRules) -> DPPAError? {
        do {
            guard function == "require" else {
                _ = try paths.resolve(name, for: function == "model" ? .model : .file)
                return nil
            }
            if name.hasPrefix("dppa.") {
                let known = Reference.modules.map { "dppa." + $0 } + ["dppa.v1"]
                return known.contains(name)
                    ? nil
                    : DPPAError(
                        .data, "there is no module '\(name)'", notes: [Suggestions.sentence(for: name, among: known)])
            }
            _ = try paths.resolve("lib/\(name).lua", for: .file)
            return nil
        } catch { return error as? DPPAError }
    }
}
