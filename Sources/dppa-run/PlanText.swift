import DPPA
import DPPAScript
import Foundation

/// A plan in words and as JSON.
struct PlanText {
    private let plan: RecipePlan
    private let request: RecipeRun.Request

    private let time: Duration

    /// A plan of what is asked for, which may take so long.
    init(_ plan: RecipePlan, _ request: RecipeRun.Request, time: Duration) {
        self.plan = plan
        self.request = request
        self.time = time
    }

    /// What is known of the recipe and what it takes.
    var summary: [String] {
        var lines: [String] = []
        if let stop = plan.trace.stop {
            lines.append("planned up to line \(stop.line), which depends on a measured value")
        }
        lines += plan.models.map { "model     \($0.label): \($0.words)" }
        let options = plan.options.map { "\($0.name)=\($0.value)" }
        if !options.isEmpty { lines.append("options   " + options.joined(separator: "  ")) }
        lines.append("formulas  \(plan.nodeCount) nodes, \(plan.rules.count) results")
        let engine = plan.engine
        lines.append(
            "reads     \(ByteCount.words(engine.diskBytes)) from disk, \(ByteCount.words(engine.cacheBytes)) again from memory"
        )
        lines.append("writes    " + written)
        lines += plan.adapters.map { "adapter   \($0.name): \($0.plan.words)" }
        lines += plan.packs.map { "pack      \($0.name): what differs from \($0.base); the whole is written before" }
        let passes = engine.passes.count
        lines.append(
            "passes    \(passes), through the whole checkpoint \(engine.epochs) time\(engine.epochs == 1 ? "" : "s")")
        if let matrices = engine.matrices {
            lines.append(
                "matrices  \(matrices.decompositions) decompositions for \(matrices.tensors) tensors; a thread needs up to "
                    + "\(ByteCount.memory(matrices.bytes)): \(matrices.largest)")
        }
        lines.append("limits    at most \(TimeSpan.words(time)) and \(ByteCount.words(request.writtenLimit)) written")
        lines.append("memory    at most \(ByteCount.words(request.engine.memory))")
        let matrices = (engine.matrices?.operations ?? 0) / Self.operationRate
        guard let ranks = engine.ranks else {
            lines.append(
                "time      about \(Self.time(engine.bytes, threads: request.engine.threads, matrices: matrices))")
            return lines
        }
        lines.append(
            "ranks     \(ranks.bytes.count) for \(Phrase.counted(ranks.units, "unit")); the one with the most moves "
                + "\(ByteCount.words(ranks.most)), \(String(format: "%.2f", ranks.imbalance)) times an even share")
        lines += plan.scoring.map { "scoring   \($0)" }
        // What is gone through again, each rank goes through again of its own.
        let share = Double(ranks.most) / Double(max(1, ranks.bytes.reduce(0, +)))
        lines.append(
            "time      about "
                + Self.time(
                    Int(Double(engine.bytes) * share), threads: request.engine.threads, matrices: matrices * share)
                + " on each, with \(Phrase.counted(request.engine.threads, "thread"))")
        return lines
    }

    /// What is written, as far as it can be known.
    private var written: String {
        let size = ByteCount.words(plan.engine.bytesWritten)
        guard let stop = plan.trace.stop else { return size }
        let open = "not known: it depends on what line \(stop.line) measures"
        return plan.engine.bytesWritten > 0 ? "at least \(size); the rest is \(open)" : open
    }

    /// Every rule as maths.
    var rules: [String] {
        ["rules"] + plan.formulas.map { "  \($0.name) = \($0.formula)" }
    }

    /// Pass by pass.
    var stages: [String] {
        ["passes"]
            + plan.engine.passes.enumerated().flatMap { number, pass in
                ["  \(number + 1). \(ByteCount.words(pass.bytesRead))"] + pass.work.map { "     \($0)" }
            }
    }

    /// Every tensor of every rule.
    var tensors: [[String]] {
        plan.rules.map { rule in
            [rule.name]
                + rule.tensors.map { facts in
                    let dtype = rule.dtypes[facts.name].map { "  \($0.rawValue)" } ?? ""
                    return "  \(facts.name.shown)  \(facts.shape)\(dtype)  \(facts.isLinear ? "linear" : facts.role)"
                }
        }
    }

