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
    /// What paths of recipes stand for, by what the file says.
    private var places: [String: String] = [:]
    private var opened: [MergekitModel: String] = [:]
    private(set) var lines: [String] = []

    /// Keeps the paths that a recipe has as the file says them, so that none that leads out of its folder is called alike.
    mutating func reserve(_ models: [MergekitModel]) {
        for part in models.flatMap({ $0.reference.split(separator: "+").map(String.init) }) {
            let plain = Self.plainPath(part)
            if Self.outer(plain) == nil { places[plain] = plain }
        }
    }

    /// A path without what changes nothing.
    private static func plainPath(_ text: String) -> String {
        var plain = text.hasPrefix("./") ? String(text.dropFirst(2)) : text
        while plain.count > 1, plain.hasSuffix("/") { plain.removeLast() }
        return plain
    }

    /// The parts of a path that leads out of the folder; nil for one that does not.
    private static func outer(_ plain: String) -> [Substring]? {
        let words = plain.split(separator: "/")
        let leadsOut = plain.hasPrefix("/") || plain.hasPrefix("~") || words.contains("..")
        guard leadsOut, let last = words.last, last != ".." else { return nil }
        return words
    }

    /// The path of a model as a recipe may write it, with a label where another model has its own.
    ///
    /// A recipe reads what lies beside it or under `--models`, so what leads out of that is named by its last part, or by as many
    /// as no other model of the file has.
    mutating func path(_ model: MergekitModel) -> String {
        let parts = model.reference.split(separator: "+").map { part -> String in
            let plain = Self.plainPath(String(part))
            guard let words = Self.outer(plain) else { return plain }
            let most = words.lastIndex { $0 == ".." || $0 == "~" }.map { words.count - 1 - $0 } ?? words.count
            let name = (1...max(1, most)).lazy.map { words.suffix($0).joined(separator: "/") }.first { name in
                places[name] == nil || places[name] == plain
            }
            guard let name else { return plain }
            places[name] = plain
            let folder = plain.dropLast(name.count + 1)
            let root = folder.isEmpty ? "/" : String(folder)
            if !roots.contains(root) { roots.append(root) }
            return name
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
