/// Numbers by layer and module: a row for each module, a cell for each layer, the darker the larger.
///
/// Cells share the width there is; an axis, a scale and every cell's number stay readable however many there are.
struct HeatMap {
    /// One panel of a figure; all panels have one scale.
    struct Panel {
        /// What it shows, and a word on it.
        var title: String
        var note = ""
        /// The numbers by module and layer.
        var cells: [Place: Double]
    }

    /// A cell's place.
    struct Place: Hashable {
        var module: String
        var layer: Int
    }

    let panels: [Panel]
    let rows: [String]
    let layers: [Int]
    let scale: FigureScale

    /// A figure of several panels; rows keep the order in which modules first come.
    init(_ panels: [Panel], rows: [String], unit: ShownUnit) {
        self.panels = panels
        self.rows = rows
        layers = Set(panels.flatMap { $0.cells.keys.map(\.layer) }).sorted()
        let values = panels.flatMap(\.cells.values)
        let isSigned = values.contains { $0 < 0 }
        scale = FigureScale(values, unit: unit, including: isSigned ? 0 : nil)
    }

    var html: String {
        "<div class=\"panels\(layers.count <= 12 ? " few" : "")\">" + panels.map(html).joined() + "</div>" + legend
    }

    private func html(_ panel: Panel) -> String {
        let values = panel.cells.values.filter(\.isFinite)
        let range = FigureScale(values, unit: scale.unit)
        let mean = values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
        let numbers =
            "\(scale.unit.text(range.low)) to \(scale.unit.text(range.high)), mean \(scale.unit.text(mean))"
        let label = HTMLPage.escaped("\(panel.title): \(numbers)")
        var html = "<div class=\"panel\"><h4>\(HTMLPage.escaped(panel.title)) "
        html += "<span>\(HTMLPage.escaped(panel.note + numbers))</span></h4>"
        html += "<div class=\"heat\(layers.count > 48 ? " many" : "")\" role=\"img\" aria-label=\"\(label)\" "
        html += "style=\"--n:\(layers.count)\">"
        for row in rows {
            let name = HTMLPage.escaped(row)
            html += "<span class=\"row\" title=\"\(name)\">\(name)</span>"
            for layer in layers { html += cell(name, layer, panel.cells[Place(module: row, layer: layer)]) }
        }
        html += "<span class=\"row axis\">layer</span>" + Axis.ticks(layers.map(String.init)) + "</div></div>"
        return html + "\n"
    }

    private func cell(_ row: String, _ layer: Int, _ value: Double?) -> String {
        guard let value, value.isFinite else {
            return "<i class=\"none\" title=\"\(row), layer \(layer): no number\"></i>"
        }
        let number = HTMLPage.escaped(scale.unit.text(value))
        let depth = strength(value)
        let classes = [value < 0 ? "minus" : "", depth > 55 ? "over" : ""].filter { !$0.isEmpty }
        let attribute = classes.isEmpty ? "" : " class=\"\(classes.joined(separator: " "))\""
        // Where there are few cells they have room for their numbers.
        return "<i\(attribute) style=\"--v:\(depth)\" title=\"\(row), layer \(layer): \(number)\">"
            + (layers.count <= 8 ? number : "") + "</i>"
    }

    /// How dark a number is, in percent: by its distance from 0 where there are numbers on both sides.
    private func strength(_ value: Double) -> Int {
        guard scale.low < 0 else { return Int((scale.position(value) * 100).rounded()) }
        let largest = max(scale.high, -scale.low)
        return Int((value.magnitude / largest * 100).rounded())
    }

    private var legend: String {
        let largest = max(scale.high, -scale.low)
        let colours =
            scale.low < 0
            ? "color-mix(in oklab, var(--mark) \(Int(-scale.low / largest * 100))%, var(--low)), "
                + "var(--low) \(Int(-scale.low / (scale.high - scale.low) * 100))%, "
                + "color-mix(in oklab, var(--high) \(Int(max(0, scale.high) / largest * 100))%, var(--low))"
            : scale.low == scale.high
                ? "color-mix(in oklab, var(--high) 50%, var(--low)) 0 100%" : "var(--low), var(--high)"
        return "<div class=\"legend\"><span>\(HTMLPage.escaped(scale.unit.text(scale.low)))</span>"
            + "<i style=\"background: linear-gradient(in oklab to right, \(colours))\"></i>"
            + "<span>\(HTMLPage.escaped(scale.unit.text(scale.high)))</span></div>"
    }
}

/// The names below an axis of equal steps: as many as there is room for on a narrow screen, at even distances.
enum Axis {
    static func ticks(_ names: [String]) -> String {
        let widest = names.map(\.count).max() ?? 1
        let most = max(2, 40 / (widest + 1))
        let every =
            [1, 2, 4, 5, 8, 10, 16, 20, 25, 32, 50].first { names.count <= $0 * most } ?? names.count / most + 1
        return names.indices.map { index in
            // A place without a name keeps the step.
            "<span class=\"tick\">\(index % every == 0 ? HTMLPage.escaped(names[index]) : "")</span>"
        }.joined()
    }
}
