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
        lines += plan.models.map {
            "model     \($0.label): \($0.tensors) tensors, \($0.elements) elements, \(ByteCount.words($0.bytes))"
        }
        let options = plan.options.map { "\($0.name)=\($0.value)" }
        if !options.isEmpty { lines.append("options   " + options.joined(separator: "  ")) }
        lines.append("formulas  \(plan.nodeCount) nodes, \(plan.rules.count) results")
        let engine = plan.engine
        lines.append(
            "reads     \(ByteCount.words(engine.diskBytes)) from disk, \(ByteCount.words(engine.cacheBytes)) again from memory"
        )
        lines.append("writes    " + written)
        let passes = engine.passes.count
        lines.append(
            "passes    \(passes), through the whole checkpoint \(engine.epochs) time\(engine.epochs == 1 ? "" : "s")")
        lines.append("limits    at most \(TimeSpan.words(time)) and \(ByteCount.words(request.writtenLimit)) written")
        lines.append("memory    at most \(ByteCount.words(request.engine.memory))")
        lines.append("time      about \(Self.time(engine.bytes, threads: request.engine.threads))")
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
    var json: [String: Any] {
        let details: [String: Any] = [
            "passes": plan.engine.passes.map {
                ["epoch": $0.epoch, "bytes_read": $0.bytesRead, "work": $0.work] as [String: Any]
            },
            "formulas": plan.formulas.map { ["name": $0.name, "formula": $0.formula] },
            "rules": plan.rules.map { rule in
                [
                    "name": rule.name,
                    "tensors": rule.tensors.map { facts in
                        [
                            "name": facts.name, "shape": facts.shape, "linear": facts.isLinear,
                            "dtype": rule.dtypes[facts.name].map { $0.rawValue as Any } ?? NSNull(),
                        ] as [String: Any]
                    },
                ] as [String: Any]
            },
        ]
        return summaryJSON.merging(details) { $1 }
    }

    /// What the summary says.
    var summaryJSON: [String: Any] {
        [
            "planned_up_to_line": plan.trace.stop.map { $0.line as Any } ?? NSNull(),
            "models": plan.models.map {
                ["label": $0.label, "tensors": $0.tensors, "elements": $0.elements, "bytes": $0.bytes] as [String: Any]
            },
            "options": Dictionary(plan.options.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first }),
            "nodes": plan.nodeCount, "disk_bytes": plan.engine.diskBytes, "cache_bytes": plan.engine.cacheBytes,
            "written_bytes": plan.trace.stop == nil ? plan.engine.bytesWritten as Any : NSNull(),
            "memory_bytes": request.engine.memory,
            "limit_seconds": time / .seconds(1), "limit_written_bytes": request.writtenLimit,
            "epochs": plan.engine.epochs, "pass_count": plan.engine.passes.count,
        ]
    }

    /// What a thread moves in a second on an ordinary server, reading included: bytes.
    private static let rate = 0.7e9

    private static func time(_ bytes: Int, threads: Int) -> String {
        let seconds = Double(bytes) / rate / Double(threads)
        return seconds < 90 ? "\(max(1, Int(seconds.rounded(.up)))) s" : "\(Int((seconds / 60).rounded(.up))) min"
    }
}
