import DPPA
import Foundation

extension RunRecord {
    /// The record as JSON has it; dictionaries go by name.
    package var json: JSONValue {
        [
            "version": .string(version), "command": JSONValue(command), "recipe": .string(recipe.name),
            "written": JSONValue(written), "seconds": .double(seconds), "date": .string(date.formatted(.iso8601)),
            "dtype": JSONValue(dtype?.rawValue), "seed": JSONValue(seed), "bytes_read": .integer(engine.bytesRead),
            "bytes_written": .integer(engine.bytesWritten), "cache_bytes": .integer(engine.cacheBytes),
            "element_steps": .integer(engine.elementSteps), "matrices": .integer(engine.matrices),
            "bytes_built": .integer(engine.bytesBuilt), "epochs": .integer(engine.epochs),
            "passes": .integer(engine.passes), "ranks": .integer(engine.ranks),
            "bytes_exchanged": .integer(engine.bytesExchanged),
            "options": Self.object(options.map { ($0.name, Self.json($0.value)) }),
            "models": .array(models.map(Self.json)), "outputs": .array(outputs.map(Self.json)),
            "named": Self.object(named.map { ($0.name, Self.json($0.values)) }),
            "tables": Self.object(tables.map { ($0.name, Self.json($0)) }), "scores": .array(scores.map(Self.json)),
            "sharing": .array(sharing.map { ["words": .string($0.words), "times": .integer($0.count)] }),
            "printed": JSONValue(printed), "warnings": JSONValue(warnings),
        ]
    }

    private static func object(_ entries: [(name: String, value: JSONValue)]) -> JSONValue {
        .object(JSONObject(entries))
    }

    private static func json(_ value: Option.Value) -> JSONValue {
        switch value {
        case .text(let text): .string(text)
        case .list(let values): .array(values.map(json))
        case .integer(let number): .integer(number)
        case .number(let number): .double(number)
        case .flag(let flag): .bool(flag)
        case .nothing: .null
        }
    }

    private static func json(_ values: [(name: String, value: Double)]) -> JSONValue {
        if values.count == 1, values[0].name.isEmpty { return .double(values[0].value) }
        return object(values.map { ($0.name, .double($0.value)) })
    }

    private static func json(_ model: Model) -> JSONValue {
        let origin = model.origin
        return [
            "label": .string(model.label), "path": .string(model.path), "name": .string(model.name),
            "tensors": .integer(model.tensors), "parameters": .integer(model.parameters),
            "dtypes": object(model.dtypes.map { ($0.key, .integer($0.value)) }),
            "repository": JSONValue(origin.repository), "revision": JSONValue(origin.revision),
            "licence": JSONValue(origin.licence?.identifier), "sampled_digest": JSONValue(model.digest),
            "sha256": object(origin.checksums.map { ($0.key, .string($0.value)) }),
        ]
    }

    private static func json(_ output: Output) -> JSONValue {
        [
            "name": JSONValue(output.name), "models": JSONValue(output.models), "config": .string(output.config),
            "tokenizer": .string(output.tokenizer), "chat_template": .string(output.chatTemplate),
            "dtype": JSONValue(output.dtype?.rawValue), "tensors": .integer(output.tensors),
            "deltas": output.deltas?.json ?? .null, "adapter": output.adapter.map(json) ?? .null,
            "pack": output.pack.map(json) ?? .null,
        ]
    }

    private static func json(_ adapter: Adapter) -> JSONValue {
        let modules = adapter.modules.map { module -> JSONValue in
            [
                "tensor": .string(module.tensor), "module": .string(module.path), "rank": .integer(module.rank),
                "energy_kept": .double(module.kept), "exact": .bool(module.isExact),
            ]
        }
        return [
            "base": .string(adapter.base), "base_name": .string(adapter.baseName), "modules": .array(modules),
            "energy": .double(adapter.size), "energy_kept": .double(adapter.kept),
            "saved_whole": JSONValue(adapter.whole), "left_out": JSONValue(adapter.dropped),
            "energy_left_out": .double(adapter.droppedShare),
        ]
    }

    private static func json(_ pack: Pack) -> JSONValue {
        let names: JSONObject = ["base": .string(pack.base), "base_name": .string(pack.baseName)]
        return .object(names.merging(pack.report.json.object ?? JSONObject()))
    }

    private static func json(_ scored: ScoredModel) -> JSONValue {
        let score = scored.score
        return [
            "model": .string(scored.model), "task": .string(score.task),
            "metric": .string(score.metric?.rawValue ?? "external"), "value": .double(score.value),
            "standard_error": JSONValue(score.standardError), "count": JSONValue(score.count),
        ]
    }

    private static func json(_ table: ReportTable) -> JSONValue {
        let rows = table.rows.map { row in
            JSONValue.array(
                row.map { cell in
                    switch cell {
                    case .number(let value): .double(value)
                    case .text(let text): .string(text)
                    case .nothing: .null
                    }
                })
        }
        return ["columns": JSONValue(table.columns), "rows": .array(rows)]
    }
}
