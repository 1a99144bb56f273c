import Foundation

/// Pictures of numbers, as SVG: axes with ticks, names and units on all of them.
enum Chart {
    /// A number for an axis or a caption: at most four significant digits.
    static func number(_ value: Double) -> String {
        value == value.rounded() && value.magnitude < 1e6 ? String(Int(value)) : String(format: "%.4g", value)
    }

    /// Round numbers that cover a range: about four steps of 1, 2 or 5 times a power of ten.
    static func ticks(_ low: Double, _ high: Double) -> [Double] {
        guard high > low, (high - low).isFinite else { return [low] }
        let rough = (high - low) / 4
        let power = pow(10, floor(log10(rough)))
        let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough } ?? rough
        let first = floor(low / step)
        return (0...Int(ceil(high / step) - first)).map { (first + Double($0)) * step }
    }

    private static func text(_ x: Double, _ y: Double, _ text: String, _ anchor: String = "middle", faint: Bool = false)
        -> String
    {
        "<text x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\"\(faint ? " class=\"faint\"" : "")>"
            + HTMLPage.escaped(text) + "</text>"
    }

    private static func svg(_ width: Double, _ height: Double, _ label: String, _ parts: [String]) -> String {
        "<svg role=\"img\" aria-label=\"\(HTMLPage.escaped(label))\" width=\"\(number(width))\" height=\"\(number(height))\" "
            + "viewBox=\"0 0 \(number(width)) \(number(height))\">" + parts.joined() + "</svg>"
    }

    /// A cell for each layer and module, the darker the larger; a scale beside it.
    static func heatMap(
        _ name: String, rows: [String], columns: [Int], value: (String, Int) -> Double?
    ) -> String {
        let all = rows.flatMap { row in columns.compactMap { value(row, $0) } }
        let (low, high) = (all.min() ?? 0, all.max() ?? 0)
        let (cell, left, top) = (28.0, 8 + 7.2 * Double(rows.map(\.count).max() ?? 0), 8.0)
        let (width, height) = (Double(columns.count) * cell, Double(rows.count) * cell)
        var parts: [String] = []
        for (y, row) in rows.enumerated() {
            parts.append(text(left - 8, top + (Double(y) + 0.65) * cell, row, "end"))
            for (x, column) in columns.enumerated() {
                guard let value = value(row, column) else { continue }
                let share = high > low ? (value - low) / (high - low) * 100 : 50
                parts.append(
                    "<rect x=\"\(number(left + Double(x) * cell))\" y=\"\(number(top + Double(y) * cell))\" width=\"26\" "
                        + "height=\"26\" rx=\"3\" style=\"fill: color-mix(in oklab, var(--high) \(number(share))%, var(--low))\">"
                        + "<title>\(HTMLPage.escaped("\(row), layer \(column): \(number(value))"))</title></rect>")
            }
        }
        // As many layer numbers as there is room for.
        let every = max(1, columns.count / 24)
        for (x, column) in columns.enumerated() where x % every == 0 {
            parts.append(text(left + (Double(x) + 0.46) * cell, top + height + 14, String(column), faint: true))
        }
        parts.append(text(left + width / 2, top + height + 32, "layer"))
        let scale = max(width, 160)
        for step in 0..<40 {
            parts.append(
                "<rect x=\"\(number(left + Double(step) * scale / 40))\" y=\"\(number(top + height + 44))\" "
                    + "width=\"\(number(scale / 40 + 0.5))\" height=\"10\" style=\"fill: color-mix(in oklab, var(--high) "
                    + "\(number(Double(step) / 39 * 100))%, var(--low))\"/>")
        }
        parts.append(text(left, top + height + 70, number(low), "start", faint: true))
        parts.append(text(left + scale / 2, top + height + 88, name))
        parts.append(text(left + scale, top + height + 70, number(high), "end", faint: true))
        return svg(
            left + max(scale, 3.6 * Double(name.count) + scale / 2) + 24, top + height + 98,
            "\(name) by layer and module", parts)
    }

    /// A bar for each instance, from zero.
    static func bars(_ name: String, axis: String, _ values: [(name: String, value: Double)]) -> String {
        let numbers = values.map(\.value).filter(\.isFinite)
        let frame = Frame(min(0, numbers.min() ?? 0), max(0, numbers.max() ?? 0), count: values.count, name, axis)
        var parts = frame.parts
        for (index, entry) in values.enumerated() where entry.value.isFinite {
            let (from, to) = (frame.y(0), frame.y(entry.value))
            parts.append(
                "<rect class=\"bar\" x=\"\(number(frame.x(index) - frame.step * 0.35))\" y=\"\(number(min(from, to)))\" "
                    + "width=\"\(number(frame.step * 0.7))\" height=\"\(number(abs(from - to)))\">"
                    + "<title>\(HTMLPage.escaped("\(entry.name): \(number(entry.value))"))</title></rect>")
        }
        let every = max(1, values.count / 24)
        for (index, entry) in values.enumerated() where index % every == 0 {
            parts.append(text(frame.x(index), frame.bottom + 14, entry.name, faint: true))
        }
        return svg(frame.width, frame.height, "\(name) by \(axis)", parts)
    }

    /// The objective of one candidate after the other, the best one marked.
    static func trajectory(_ name: String, _ values: [(name: String, value: Double)]) -> String {
        let numbers = values.map(\.value).filter(\.isFinite)
        let (low, high) = (numbers.min() ?? 0, numbers.max() ?? 0)
        let frame = Frame(low, high, count: values.count, name, "candidate, in the order of trying")
        let best = values.indices.max { values[$0].value < values[$1].value }
        let line = values.indices.map { "\(number(frame.x($0))),\(number(frame.y(values[$0].value)))" }
        var parts = frame.parts + ["<polyline class=\"curve\" points=\"\(line.joined(separator: " "))\"/>"]
        for (index, entry) in values.enumerated() {
            parts.append(
                "<circle class=\"\(index == best ? "best" : "point")\" cx=\"\(number(frame.x(index)))\" "
                    + "cy=\"\(number(frame.y(entry.value)))\" r=\"\(index == best ? 6 : 4)\">"
                    + "<title>\(HTMLPage.escaped("\(entry.name): \(number(entry.value))"))</title></circle>")
        }
        if let best {
            let anchor = best * 2 < values.count ? "start" : "end"
            parts.append(
                text(
                    frame.x(best) + (anchor == "start" ? 10 : -10), frame.y(values[best].value) - 10,
                    "best: \(values[best].name)", anchor))
        }
        let every = max(1, values.count / 16)
        for index in stride(from: 0, to: values.count, by: every) {
            parts.append(text(frame.x(index), frame.bottom + 14, String(index + 1), faint: true))
        }
        return svg(frame.width, frame.height, "\(name) by candidate", parts)
    }

    /// The axes of a chart, and where things are on it.
    private struct Frame {
        let step: Double
        let width: Double
        let height = 230.0
        let bottom = 180.0
        private(set) var parts: [String] = []
        private let low: Double
        private let high: Double
        private let left = 64.0
        private let top = 40.0

        init(_ low: Double, _ high: Double, count: Int, _ name: String, _ axis: String) {
            let ticks = Chart.ticks(low, high)
            let (first, last) = (min(low, ticks.first ?? low), max(high, ticks.last ?? high))
            self.low = first
            self.high = last > first ? last : first + 1
            step = max(14, min(56, 560 / Double(max(1, count))))
            width = max(320, left + step * Double(count) + 24)
            parts.append(Chart.text(left - 8, 14, name, "start"))
            for tick in ticks {
                parts.append(
                    "<line class=\"axis\" x1=\"\(left)\" x2=\"\(Chart.number(width - 16))\" y1=\"\(Chart.number(y(tick)))\" "
                        + "y2=\"\(Chart.number(y(tick)))\"/>")
                parts.append(Chart.text(left - 8, y(tick) + 4, Chart.number(tick), "end", faint: true))
            }
            parts.append(Chart.text(left + step * Double(count) / 2, height - 14, axis))
        }

        func x(_ index: Int) -> Double { left + step * (Double(index) + 0.5) }
        func y(_ value: Double) -> Double { bottom - (value - low) / (high - low) * (bottom - top) }
    }
}
