import DPPASupport

/// The models of all merges of a file as a recipe names them: paths, labels and variables.
struct ModelNames {
    /// The variables in use.
    var used: Set<String> = []
    /// The variables of merges that are models of later ones, by name.
    var merges: [String: String] = [:]
    /// Folders that a run needs with `--models`.
    private(set) var roots: [String] = []
    private var labels: [String: MergekitModel] = [:]
    private var opened: [MergekitModel: String] = [:]
    private(set) var lines: [String] = []

    /// The path of a model as a recipe may write it, with a label where another model has its own.
    ///
    /// A recipe reads what lies beside it or under `--models`, so what leads out of that is named by its last part.
    mutating func path(_ model: MergekitModel) -> String {
        let parts = model.reference.split(separator: "+").map { part -> String in
            let text = String(part)
            var plain = text.hasPrefix("./") ? String(text.dropFirst(2)) : text
            while plain.count > 1, plain.hasSuffix("/") { plain.removeLast() }
            let words = plain.split(separator: "/")
            guard plain.hasPrefix("/") || plain.hasPrefix("~") || words.contains(".."), let last = words.last,
                last != ".."
            else {
                return plain
            }
            let folder = plain.dropLast(last.count + 1)
            let root = folder.isEmpty ? "/" : String(folder)
            if !roots.contains(root) { roots.append(root) }
            return String(last)
        }
        let path = parts.joined(separator: "+")
        var label = model.label
        if let other = labels[label], other != model {
            var number = 2
            while let other = labels["\(label)-\(number)"], other != model { number += 1 }
            label = "\(label)-\(number)"
        }
        labels[label] = model
        // What would be read as a label is given one.
        return label == model.label && !path.contains("=") ? path : "\(Self.plain(label))=\(path)"
    }

    /// What tells a model in a recipe from the others of its family: its label where it is given one, or has an adapter on it, and
    /// otherwise its path.
    mutating func reference(_ model: MergekitModel) -> String {
        let path = path(model)
        if let mark = path.firstIndex(of: "=") { return String(path[..<mark]) }
        return path.contains("+") ? model.label : path
    }

    private static func plain(_ label: String) -> String {
        String(label.map { $0.isLetter || $0.isNumber || "-_. ".contains($0) ? $0 : "-" })
    }

    /// A variable that holds a model, opened where it is first asked for.
    mutating func variable(_ model: MergekitModel) -> String {
        if let merged = merges[model.reference] { return merged }
        if let known = opened[model] { return known }
        let name = LuaText.variable(model.label, &used)
        lines.append("local \(name) = dppa.model \(LuaText.quoted(path(model)))")
        opened[model] = name
        return name
    }

    /// The lines that open models since they were last asked for.
    mutating func takeLines() -> [String] {
        defer { lines = [] }
        return lines
    }
}
