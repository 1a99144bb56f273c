/// The axes of a plot of equal steps: lines at round numbers, names below, and a word for what the steps are.
struct PlotFrame {
    let scale: FigureScale
    private let ticks: [Double]

    init(_ scale: FigureScale) { (self.scale, ticks) = scale.rounded }

    /// A place on the vertical axis, in percent from below.
    func place(_ value: Double) -> String { percent(scale.position(value)) }

    /// The distance of two places, in percent of the height.
    func height(_ a: Double, _ b: Double) -> String { percent(abs(scale.position(a) - scale.position(b))) }

    /// The frame around columns, one for each name.
    func html(_ columns: [String], behind: String = "", names: [String], axis: String, label: String) -> String {
        return
            "<div class=\"plot\" role=\"img\" aria-label=\"\(HTMLPage.escaped(label))\" style=\"--n:\(names.count)\">"
            + "<div class=\"area\">\(lines)\(behind)<div class=\"columns\">"
            + columns.map { "<u>\($0)</u>" }.joined()
            + "</div></div><div class=\"ticks\">\(Axis.ticks(names))</div>"
            + "<div class=\"axis\">\(HTMLPage.escaped(axis))</div></div>"
    }

    /// A line through points, in thousandths of the width and the height from above.
    static func curve(_ points: [String]) -> String {
        "<svg viewBox=\"0 0 1000 1000\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
            + "<polyline points=\"\(points.joined(separator: " "))\"/></svg>"
    }

    /// The lines at round numbers.
    var lines: String {
        ticks.map { tick in
            "<div class=\"lines\(tick == 0 ? " zero" : "")\" style=\"bottom:\(place(tick))\">"
                + "<b>\(HTMLPage.escaped(scale.unit.text(tick)))</b></div>"
        }.joined()
    }

    private func percent(_ share: Double) -> String { "\((share * 10_000).rounded() / 100)%" }
}

/// A bar for each layer, from zero; panels have one scale.
struct LayerBars {
    struct Panel {
        var title: String
        var values: [Int: Double]
    }

    let panels: [Panel]
    let unit: ShownUnit

    var html: String {
        let layers = Set(panels.flatMap(\.values.keys)).sorted()
        let frame = PlotFrame(FigureScale(panels.flatMap(\.values.values), unit: unit, including: 0))
        let parts = panels.map { panel -> String in
            let bars = layers.map { layer -> String in
                guard let value = panel.values[layer], value.isFinite else { return "" }
                return "<i style=\"bottom:\(frame.place(min(0, value)));height:\(frame.height(0, value))\" "
                    + "title=\"layer \(layer): \(HTMLPage.escaped(unit.text(value)))\"></i>"
            }
            let range = FigureScale(panel.values.values, unit: unit)
            let numbers = "\(unit.text(range.low)) to \(unit.text(range.high))"
            return
                "<div class=\"panel\"><h4>\(HTMLPage.escaped(panel.title)) <span>\(HTMLPage.escaped(numbers))</span></h4>"
                + frame.html(
                    bars, names: layers.map(String.init), axis: "layer", label: "\(panel.title): \(numbers)") + "</div>"
        }
        return "<div class=\"panels\(layers.count <= 12 ? " few" : "")\">\(parts.joined(separator: "\n"))</div>"
    }
}

/// A number for each name, as bars that lie; with error bars where numbers have errors.
struct NamedBars {
    struct Entry {
        var name: String
        var value: Double
        var error: Double?
    }

    let entries: [Entry]
    let unit: ShownUnit

