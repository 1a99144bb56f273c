import DPPA

/// Scoring candidates while the recipe waits, and what a search reports.
extension Catalog {
    static let scoring: [Function] = [
        Function(
            name: "score",
            summary:
                "Scores a model, or each of a list of models built in one read, on a task file, a list of them, or a "
                + "table from names to files. Options: `details = true` gives tables with value, standard_error, "
                + "count, metric, seconds; `on_failure = \"skip\"` gives nil and a reason instead of an error.",
            parameters: [.field("model"), .text("tasks"), Parameter("options", .table, isOptional: true)],
            returns: "a number for one task, else a table by task name; a list of these for a list of models",
            type: "any",
            errors: [
                "the model is of an architecture that the evaluator does not know",
                "a task file is not as it should be",
            ],
            example: "local math = dppa.score(base + delta, \"zoo/search/math.jsonl\")"
        ) { call in
            let session = try call.session()
            let options = try call.options(2, allowed: ["details", "on_failure"])
            let wantsDetails = if case .bool(true)? = options["details"] { true } else { false }
            var skips = false
            switch options["on_failure"] {
            case nil, .null?: break
            case .string("skip")?: skips = true
            case .string("error")?: break
            case let other?:
                throw DPPAError(
                    .data, "score: 'on_failure' must be \"error\" or \"skip\"; it is \(other.described)",
                    location: call.location)
            }
            let (models, isList) = try scoredModels(call)
            let (files, isSingle) = try taskFiles(call)
            let scores: [[Score]]
            do { scores = try session.score(models, on: files) } catch let error as DPPAError {
                guard skips, error.code != .interrupted, error.code != .internalFault else {
                    throw error.located(call.location)
                }
                return [.null, .string(error.message)]
            }
            let values = scores.map { row -> ScriptValue in
                let cells = row.map { wantsDetails ? details($0) : .number($0.value) }
                if isSingle { return cells[0] }
                return .table(
                    ScriptTable(
                        fields: Dictionary(zip(row.map(\.task), cells), uniquingKeysWith: { first, _ in first })))
            }
            return isList ? [.table(ScriptTable(array: values))] : [values[0]]
        },
        Function(
            name: "report",
            summary: "Adds a table to the run's JSON and to the model card: its name, its columns, and rows as lists.",
            parameters: [.table("table")], returns: "nothing", type: "nil",
            errors: ["a row has another length than the columns"],
            example: "dppa.report{ name = \"tried\", columns = { \"factor\", \"score\" }, rows = { { 1.8, 0.5 } } }"
        ) { call in
            let fields = try call.options(0, allowed: ["name", "columns", "rows"])
            guard case .string(let name)? = fields["name"], !name.isEmpty, case .table(let head)? = fields["columns"],
                case .table(let body)? = fields["rows"]
            else { throw call.mismatch(0, "a table with name, columns and rows") }
            let columns = head.array.compactMap { if case .string(let text) = $0 { text } else { nil } }
            let rows = try body.array.map { row in
                guard case .table(let cells) = row, cells.array.count == columns.count else {
                    throw DPPAError(
                        .data, "report: every row of '\(name)' must be a list of \(columns.count) values",
                        location: call.location)
                }
                return cells.array.map(cell)
            }
            try call.session().add(ReportTable(name: name, columns: columns, rows: rows))
            return []
        },
    ]

    private static func scoredModels(_ call: Call) throws -> ([NodeID], isList: Bool) {
        guard case .table(let table) = call.argument(0) else { return ([try call.field(0)], false) }
        let nodes = try table.array.map {
            guard case .object(let object as NodeObject) = $0 else {
                throw call.mismatch(0, "a model, or a list of models")
            }
            return object.id
        }
        guard !nodes.isEmpty else { throw call.mismatch(0, "a model, or a list of models that is not empty") }
        return (nodes, true)
    }

    private static func taskFiles(_ call: Call) throws -> ([(name: String?, path: String)], isSingle: Bool) {
        let expected = "a task file, a list of them, or a table from names to files"
        switch call.argument(1) {
        case .string(let path): return ([(nil, path)], true)
        case .table(let table):
            var files: [(name: String?, path: String)] = []
            for value in table.array {
                guard case .string(let path) = value else { throw call.mismatch(1, expected) }
                files.append((nil, path))
            }
            for (name, value) in table.fields.sorted(by: { $0.key < $1.key }) {
                guard case .string(let path) = value else { throw call.mismatch(1, expected) }
                files.append((name, path))
            }
            guard !files.isEmpty else { throw call.mismatch(1, expected + "; it has none") }
            return (files, false)
        default: throw call.mismatch(1, expected)
        }
    }

    private static func details(_ score: Score) -> ScriptValue {
        var fields: [String: ScriptValue] = [
            "value": .number(score.value), "metric": .string(score.metric?.rawValue ?? "external"),
            "seconds": .number(score.seconds),
        ]
        fields["standard_error"] = score.standardError.map { .number($0) }
        fields["count"] = score.count.map { .integer($0) }
        return .table(ScriptTable(fields: fields))
    }

    private static func cell(_ value: ScriptValue) -> ReportTable.Cell {
        switch value {
        case .integer(let number): .number(Double(number))
        case .number(let number): .number(number)
        case .string(let text): .text(text)
        case .bool(let flag): .text(String(flag))
        case .null, .table, .object, .function: .nothing
        }
    }
}

extension DPPAError {
    /// The same error at a place of the recipe, unless it has one.
    fileprivate func located(_ location: Location?) -> DPPAError {
        var error = self
        error.location = error.location ?? location
        return error
    }
}
