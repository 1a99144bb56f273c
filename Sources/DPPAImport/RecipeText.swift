import DPPASupport

/// A recipe as an importer writes it.
enum RecipeText {
    /// The text: where it is from and what is to be known of it in comments, what it requires, and its body.
    static func page(
        _ origin: String, remarks: [String], _ names: ModelNames, modules: [String], body: [String]
    ) -> String {
        let folders =
            names.roots.isEmpty
            ? []
            : [
                "-- Run it with " + names.roots.map { "--models \($0)" }.joined(separator: " ")
                    + ": the models lie there."
            ]
        var lines = ["-- Made from \(origin) by `dppa-run import`."] + folders + remarks.flatMap(comment)
        lines.append("local dppa = require \"dppa.v1\"")
        lines += modules.map { "local \($0) = require \"dppa.\($0)\"" } + [""] + body
        return lines.joined(separator: "\n") + "\n"
    }

    /// A remark as lines of comments.
    static func comment(_ text: String) -> [String] {
        var lines = ["--"]
        for word in text.split(separator: " ") {
            if lines[lines.count - 1].count + word.count > 110 { lines.append("--  ") }
            lines[lines.count - 1] += " " + word
        }
        return lines
    }

    /// The last part of a file's path.
    static func name(_ file: String) -> String { String(file.split(separator: "/").last ?? "").shown }
}