    var html: String {
        let ends = entries.flatMap { [$0.value, $0.value - ($0.error ?? 0), $0.value + ($0.error ?? 0)] }
        let scale = FigureScale(ends, unit: unit, including: 0)
        func percent(_ share: Double) -> String { "\((share * 10_000).rounded() / 100)%" }
        func span(_ from: Double, _ to: Double, _ style: String) -> String {
            let (left, right) = (scale.position(min(from, to)), scale.position(max(from, to)))
            return "<i\(style) style=\"left:\(percent(left));width:\(percent(right - left))\"></i>"
        }
        let rows = entries.map { entry -> String in
            let isShown = entry.value.isFinite
            let bar = isShown ? span(0, entry.value, "") : ""
            let error =
                isShown
                ? entry.error.map { span(entry.value - $0, entry.value + $0, " class=\"error\"") } ?? "" : ""
            let shown = unit.text(entry.value) + (entry.error.map { " ± \(unit.text($0))" } ?? "")
            return "<span class=\"name\">\(HTMLPage.escaped(entry.name))</span>"
                + "<span class=\"track\">\(bar)\(error)</span><span>\(HTMLPage.escaped(shown))</span>"
        }
        return "<div class=\"bars\">\(rows.joined(separator: "\n"))</div>"
    }
}

/// Candidates in the order of trying: a point for each, its error, the best and the one that was taken.
struct CandidatePlot {
    struct Point {
        var name: String
        var value: Double?
        var error: Double?
        /// Whether it was asked a part of the questions alone.
        var isPartial = false
    }

    /// What the line is of: every value, or the best so far of those that were asked everything.
    enum Line { case values, bestSoFar }

    let title: String
    let points: [Point]
    let best: Int?
    let taken: Int?
    var line = Line.values

    /// The corners of the line, each as the number of a point and a value.
    private var corners: [(index: Double, value: Double)] {
        let finite = points.indices.compactMap { index in
            points[index].value.flatMap { $0.isFinite ? (index: index, value: $0) : nil }
        }
        guard line == .bestSoFar else { return finite.map { (Double($0.index), $0.value) } }
        var corners: [(index: Double, value: Double)] = []
        for point in finite where !points[point.index].isPartial {
            guard let last = corners.last else {
                corners.append((Double(point.index), point.value))
                continue
            }
            if point.value > last.value {
                corners += [(Double(point.index), last.value), (Double(point.index), point.value)]
            }
        }
        if let last = corners.last { corners.append((Double(points.count - 1), last.value)) }
        return corners
    }

    var html: String {
        let ends = points.flatMap { point in
            point.value.map { [$0 - (point.error ?? 0), $0 + (point.error ?? 0)] } ?? []
        }
        let frame = PlotFrame(FigureScale(ends, unit: .plain))
        let columns = points.indices.map { index -> String in
            guard let value = points[index].value, value.isFinite else { return "" }
            let classes =
                ["point"] + (index == best ? ["best"] : []) + (index == taken ? ["taken"] : [])
                + (points[index].isPartial ? ["partial"] : [])
            let error = points[index].error.map { error in
                "<i class=\"error\" style=\"bottom:\(frame.place(value - error));"
                    + "height:\(frame.height(value - error, value + error))\"></i>"
            }
            let words = points[index].error.map { " ± \(ShownNumber.plain($0))" } ?? ""
            return (error ?? "")
                + "<i class=\"\(classes.joined(separator: " "))\" style=\"bottom:\(frame.place(value))\" "
                + "title=\"\(HTMLPage.escaped("\(points[index].name): \(ShownNumber.plain(value))\(words)"))\"></i>"
        }
        let line = corners.map { index, value in
            let x = (index + 0.5) / Double(points.count) * 1000
            return "\(ShownNumber.coordinate(x)),\(ShownNumber.coordinate((1 - frame.scale.position(value)) * 1000))"
        }
        let curve = PlotFrame.curve(line)
        let shown = points.compactMap(\.value).filter(\.isFinite)
        let range = FigureScale(shown, unit: .plain)
        return "<div class=\"panel\"><h4>\(HTMLPage.escaped(title)) <span>"
            + "\(ShownNumber.plain(range.low)) to \(ShownNumber.plain(range.high))</span></h4>"
            + frame.html(
                columns, behind: curve, names: points.indices.map { String($0 + 1) },
                axis: "candidate, in the order of trying",
                label: "\(title) by candidate: \(ShownNumber.plain(range.low)) to \(ShownNumber.plain(range.high))")
            + "</div>"
    }
}
