import DPPA

/// Names under which a recipe saves models in its text behind the place where a dry trace ended.
struct LiteralSaves {
    /// A place in the text's `if`s: the number of each, and which of its branches.
    private typealias Branch = [Int: Int]

    private var warnings: [String] = []
    private var saved: [(name: String, line: Int, branch: Branch)] = []
    /// The blocks that are open, with the branch of those that are an `if`.
    private var open: [(block: Int, branch: Int?)] = []
    private var blocks = 0

    /// One warning for each name that a run could not save under; `taken` are those of the models saved so far.
    ///
    /// Two branches of one `if` may use the same name.
    static func warnings(_ text: String, behind stop: DPPAError.Location, taken: [String]) -> [String] {
        var saves = LiteralSaves()
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (number, line) in lines.enumerated() {
            let tokens = LuaToken.tokens([Array(line)])
            for index in tokens.indices {
                saves.follow(tokens[index].text)
                guard number >= stop.line, let name = name(tokens[index...]) else { continue }
                saves.add(name, line: number + 1, file: stop.file, taken)
            }
        }
        return saves.warnings
    }

    private mutating func follow(_ word: String) {
        switch word {
        case "if", "function", "do", "repeat":
            blocks += 1
            open.append((blocks, word == "if" ? 0 : nil))
        case "else", "elseif": if let branch = open.last?.branch { open[open.count - 1].branch = branch + 1 }
        case "end", "until": _ = open.popLast()
        default: break
        }
    }

    /// The name in `:save "NAME"` at the beginning of some tokens, if it is written out.
    private static func name(_ tokens: ArraySlice<LuaToken>) -> String? {
        let tokens = Array(tokens.prefix(5))
        guard tokens.count > 2, tokens[0].text == ":", tokens[1].text == "save" else { return nil }
        let rest = tokens[2...].drop { $0.text == "(" }
        guard let name = rest.first, name.isText, name.length > 2, !name.text.contains("\\"),
            rest.dropFirst().first?.text != ".."
        else { return nil }
        return String(name.text.dropFirst().dropLast())
    }

    private mutating func add(_ name: String, line: Int, file: String, _ taken: [String]) {
        let branch = Branch(uniqueKeysWithValues: open.compactMap { block in block.branch.map { (block.block, $0) } })
        let earlier = saved.first { $0.name == name && !Self.isElsewhere($0.branch, branch) }
        saved.append((name, line, branch))
        let place = "\(file):\(line): warning: "
        if let reason = RecipeSession.reservedName(name) {
            warnings.append(place + reason)
        } else if taken.contains(name) || earlier != nil {
            warnings.append(
                place + "two models are saved under the name '\(name)'"
                    + (earlier.map { ", here and on line \($0.line)" } ?? "") + "; a run that comes here ends\n"
                    + "note: give each :save its own name")
        }
    }

    /// Whether two places are in different branches of one `if`.
    private static func isElsewhere(_ a: Branch, _ b: Branch) -> Bool {
        a.contains { b[$0.key] ?? $0.value != $0.value }
    }
}
