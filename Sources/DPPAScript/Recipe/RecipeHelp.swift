import DPPA

/// What a recipe says of itself: its first comment, and the options that it declares.
package struct RecipeHelp {
    private let trace: RecipeTrace

    package init(_ trace: RecipeTrace) { self.trace = trace }

    package var lines: [String] {
        var lines = Reference.leadingComment(trace.text)
        let options = trace.session.options.taken
        lines += ["", options.isEmpty ? "It has no options." : "options, to be set with --set name=value:"]
        let width = options.map(\.name.count).max() ?? 0
        let headings = options.map(\.declaration.heading).reduce(into: [""]) { if !$0.contains($1) { $0.append($1) } }
        for heading in headings {
            if !heading.isEmpty { lines += ["", heading + ":"] }
            for option in options where option.declaration.heading == heading {
                let name = option.name + String(repeating: " ", count: width - option.name.count)
                lines.append("  \(name)  \(option.declaration.asOption)")
            }
        }
        if let stop = trace.stop {
            lines.append("line \(stop.line) depends on measured values; what is declared behind it is not listed")
        }
        if let failure = trace.failure {
            lines.append("what is declared behind this is not listed: \(failure.message)")
        }
        return lines
    }
}
