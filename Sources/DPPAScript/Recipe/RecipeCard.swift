import DPPA

/// The recipe that the card of a written model tells: the blocks of code under the headline Recipe, with options and type from the
/// front matter.
enum RecipeCard {
    /// Whether a file is a card by its name.
    static func isCard(_ path: String) -> Bool { path.hasSuffix(".md") }

    /// The card's recipe, as a lock that tells of nothing else.
    ///
    /// Throws `missingInput` when the card has none, `data` when its front matter has what is no option or no type, and what reading
    /// throws.
    static func lock(reading path: String) throws -> RecipeLock {
        let text = String(decoding: try FileDescriptor.contents(path, limit: 8 << 20), as: UTF8.self)
        let blocks = blocks(text)
        guard let recipe = blocks.first else {
            throw DPPAError(
                .missingInput, "\(path) has no recipe",
                notes: ["the card of a model that dppa-run has written has one, under `## Recipe`"])
        }
        var lock = RecipeLock(program: version, name: recipe.name, text: recipe.text, shardSize: 0)
        for block in blocks.dropFirst() where block.name.hasPrefix("lib/") && block.name.hasSuffix(".lua") {
            lock.modules[String(block.name.dropFirst(4).dropLast(4))] = block.text
        }
        let front = FrontMatter(text)
        for setting in front["dppa_options"] {
            guard let equals = setting.firstIndex(of: "=") else {
                throw DPPAError(.data, "\(path): dppa_options has \(setting.shown); expected name=value")
            }
            lock.options.append(
                (String(setting[..<equals]), .string(String(setting[setting.index(after: equals)...]))))
        }
        if let word = front["dppa_dtype"].first {
            guard let dtype = DType(rawValue: word) else {
                throw DPPAError(
                    .data, "\(path): dppa_dtype is \(word.shown), which is no type; F32, F16 and BF16 are some")
            }
            lock.dtype = dtype
        }
        return lock
    }

    /// The blocks of code of the section, each with the name that stands before it as code.
    private static func blocks(_ text: String) -> [(name: String, text: String)] {
        var (blocks, name, isInside): ([(name: String, text: String)], String?, Bool) = ([], nil, false)
        var open: (fence: Int, lines: [Substring])?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let fence = line.prefix { $0 == "`" }.count
            if let (length, lines) = open {
                guard fence >= length, fence == line.count else {
                    open?.lines.append(line)
                    continue
                }
                open = nil
                if isInside, let name { blocks.append((name, lines.joined(separator: "\n"))) }
                name = nil
            } else if fence >= 3 {
                open = (fence, [])
            } else if line.hasPrefix("## ") {
                (isInside, name) = (line == "## Recipe", nil)
            } else if line.hasPrefix("`"), line.hasSuffix("`:"), line.count > 3 {
                name = String(line.dropFirst().dropLast(2))
            }
        }
        return blocks
    }
}
