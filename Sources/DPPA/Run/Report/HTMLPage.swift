/// A page that needs nothing but itself: text, styles and pictures in one file, for light and dark screens of any width.
struct HTMLPage {
    private var body: [String] = []
    private let title: String

    init(title: String) { self.title = title }

    /// Text as it may stand in a page.
    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
        return result
    }

    mutating func heading(_ text: String) { body.append("<h2>\(Self.escaped(text))</h2>") }
    mutating func paragraph(_ text: String) { body.append("<p>\(Self.escaped(text))</p>") }
    mutating func code(_ text: String) { body.append("<pre><code>\(Self.escaped(text))</code></pre>") }
    /// A picture with a caption; wide ones scroll by themselves.
    mutating func figure(_ picture: String, caption: String) {
        body.append(
            "<figure><div class=\"wide\">\(picture)</div><figcaption>\(Self.escaped(caption))</figcaption></figure>")
    }

    mutating func table(_ columns: [String], _ rows: [[String]]) {
        func row(_ cells: [String], _ tag: String) -> String {
            "<tr>" + cells.map { "<\(tag)>\(Self.escaped($0))</\(tag)>" }.joined() + "</tr>"
        }
        body.append(
            "<div class=\"wide\"><table><thead>\(row(columns, "th"))</thead><tbody>"
                + rows.map { row($0, "td") }.joined() + "</tbody></table></div>")
    }

    /// The whole page.
    var text: String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(Self.escaped(title))</title>
        <style>
        \(Self.styles)
        </style>
        </head>
        <body>
        <h1>\(Self.escaped(title))</h1>
        \(body.joined(separator: "\n"))
        </body>
        </html>

        """
    }

    private static let styles = """
        :root { color-scheme: light dark; --ink: #1d2530; --faint: #687587; --line: #d8dee6; --paper: #ffffff;
          --panel: #f5f7fa; --low: #eaf1fb; --high: #0b4f9c; --mark: #c2410c; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e3e8ef; --faint: #96a3b5; --line: #303a48; --paper: #12171e;
          --panel: #1a212b; --low: #1c2a3d; --high: #7db8ff; --mark: #fb923c; } }
        * { box-sizing: border-box; }
        body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 auto;
          padding: 1rem; max-width: 60rem; }
        h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
        .wide { overflow-x: auto; } figure { margin: 1rem 0; } figcaption { color: var(--faint); font-size: .875rem; }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .875rem; }
        th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
        th { color: var(--faint); font-weight: 600; }
        pre { background: var(--panel); padding: .75rem; border-radius: .375rem; overflow-x: auto; font-size: .8125rem; }
        svg { display: block; } svg text { font: 12px system-ui, sans-serif; fill: var(--ink); }
        svg .faint { fill: var(--faint); } svg .axis { stroke: var(--line); } svg .bar { fill: var(--high); }
        svg .curve { stroke: var(--high); fill: none; stroke-width: 2; } svg .best { fill: var(--mark); }
        svg .point { fill: var(--high); } svg .error { stroke: var(--faint); }
        """
}
