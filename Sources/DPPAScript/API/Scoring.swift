import DPPA

/// Scoring candidates while the recipe waits, and what a search reports.
extension Catalog {
    static let scoring: [Function] = [
        Function(
            name: "score",
            summary:
                "Scores a model, or each of a list of models built in one read, on a task file (of texts or of token ids), a list "
                + "of them, or a table from names to files.",
            parameters: [
                Parameter("model", .oneOf([.model, .list(.model)])),
                Parameter("tasks", .oneOf([.path, .entries(.path)])),
                .options([
                    .option(
                        "details", .flag,
                        "tables with value, metric, better (\"larger\" or \"smaller\"), standard_error, count, others, seconds, not numbers"
                    ),
                    .option(
                        "share", .number(0...1),
                        "of each task's questions, from the first on; what was asked for a smaller share is not asked again"
                    ),
                    .option("on_failure", .choice(["error", "skip"]), "\"skip\" gives nil and a reason, not an error"),
                ]),
            ],
            returns: "a number for one task, else a table by task name; a list of these for a list of models",
            type: "any",
            errors: [
                "the model is of an architecture that the evaluator does not know",
                "a task file is not as it should be", "a task is of texts and the model has no tokenizer",
            ],
            example: "local math = dppa.score(base + delta, \"zoo/search/math.jsonl\")"
        ) { call in
            let session = try call.session()
            let options = call.options(2)
            let wantsDetails = options["details"]?.flag ?? false
            let skips = options["on_failure"]?.text == "skip"
            let isList = if case .table = call.argument(0) { true } else { false }
            let models = isList ? try call.nodes(0) : [try call.node(0)]
            let files = taskFiles(call.argument(1))
            let isSingle = call.argument(1).text != nil
            let share = options["share"]?.double ?? 1
            guard share > 0 else {
                throw DPPAError(.data, "score: 'share' is 0, which is no question", location: call.location)
            }
            let scores: [[Score]]
            do { scores = try session.score(models, on: files, share: share, skips: skips) } catch let error
                as DPPAError
            {
                guard skips, session.stop == nil, error.code != .interrupted, error.code != .internalFault else {
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
            parameters: [
                Parameter(
                    "table",
                    .options([
                        .option("name", .name, isRequired: true, "another for each table"),
                        .option("columns", .list(.text), isRequired: true, "their heads"),
                        .option("rows", .anyList, isRequired: true, "lists of numbers and texts, as long as columns"),
                    ]))
            ],
            returns: "nothing", type: "nil", errors: ["a row has another length than the columns"],
            example: "dppa.report{ name = \"tried\", columns = { \"factor\", \"score\" }, rows = { { 1.8, 0.5 } } }"
        ) { call in
            let fields = call.options(0)
            let (name, columns) = (fields["name"]?.text ?? "", fields["columns"]?.texts ?? [])
            let body: [ScriptValue] = if case .table(let table)? = fields["rows"] { table.array } else { [] }
            let rows = try body.map { row in
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

    private static func taskFiles(_ value: ScriptValue) -> [(name: String?, path: String)] {
        guard case .table(let table) = value else { return [(nil, value.text ?? "")] }
        return table.array.map { (nil, $0.text ?? "") }
            + table.fields.sorted { $0.key < $1.key }.map { ($0.key, $0.value.text ?? "") }
    }

    private static func details(_ score: Score) -> ScriptValue {
        var fields: [String: ScriptValue] = [
            "value": .number(score.value), "metric": .string(score.metric?.rawValue ?? "external"),
            "better": .string(score.metric?.isLargerBetter ?? true ? "larger" : "smaller"),
            "seconds": .number(score.seconds),
        ]
        if !score.others.isEmpty {
            let others = score.others.map { ($0.metric.rawValue, ScriptValue.number($0.value)) }
            fields["others"] = .table(ScriptTable(fields: Dictionary(others, uniquingKeysWith: { first, _ in first })))
        }
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
