import DPPA

/// A corner of a delta as a picture: a cell for each element, blue above 0, orange below, the darker the larger, and nothing where it
/// is 0.
package struct MethodPicture {
    /// The tensor that all pictures are of, and how many of its first rows and columns.
    package static let tensor = "model.layers.3.self_attn.q_proj.weight"
    package static let side = 24
    /// How many shades there are of each sign.
    private static let shades = 4

    /// The shade of each element, row by row: from 0 for none to ±4.
    package let levels: [Int]
    private let title: String

    private init(_ values: [Float], scale: Float, title: String) {
        self.title = title
        levels = values.map { value in
            // What is less than a fiftieth of the largest shade would be seen by nobody.
            guard value.magnitude > scale / 50, scale > 0 else { return 0 }
            let level = min(Self.shades, Int((value.magnitude / scale * Float(Self.shades)).rounded(.up)))
            return value < 0 ? -level : level
        }
    }

    /// The pictures of the models that the recipes of the methods read, and of what these make of them, by name.
    ///
    /// `folder` holds the recipes that ship. All have one scale: the size that a twentieth of the experts' elements exceeds. Reads
    /// the weights that the methods need for one tensor.
    package static func all(recipes folder: String) throws -> [(name: String, picture: MethodPicture)] {
        let base = try floats(of: "base", folder)
        var labels: [String] = []
        for method in try MethodPages.all {
            for label in try experts(of: method.name, recipes: folder) where !labels.contains(label) {
                labels.append(label)
            }
        }
        let deltas = try labels.sorted().map { label in
            (label, zip(try floats(of: label, folder), base).map { $0 - $1 })
        }
        let sizes = deltas.flatMap { $0.1.map(\.magnitude) }.sorted()
        let scale = sizes.isEmpty ? 0 : sizes[sizes.count * 19 / 20]
        let before = deltas.map { label, values in
            (name: label, picture: MethodPicture(values, scale: scale, title: "what \(label) has learnt"))
        }
        return try before
            + MethodPages.all.map { method in
                let values = zip(try merged(method.name, folder), base).map { $0 - $1 }
                let title = "the delta of \(method.name)"
                return (name: method.name, picture: MethodPicture(values, scale: scale, title: title))
            }
    }

    /// The labels of the models that the recipe of a method reads besides the base, in the order in which they were opened.
    static func experts(of method: String, recipes folder: String) throws -> [String] {
        let trace = try trace(method, folder, isDry: true)
        let graph = trace.session.graph
        return try graph.models(of: node(trace, method)).map { graph.models[$0].label }.filter { $0 != "base" }
    }

    private static func trace(_ method: String, _ folder: String, isDry: Bool) throws -> RecipeTrace {
        try RecipeRun("\(folder)/\(method).lua").trace(RecipeRun.Request(out: "unused"), isDry: isDry)
    }

    private static func node(_ trace: RecipeTrace, _ method: String) throws -> NodeID {
        guard let result = trace.session.results.first else {
            throw DPPAError(.data, "the recipe of \(method) makes no model")
        }
        return result.node
    }

    /// The corner of what a method's recipe makes, in float32.
    private static func merged(_ method: String, _ folder: String) throws -> [Float] {
        let trace = try trace(method, folder, isDry: false)
        let (node, engine) = (try node(trace, method), trace.session.engine)
        try engine.settle([node])
        let rows = try engine.materialize([node], [.init(tensor, rows: 0..<side)]) { _ in .f32 }
        return corner(rows[0][0])
    }

    private static func floats(of label: String, _ folder: String) throws -> [Float] {
        let model = try OpenModel(at: "\(folder)/zoo/\(label)", label: label)
        guard let source = model.source(tensor) else {
            throw DPPAError(.data, "\(model.path) has no \(tensor), which the pictures are of")
        }
        return corner(try source.floats(0..<side * source.shape[1]))
    }

    /// The first columns of whole rows.
    private static func corner(_ rows: Buffer<Float>) -> [Float] {
        let (values, columns) = (rows.array(), rows.count / side)
        return (0..<side * side).map { values[$0 / side * columns + $0 % side] }
    }

    /// The picture: a line for each run of equal cells, those of one shade together.
    package var svg: String {
        let side = Self.side
        var runs: [Int: String] = [:]
        for row in 0..<side {
            var column = 0
            while column < side {
                let level = levels[row * side + column]
                var end = column + 1
                while end < side, levels[row * side + end] == level { end += 1 }
                if level != 0 { runs[level, default: ""] += "M\(column) \(row)h\(end - column)" }
                column = end
            }
        }
        let paths = runs.keys.sorted().map { level in
            let colours = level < 0 ? Self.below : Self.above
            return "<path stroke=\"\(colours[abs(level) - 1])\" d=\"\(runs[level] ?? "")\"/>"
        }
        return
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"144\" height=\"144\" viewBox=\"0 0 \(side) \(side)\" role=\"img\" "
            + "aria-label=\"\(title)\" shape-rendering=\"crispEdges\"><path fill=\"#f3f4f6\" d=\"M0 0h\(side)v\(side)H0z\"/>"
            + "<g transform=\"translate(0 .5)\">" + paths.joined() + "</g></svg>\n"
    }

    private static let above = ["#cfe0f5", "#86b3e3", "#3c7fc9", "#0b4f9c"]
    private static let below = ["#fbe0c8", "#f3ae74", "#dd7426", "#a34a05"]
}