    /// The plan with every rule, pass and tensor.
    var json: JSONObject {
        let passes = plan.engine.passes.map { pass -> JSONValue in
            ["epoch": .integer(pass.epoch), "bytes_read": .integer(pass.bytesRead), "work": JSONValue(pass.work)]
        }
        let formulas = plan.formulas.map { ["name": .string($0.name), "formula": .string($0.formula)] as JSONValue }
        let rules = plan.rules.map { rule -> JSONValue in
            let tensors = rule.tensors.map { facts -> JSONValue in
                [
                    "name": .string(facts.name), "shape": .array(facts.shape.map(JSONValue.integer)),
                    "linear": .bool(facts.isLinear), "dtype": JSONValue(rule.dtypes[facts.name]?.rawValue),
                ]
            }
            return ["name": .string(rule.name), "tensors": .array(tensors)]
        }
        return summaryJSON.merging(["passes": .array(passes), "formulas": .array(formulas), "rules": .array(rules)])
    }

    /// What the summary says.
    var summaryJSON: JSONObject {
        let models = plan.models.map { model -> JSONValue in
            [
                "label": .string(model.label), "tensors": .integer(model.tensors),
                "elements": .integer(model.elements), "bytes": .integer(model.bytes),
                "format": .string(model.format), "files": .integer(model.files),
                "architecture": JSONValue(model.architecture), "dtypes": JSONValue(model.dtypes.map(\.dtype)),
                "head": JSONValue(model.head), "vocabulary_rows": JSONValue(model.rows),
                "tokenizer_ids": JSONValue(model.tokens), "small_files": JSONValue(model.smallFiles),
                "carried_files": model.carried.map { JSONValue($0) } ?? .null,
            ]
        }
        return [
            "planned_up_to_line": JSONValue(plan.trace.stop?.line), "models": .array(models),
            "options": .object(JSONObject(plan.options.map { ($0.name, .string($0.value)) })),
            "adapters": .array(plan.adapters.map(Self.json)),
            "packs": .array(plan.packs.map { ["name": .string($0.name), "base": .string($0.base)] }),
            "nodes": .integer(plan.nodeCount),
            "ranks": plan.engine.ranks.map {
                [
                    "bytes": .array($0.bytes.map(JSONValue.integer)), "units": .integer($0.units),
                    "scoring": JSONValue(plan.scoring),
                ]
            }
                ?? .null,
            "disk_bytes": .integer(plan.engine.diskBytes),
            "cache_bytes": .integer(plan.engine.cacheBytes),
            "written_bytes": plan.trace.stop == nil ? .integer(plan.engine.bytesWritten) : .null,
            "memory_bytes": .integer(request.engine.memory), "limit_seconds": .double(time / .seconds(1)),
            "limit_written_bytes": .integer(request.writtenLimit), "epochs": .integer(plan.engine.epochs),
            "pass_count": .integer(plan.engine.passes.count),
            "matrices": plan.engine.matrices.map {
                [
                    "decompositions": .integer($0.decompositions), "tensors": .integer($0.tensors),
                    "bytes": .integer($0.bytes), "largest": .string($0.largest),
                ]
            } ?? .null,
        ]
    }

    private static func json(_ adapter: (name: String, plan: AdapterPlan)) -> JSONValue {
        let modules = adapter.plan.modules.map { module -> JSONValue in
            ["tensor": .string(module.facts.name), "module": .string(module.path), "rank": .integer(module.rank)]
        }
        return [
            "name": .string(adapter.name), "base": .string(adapter.plan.base.label), "modules": .array(modules),
            "ranks_at_most": .bool(adapter.plan.isOpen), "dtype": .string(adapter.plan.dtype.rawValue),
            "saved_whole": JSONValue(adapter.plan.whole.map(\.name)),
            "left_out": JSONValue(adapter.plan.dropped.map(\.name)),
        ]
    }

    /// What a thread moves in a second on an ordinary server, reading included: bytes.
    private static let rate = 0.7e9

    /// What a thread computes in a second of matrices in float64.
    private static let operationRate = 5e10

    /// `matrices` is what one thread would take for them, in seconds; large ones are computed one at a time.
    private static func time(_ bytes: Int, threads: Int, matrices: Double) -> String {
        let seconds = Double(bytes) / rate / Double(threads) + matrices
        return seconds < 90 ? "\(max(1, Int(seconds.rounded(.up)))) s" : "\(Int((seconds / 60).rounded(.up))) min"
    }
}
