import DPPA
import Foundation

extension RunRecord {
    /// The record as JSON has it; dictionaries go by name.
    package var json: [String: Any] {
        [
            "version": version, "command": command, "recipe": recipe.name, "written": written, "seconds": seconds,
            "date": date.formatted(.iso8601), "dtype": dtype?.rawValue ?? NSNull(), "seed": seed ?? NSNull(),
            "bytes_read": engine.bytesRead, "bytes_written": engine.bytesWritten,
            "cache_bytes": engine.cacheBytes, "bytes_built": engine.bytesBuilt, "epochs": engine.epochs,
            "passes": engine.passes, "options": Self.object(options.map { ($0.name, Self.json($0.value)) }),
            "models": models.map(Self.json), "outputs": outputs.map(Self.json),
            "named": Self.object(named.map { ($0.name, Self.json($0.values)) }),
            "tables": Self.object(tables.map { ($0.name, Self.json($0)) }), "scores": scores.map(Self.json),
            "printed": printed, "warnings": warnings,
        ]
    }

    private static func object(_ entries: [(String, Any)]) -> [String: Any] {
        Dictionary(entries, uniquingKeysWith: { first, _ in first })
    }

    private static func json(_ value: Option.Value) -> Any {
        switch value {
        case .text(let text): text
        case .list(let values): values.map(json)
        case .integer(let number): number
        case .number(let number): JSONFile.number(number)
        case .flag(let flag): flag
        case .nothing: NSNull()
        }
    }

    private static func json(_ values: [(name: String, value: Double)]) -> Any {
        if values.count == 1, values[0].name.isEmpty { return JSONFile.number(values[0].value) }
        return object(values.map { ($0.name, JSONFile.number($0.value)) })
    }

    private static func json(_ model: Model) -> [String: Any] {
        let origin = model.origin
        return [
            "label": model.label, "path": model.path, "name": model.name, "tensors": model.tensors,
            "parameters": model.parameters, "dtypes": object(model.dtypes.map { ($0.key.rawValue, $0.value) }),
            "repository": origin.repository ?? NSNull(), "revision": origin.revision ?? NSNull(),
            "licence": origin.licence?.identifier ?? NSNull(), "sampled_digest": model.digest ?? NSNull(),
            "sha256": origin.checksums,
        ]
    }

    private static func json(_ output: Output) -> [String: Any] {
        [
            "name": output.name ?? NSNull(), "models": output.models, "config": output.config,
            "tokenizer": output.tokenizer, "chat_template": output.chatTemplate,
            "dtype": output.dtype?.rawValue ?? NSNull(), "tensors": output.tensors,
            "deltas": output.deltas?.json ?? NSNull(),
        ]
    }

    private static func json(_ scored: ScoredModel) -> [String: Any] {
        let score = scored.score
        return [
            "model": scored.model, "task": score.task, "metric": score.metric?.rawValue ?? "external",
            "value": JSONFile.number(score.value),
            "standard_error": score.standardError.map(JSONFile.number) ?? NSNull(),
            "count": score.count ?? NSNull(),
        ]
    }

    private static func json(_ table: ReportTable) -> [String: Any] {
        [
            "columns": table.columns,
            "rows": table.rows.map { row in
                row.map { cell -> Any in
                    switch cell {
                    case .number(let value): JSONFile.number(value)
                    case .text(let text): text
                    case .nothing: NSNull()
                    }
                }
            },
        ]
    }
}
