import DPPA

/// Models made of layers of others.
extension Catalog {
    static let stacks: [Function] = [
        Function(
            name: "stack",
            summary:
                "A model made of layers of opened models, numbered anew: each slice is `{ model, layers = \"0-15\" }`, with layers "
                + "from 0 as a text (`\"0-7, 12, 20-23\"`) or a list of numbers, all of them if left out; `scale` is a number for the "
                + "tensors of the slice, or a table from globs to numbers (1 for all others). Embeddings come from the first slice's "
                + "model, final norm and head from the last one's, the rest from the first. config.json says what the stack is.",
            parameters: [
                Parameter("slices", .list(.any)),
                .options([
                    .option("embeddings", .openedModel, "where embeddings and all else before the layers come from"),
                    .option("head", .openedModel, "where the final norm and the head come from"),
                    .option(
                        "config", .openedModel,
                        "where config.json, tokenizer and other small files come from; else that of the embeddings"),
                    .option(
                        "label", .name,
                        "the name in messages, reports and random streams; else the labels of its models"),
                ]),
            ],
            returns: "a model, which may be a base, an expert, or written",
            errors: [
                "a model has no such layer", "layers do not fit each other", "config.json cannot be true of the stack",
            ],
            example: "local tall = dppa.stack { { base, layers = \"0-3\" }, { expert, layers = \"2-5\" } }"
        ) { call in
            let (session, options) = (try call.session(), call.options(1))
            guard case .table(let table) = call.argument(0) else { return [] }
            let slices = try table.array.enumerated().map { try StackSlice($1, number: $0 + 1, call, session) }
            func model(_ key: String) throws -> OpenModel? {
                try options[key].flatMap { session.modelIndex(try call.node($0)) }.map { session.graph.models[$0] }
            }
            return call.result(
                try session.stack(
                    slices, embeddings: model("embeddings"), head: model("head"), config: model("config"),
                    label: options["label"]?.text))
        }
    ]
}

/// One slice of a call of `dppa.stack`.
struct StackSlice {
    var slice: LayerStack.Slice
    /// The factor of each tensor of its layers, by the name that it has in the model; nil where all are 1.
    var scale: (globs: [(glob: String, factor: Double)], rest: Double)?

    /// Reads `{ model, layers = …, scale = … }`.
    ///
    /// Throws at the call, naming the slice, when something in it is not as it should be.
    init(_ value: ScriptValue, number: Int, _ call: Call, _ session: RecipeSession) throws {
        func mistake(_ what: String, _ notes: [String] = []) -> DPPAError {
            DPPAError(.data, "stack: slice \(number) \(what)", notes: notes, location: call.location)
        }
        guard case .table(let table) = value, table.array.count == 1,
            case .object(let object as NodeObject) = table.array[0],
            let index = session.modelIndex(object.id)
        else {
            var described = value.described
            if case .table(let table) = value {
                described =
                    "\(described) of \(Phrase.counted(table.array.count, "value")), the first \((table.array.first ?? .null).described)"
            }
            throw mistake(
                "must be an opened model with its layers; it is \(described)",
                [
                    "a slice is written { model, layers = \"0-15\" }, with a model of dppa.model, dppa.family or dppa.stack"
                ])
        }
        let known = ["layers", "scale"]
        if let unknown = table.fields.keys.sorted().first(where: { !known.contains($0) }) {
            throw mistake(
                "has no '\(unknown)'" + Suggestions.hint(for: unknown, among: known), ["a slice has layers and scale"])
        }
        let model = session.graph.models[index]
        let layers = try Self.layers(table.fields["layers"], of: LayerStack.Blocks(of: model).count, model, mistake)
        slice = LayerStack.Slice(model: model, layers: layers)
        scale = try table.fields["scale"].map { try Self.scale($0, of: model, Set(layers), mistake) }
    }

    private static func layers(
        _ value: ScriptValue?, of count: Int, _ model: OpenModel, _ mistake: (String, [String]) -> DPPAError
    ) throws -> [Int] {
        let range = "layers of \(model.title) are 0 to \(count - 1)"
        func inside(_ layer: Int) throws -> Int {
            guard (0..<count).contains(layer) else { throw mistake("has layer \(layer)", [range]) }
            return layer
        }
        switch value ?? .null {
        case .null: return Array(0..<count)
        case .integer, .number:
            guard let layer = value?.int else { throw mistake("has layers that are no whole number", [range]) }
            return [try inside(layer)]
        case .table(let table) where table.fields.isEmpty && !table.array.isEmpty:
            return try table.array.map { entry in
                guard let layer = entry.int else {
                    throw mistake(
                        "has \(entry.described) among its layers", ["layers are whole numbers: { 0, 1, 2 }", range])
                }
                return try inside(layer)
            }
        case .string(let text):
            return try text.split(separator: ",", omittingEmptySubsequences: false).flatMap { part -> [Int] in
                let ends = part.split(separator: "-", omittingEmptySubsequences: false).map {
                    Int(String($0).trimmingSpaces)
                }
                guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1] else {
                    throw mistake(
                        "has layers = '\(text.prefix(60))'",
                        ["layers are written \"0-15\" or \"0-7, 12, 20-23\"", range])
                }
                guard try inside(first) <= inside(last) else {
                    throw mistake(
                        "has layers \(first)-\(last), which go backwards",
                        ["layers in another order are a list: { \(first), \(first - 1), … }"])
                }
                return Array(first...last)
            }
        default:
            throw mistake(
                "has layers that are \(value?.described ?? "nil")",
                ["layers are a text such as \"0-15\", or a list of numbers"])
        }
    }

    private static func scale(
        _ value: ScriptValue, of model: OpenModel, _ layers: Set<Int>, _ mistake: (String, [String]) -> DPPAError
    ) throws -> (globs: [(glob: String, factor: Double)], rest: Double) {
        if let factor = value.double, factor.isFinite { return ([], factor) }
        guard case .table(let table) = value, table.array.isEmpty, !table.fields.isEmpty else {
            throw mistake(
                "has a scale that is \(value.described)", ["it is a number, or { [\"*.o_proj.weight\"] = 0.5 }"])
        }
        let factors = try table.fields.sorted { $0.key < $1.key }.map { glob, value in
            guard let factor = value.double, factor.isFinite else {
                throw mistake("has a scale '\(glob)' that is \(value.described)", ["it is a finite number"])
            }
            return (glob: glob, factor: factor)
        }
        let globs = factors.filter { $0.glob != "rest" }
        let names = model.weights.filter { $0.layer.map(layers.contains) ?? false }.map(\.name)
        for (glob, _) in globs where !names.contains(where: { Glob.matches(glob, $0) }) {
            throw mistake(
                "has a scale for '\(glob)', which matches no tensor of its layers",
                ["they are called \(Phrase.list(names, limit: 3)), …"])
        }
        for name in names {
            let matching = globs.filter { Glob.matches($0.glob, name) }
            guard matching.count < 2 else {
                throw mistake(
                    "has scales for '\(matching[0].glob)' and '\(matching[1].glob)', which both match \(name)",
                    ["make the globs disjoint"])
            }
        }
        return (globs, factors.first { $0.glob == "rest" }?.factor ?? 1)
    }

    /// The factor of a tensor by its name in the model.
    func factor(_ name: String) -> Double {
        guard let scale else { return 1 }
        return scale.globs.first { Glob.matches($0.glob, name) }?.factor ?? scale.rest
    }
}

extension String {
    fileprivate var trimmingSpaces: String { String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
}
