/// Candidates by their scores on two tasks: a point for each, and a line through those of the Pareto front.
struct FrontPlot {
    struct Point {
        var name: String
        var x: Double
        var y: Double
        var isOnFront: Bool
        var isTaken: Bool
    }

    /// The tasks on the axes.
    let x: String
    let y: String
    let points: [Point]

    var html: String {
        let shown = points.filter { $0.x.isFinite && $0.y.isFinite }
        let frame = PlotFrame(FigureScale(shown.map(\.y), unit: .plain))
        let (across, ticks) = FigureScale(shown.map(\.x), unit: .plain).rounded
        func left(_ value: Double) -> String { "\((across.position(value) * 10_000).rounded() / 100)%" }
        // Those of the front last, so that they lie above the others.
        let dots = shown.sorted { !$0.isOnFront && $1.isOnFront }.map { point in
            let classes = ["point"] + (point.isOnFront ? ["front"] : []) + (point.isTaken ? ["taken"] : [])
            let words = "\(point.name): \(x) \(ShownNumber.plain(point.x)), \(y) \(ShownNumber.plain(point.y))"
            return "<i class=\"\(classes.joined(separator: " "))\" style=\"left:\(left(point.x));"
                + "bottom:\(frame.place(point.y))\" title=\"\(HTMLPage.escaped(words))\"></i>"
        }
        let front = shown.filter(\.isOnFront).sorted { ($0.x, $0.y) < ($1.x, $1.y) }
        let line = front.map { point in
            "\(ShownNumber.coordinate(across.position(point.x) * 1000)),"
                + ShownNumber.coordinate((1 - frame.scale.position(point.y)) * 1000)
        }
        let numbers = ticks.map { "<b style=\"left:\(left($0))\">\(HTMLPage.escaped(across.unit.text($0)))</b>" }
        let label = "\(y) by \(x) of \(shown.count) candidates, \(front.count) of them on the front"
        return "<div class=\"panel\"><h4>\(HTMLPage.escaped(y)) <span>by \(HTMLPage.escaped(x))</span></h4>"
            + "<div class=\"plot scatter\" role=\"img\" aria-label=\"\(HTMLPage.escaped(label))\" style=\"--n:8\">"
            + "<div class=\"area\">\(frame.lines)\(PlotFrame.curve(line))<div class=\"dots\">\(dots.joined())</div></div>"
            + "<div class=\"numbers\">\(numbers.joined())</div><div class=\"axis\">\(HTMLPage.escaped(x))</div></div></div>"
            + "<ul class=\"key\"><li><i></i>on the front</li><li><i class=\"taken\"></i>in the model</li>"
            + "<li><i class=\"other\"></i>others</li></ul>"
    }
}
