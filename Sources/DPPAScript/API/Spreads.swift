import DPPA

extension Catalog {
    /// Numbers along depth, by name and by slice.
    static let spreads: [Function] = [
        Function(
            name: "gradient",
            summary:
                "Numbers along depth, for options and `per_tensor`: anchors are spread evenly over the blocks of a stack and "
                + "joined by straight lines; outside the blocks embeddings have the first, all else the last.",
            parameters: [
                Parameter("anchors", .list(.anyNumber)),
                .options([.option("outside", .anyNumber, "what tensors outside the blocks have instead")]),
            ], returns: "what stands for a number for each tensor",
            type: "dppa.Gradient", example: "dppa.per_tensor(delta, dppa.gradient { 0.2, 0.5, 0.8 })"
        ) { call in
            guard case .table(let table) = call.argument(0) else { return [] }
            return [
                .object(GradientObject(table.array.compactMap(\.double), outside: call.options(1)["outside"]?.double))
            ]
        },
        Function(
            name: "by_name",
            summary:
                "Numbers by name, for options and `per_tensor`: pairs of a glob and a number or gradient, of which the first that "
                + "matches a tensor counts, and behind them what all others have. A glob that matches nothing is told.",
            parameters: [Parameter("pairs", .anyList)], returns: "what stands for a number for each tensor",
            type: "dppa.Gradient", errors: ["no glob matches a tensor, and nothing is said of all others"],
            example:
                "dppa.per_tensor(delta, dppa.by_name { { \"*.self_attn.*\", dppa.gradient { 0, 1 } }, { \"*proj*\", 0.3 }, 0.5 })"
        ) { call in
            [.object(try byName(call))]
        },
        Function(
            name: "by_slice",
            summary:
                "Numbers for runs of layers from the first on, for options and `per_tensor`: pairs of how many layers and a number, "
                + "a gradient over these layers, or what by_name gives. Embeddings belong to the first run, all else outside the "
                + "layers to the last.",
            parameters: [Parameter("runs", .list(.anyList))], returns: "what stands for a number for each tensor",
            type: "dppa.Gradient", errors: ["there are more layers than are told of"],
            example: "dppa.per_tensor(delta, dppa.by_slice { { 16, 0.3 }, { 8, dppa.gradient { 0.3, 1 } } })"
        ) { call in
            [.object(try bySlice(call))]
        },
    ]

    private static func byName(_ call: Call) throws -> ByNameObject {
        guard case .table(let table) = call.argument(0), !table.array.isEmpty else {
            throw mistake(call, "there is nothing in it")
        }
        var (entries, rest): ([ByNameObject.Entry], (any SpreadObject)?) = ([], nil)
        for (index, value) in table.array.enumerated() {
            if let part = part(value) {
                guard index == table.array.count - 1 else {
                    throw mistake(
                        call, "what all others have comes last; entry \(index + 1) of \(table.array.count) has no glob")
                }
                rest = part
                continue
            }
            guard case .table(let pair) = value, pair.array.count == 2, pair.fields.isEmpty,
                let glob = pair.array[0].text, !glob.isEmpty, let number = part(pair.array[1])
            else {
                throw mistake(
                    call,
                    "entry \(index + 1) must be a pair of a glob and a number or gradient; it is \(value.described)")
            }
            entries.append(.init(glob: glob, value: number))
        }
        return ByNameObject(entries, rest: rest)
    }

    private static func bySlice(_ call: Call) throws -> BySliceObject {
        guard case .table(let table) = call.argument(0) else { throw mistake(call, "there is nothing in it") }
        return BySliceObject(
            try table.array.enumerated().map { index, value in
                guard case .table(let pair) = value, pair.array.count == 2, pair.fields.isEmpty,
                    let layers = pair.array[0].int, layers > 0, layers <= 1_000_000,
                    let number = part(pair.array[1]) ?? byNamePart(pair.array[1])
                else {
                    throw mistake(
                        call,
                        "entry \(index + 1) must be a pair of a whole number of layers and a number, a gradient, or numbers by name"
                    )
                }
                return .init(layers: layers, value: number)
            })
    }

    private static func byNamePart(_ value: ScriptValue) -> (any SpreadObject)? {
        if case .object(let object as ByNameObject) = value { object } else { nil }
    }

    private static func part(_ value: ScriptValue) -> (any SpreadObject)? {
        if case .object(let gradient as GradientObject) = value { return gradient }
        return value.double.flatMap { $0.isFinite ? PlainNumber($0) : nil }
    }

    private static func mistake(_ call: Call, _ what: String) -> DPPAError {
        DPPAError(
            .data, "\(call.name): \(what)",
            notes: ["for example " + (call.function.example)], location: call.location)
    }
}
