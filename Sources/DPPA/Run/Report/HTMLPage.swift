/// A page that needs nothing but itself: text, styles, pictures and a script that sorts tables in one file, for light
/// and dark screens of any width and for paper.
///
/// It is well-formed XML too.
struct HTMLPage {
    private let title: String
    private var body: [String] = []
    private var contents: [(level: Int, id: String, text: String)] = []
    /// Where the table of contents goes, before which part.
    private var contentsPlace: Int?
    /// How many figures there are.
    private(set) var figureCount = 0

    init(title: String) {
        self.title = title
        body.append("<h1>\(Self.escaped(title))</h1>")
    }

    /// Text as it may stand in a page; characters that no page may hold are shown by a sign.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\n", "\t": result.unicodeScalars.append(scalar)
            case _ where scalar.value < 32 || (0x7F...0x9F).contains(scalar.value) || scalar.value & 0xFFFE == 0xFFFE:
                result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// A part of the page, listed in the contents.
    mutating func heading(_ text: String) {
        let id = "part-\(contents.count + 1)"
        contents.append((1, id, text))
        body.append("<h2 id=\"\(id)\">\(Self.escaped(text))</h2>")
    }

    mutating func subheading(_ text: String) { body.append("<h3>\(Self.escaped(text))</h3>") }
    mutating func paragraph(_ text: String, _ style: String? = nil) {
        body.append("<p\(style.map { " class=\"\($0)\"" } ?? "")>\(Self.escaped(text))</p>")
    }

    mutating func footer(_ text: String) { body.append("<footer>\(Self.escaped(text))</footer>") }
    mutating func code(_ text: String) { body.append("<pre><code>\(Self.escaped(text))</code></pre>") }

    /// Things by name, such as the date and the command.
    mutating func facts(_ facts: [(name: String, value: String)]) {
        let rows = facts.map { "<dt>\(Self.escaped($0.name))</dt><dd>\(Self.escaped($0.value))</dd>" }
        body.append("<dl>\(rows.joined())</dl>")
    }

    /// What the reader must not miss.
    mutating func notice(_ texts: [String]) {
        let items = texts.map { "<li><pre>\(Self.escaped($0))</pre></li>" }
        body.append("<ul class=\"notice\">\(items.joined())</ul>")
    }

    /// A picture with its name and a sentence under it.
    mutating func figure(_ name: String, _ picture: String, caption: String) {
        figureCount += 1
        let id = "figure-\(figureCount)"
        contents.append((2, id, name))
        body.append(
            "<figure id=\"\(id)\"><h3>\(Self.escaped(name))</h3>\(picture)"
                + "<figcaption>\(Self.escaped(caption))</figcaption></figure>")
    }

    /// A table whose columns sort; `folded` behind a line that opens it.
    mutating func table(_ table: HTMLTable, folded summary: String? = nil) {
        guard let summary else { return body.append(table.html) }
        body.append("<details><summary>\(Self.escaped(summary))</summary>\(table.html)</details>")
    }

    /// The place of the table of contents, which a page of more than five figures has.
    mutating func placeContents() { contentsPlace = body.count }

    /// The whole page.
    var text: String {
        var parts = body
        if let contentsPlace, figureCount > 5 { parts.insert(contentsText, at: contentsPlace) }
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
            script-src 'unsafe-inline'"/>
            <title>\(Self.escaped(title))</title>
            <style>
            \(PageStyle.sheet)
            </style>
            </head>
            <body>
            <main>
            \(parts.joined(separator: "\n"))
            </main>
            <script>
            \(PageStyle.sorting)
            </script>
            </body>
            </html>

            """
    }

    private var contentsText: String {
        let items = contents.map { entry in
            "<li class=\"level-\(entry.level)\"><a href=\"#\(entry.id)\">\(Self.escaped(entry.text))</a></li>"
        }
        return "<nav aria-label=\"contents\"><h2>Contents</h2><ul>\(items.joined())</ul></nav>"
    }
}

/// A table of a page: cells that are text, or numbers with what the page shows of them.
struct HTMLTable {
    /// One place of a table.
    enum Cell {
        case text(String)
        case code(String)
        case number(Double?, String)

        /// A number, or a dash where there is none.
        static func value(_ value: Double?, _ unit: ShownUnit) -> Cell {
            .number(value, value.map(unit.text) ?? "–")
        }
    }

    var columns: [String]
    var rows: [[Cell]]
    /// The rows that stand out.
    var marked: Set<Int> = []

    var html: String {
        let isNumber = columns.indices.map { column in
            rows.contains { row in if column < row.count, case .number = row[column] { true } else { false } }
        }
        let head = zip(columns, isNumber).map { name, isNumber in
            "<th scope=\"col\"\(isNumber ? " class=\"n\"" : "")><button>\(HTMLPage.escaped(name))</button></th>"
        }
        let body = rows.enumerated().map { number, row in
            let cells = row.map { cell in
                switch cell {
                case .text(let text): "<td>\(HTMLPage.escaped(text))</td>"
                case .code(let text): "<td><code>\(HTMLPage.escaped(text))</code></td>"
                case .number(let value, let shown):
                    "<td class=\"n\" data-v=\"\(value.map { "\($0)" } ?? "")\">\(HTMLPage.escaped(shown))</td>"
                }
            }
            return "<tr\(marked.contains(number) ? " class=\"marked\"" : "")>\(cells.joined())</tr>"
        }
        return "<div class=\"scroll\"><table><thead><tr>\(head.joined())</tr></thead>"
            + "<tbody>\(body.joined(separator: "\n"))</tbody></table></div>"
    }
}
