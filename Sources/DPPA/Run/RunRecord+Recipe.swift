import DPPACheckpoint
import DPPASupport

/// The recipe of a run as files beside the model, so that `dppa-run run MODEL_DIRECTORY` can run it again.
extension RunRecord {
    /// recipe.lua and the recipe's own modules in lib/: names with their texts.
    var recipeFiles: [(name: String, text: String)] {
        [("recipe.lua", recipe.text)] + recipe.modules.map { ("lib/\($0.name).lua", $0.text) }
    }

    /// The command that runs the recipe with the same options, with models under their names.
    func command(out: String) -> String {
        let settings = options.filter { $0.given != nil }.map { option -> String in
            "--set " + Self.quoted("\(option.name)=\(shown(option.value, separator: ","))")
        }
        let type = dtype.map { ["--dtype \($0.rawValue.lowercased())"] } ?? []
        return (["dppa-run run \(Self.quoted(recipe.name))"] + settings + type + ["--out \(out)"]).joined(
            separator: " ")
    }

    /// An option's value in words: models under their names, and nothing of local folders.
    public func shown(_ value: Option.Value, separator: String = ", ") -> String {
        value.shown(separator: separator, shown)
    }

    /// A text that may be the path of a model or of a file.
    func shown(_ text: String) -> String {
        guard let model = models.first(where: { $0.written.contains(text) }) else {
            let parts = AdaptedPath.parts(text)
            // A base with something on it: one of them is open under its own name.
            if parts.count > 1, models.contains(where: { !$0.written.filter(parts.contains).isEmpty }) {
                return parts.map(shownPart).joined(separator: "+")
            }
            return Option.Value.lastComponent(text)
        }
        // The label names random streams: it stays, whatever the model is called now.
        return Option.Value.lastComponent(model.name) == model.label ? model.name : "\(model.label)=\(model.name)"
    }

    /// A part of `label=base+adapter`, under the name of its repository where one is known.
    private func shownPart(_ part: String) -> String {
        var (label, path) = ("", part)
        if let equals = part.firstIndex(of: "="), !part[..<equals].contains("/") {
            (label, path) = (String(part[...equals]), String(part[part.index(after: equals)...]))
        }
        let repository = models.first { $0.written.contains(part) }?.origin.repository
        return label + (repository ?? Option.Value.lastComponent(path))
    }

    /// A word of a shell command.
    private static func quoted(_ text: String) -> String {
        let isPlain =
            !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./=,:+@%".contains($0)) }
        return isPlain ? text : "'" + text.replacing("'", with: "'\\''") + "'"
    }
}
