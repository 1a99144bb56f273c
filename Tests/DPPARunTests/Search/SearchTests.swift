import DPPA
import DPPAScript
import Foundation
import Testing

/// Searching for factors: the authors' rule against a plain version of it, and the flagship recipe on the zoo.
@Suite struct SearchTests {
    /// The rule of the paper's program, written out: what it tries, and where it ends.
    static func greedy(
        _ start: [Int], step: Int, _ value: ([Int]) -> Double
    ) -> (tried: [[Int]], factors: [Int]) {
        var (factors, tried, best) = (start, [[Int]](), -Double.infinity)
        for k in factors.indices {
            if k > 0 { factors[k] = factors[k] < 10 ? 100 : factors[k] + step }
            while true {
                tried.append(factors)
                let score = value(factors)
                guard score > best else {
                    if factors[k] > 100 { factors[k] -= step }
                    break
                }
                best = score
                factors[k] += step
            }
        }
        return (tried, factors)
    }

    /// What a greedy search over two factors tries, and where it ends.
    private func searched(_ goal: String, _ options: String = "") throws -> (tried: [[Double]], factors: [Double]) {
        let goal = goal.replacingOccurrences(of: "f[", with: "p.factor[")
        let tables = try SearchRecipe.tables(
            SearchRecipe.call(
                "{ name = \"factor\", start = { 1.8, 0 }, step = 0.1 }", goal,
                "strategy = \"greedy\", budget = 200" + options)
                + "\ndppa.report { name = \"end\", columns = { \"1\", \"2\" }, rows = { found.parameters.factor } }")
        return (
            tables["search"]?.rows.map { $0.prefix(2).map(\.number) } ?? [],
            tables["end"]?.rows.first?.map(\.number) ?? []
        )
    }

    @Test(
        arguments: [
            ("-(f[1] - 2.1) ^ 2 - (f[2] - 1.3) ^ 2", 2.1, 1.3), ("-f[1] - f[2]", 0, 0),
            ("f[1] - (f[2] - 5) ^ 2", 2.7, 5),
            ("1", 0, 0),
        ] as [(String, Double, Double)])
    func theGreedyRuleIsTheAuthors(goal: String, a: Double, b: Double) throws {
        let goal = goal.replacingOccurrences(of: "f[1] - (f[2] - 5)", with: "math.min(f[1], 2.7) - (f[2] - 5)")
        let found = try searched(goal)
        let right = Self.greedy([180, 0], step: 10) { factors in
            let (x, y) = (Double(factors[0]) / 100, Double(factors[1]) / 100)
            switch goal.first {
            case "1": return 1
            case "m": return Swift.min(x, 2.7) - (y - 5) * (y - 5)
            default: return goal.hasPrefix("-f") ? -x - y : -(x - a) * (x - a) - (y - b) * (y - b)
            }
        }
        #expect(found.tried == Self.unique(right.tried.map { $0.map { Double($0) / 100 } }))
        #expect(found.factors == right.factors.map { Double($0) / 100 })
    }

    /// What is tried again is in the table once.
    private static func unique(_ list: [[Double]]) -> [[Double]] {
        list.enumerated().filter { !list[..<$0.offset].contains($0.element) }.map(\.element)
    }

    @Test func theBestCandidateCanBeTakenInstead() throws {
        #expect(try searched("-(f[1] - 2) ^ 2 - f[2]", ", take = \"best\"").factors == [2, 0])
    }

    @Test func theFlagshipGivesTheSameForAnyNumberOfThreadsAndGoesOnWhereItWas() throws {
        var digests: [[String: String]] = []
        var searches: [[[String]]] = []
        // Two domains on their own small tasks: enough for both searches.
        let zoo = Folders.recipes + "/zoo"
        let options = [
            "experts": "\(zoo)/math,\(zoo)/law", "tasks": "\(zoo)/search/math.jsonl,\(zoo)/search/law.jsonl",
            "start": "1.8,0", "step": "0.3",
        ]
        for threads in [1, 7] {
            let scratch = try Scratch()
            let (outcome, model) = try run(
                Folders.recipes + "/dppa.lua", options, engine: EngineOptions(threads: threads), in: scratch)
            digests.append(model.tensors.mapValues { sha256($0.bytes) })
            // The last column is the time that a candidate took.
            searches.append(outcome.tables.flatMap { $0.rows.map { $0.dropLast().map(\.text) } })
            guard threads == 7 else { continue }
            let journal = scratch.path + "/out.scores.jsonl"
            let text = try String(contentsOfFile: journal, encoding: .utf8)
            // As if the run had been killed while it wrote its last line.
            let lines = text.split(separator: "\n")
            let whole = lines.count * 3 / 4
            let torn = lines[whole].prefix(lines[whole].count / 2)
            try (lines[..<whole] + [torn]).joined(separator: "\n").write(
                toFile: journal, atomically: true, encoding: .utf8)
            let again = try run(
                Folders.recipes + "/dppa.lua", options, engine: EngineOptions(threads: 2), in: scratch)
            digests.append(again.model.tensors.mapValues { sha256($0.bytes) })
            let (before, after) = (
                text.split(separator: "\n"), try String(contentsOfFile: journal, encoding: .utf8).split(separator: "\n")
            )
            // Nothing but what the torn quarter held was scored again: one line is the torn one.
            #expect(after.count == before.count + 1)
        }
        for other in digests.dropFirst() { #expect(other == digests[0]) }
        for other in searches.dropFirst() { #expect(other == searches[0]) }
    }

    /// A recipe over the zoo that is expected to fail.
    private func failure(_ body: String) throws -> DPPAError? {
        let scratch = try Scratch()
        _ = try scratch.write("{\"prompt\": [256], \"target\": [0, 0, 0, 0]}\n", "never.jsonl")
        _ = try scratch.write("\n", "empty.jsonl")
        let recipe = try scratch.write(
            "local dppa, objective = require \"dppa.v1\", require \"dppa.objective\"\n"
                + "local base, law = dppa.model \"zoo/base\", dppa.model \"zoo/law\"\n" + body + "\nreturn base",
            "odd.lua")
        return #expect(throws: DPPAError.self) {
            _ = try run(recipe, in: scratch) { $0.modelRoots = [Folders.recipes] }
        }
    }

    @Test(
        arguments: [
            ("objective(law, \"never.jsonl\")(base)", "the dense model law scores 0 on 'never'"),
            ("dppa.score(base, \"empty.jsonl\")", "has no questions"), ("dppa.score(base, {})", "it is an empty table"),
            ("dppa.score({}, \"never.jsonl\")", "it is an empty table"),
            ("dppa.score(law - base, \"never.jsonl\")", "must be a model or a list of models; it is a delta"),
            ("dppa.score(base, \"../never.jsonl\")", "leads out of"),
            ("dppa.score(base, \"nowhere.jsonl\")", "there is no file 'nowhere.jsonl'"),
            ("dppa.score(base, { \"never.jsonl\", \"never.jsonl\" })", "two tasks have the name 'never'"),
            ("dppa.score(base, \"external:gsm8k\")", "needs a program that scores it"),
            ("dppa.score(base, \"never.jsonl\", { detail = true })", "has no option 'detail'; did you mean 'details'?"),
            ("dppa.score(base, \"never.jsonl\", { on_failure = \"stop\" })", "option 'on_failure' must be"),
            (
                "require(\"dppa.dp\").keep((law - base):linears(), { rat = 1 })",
                "dp.keep has no option 'rat'; did you mean 'rate'?"
            ),
            (
                "require(\"dppa.dp\").keep((law - base):linears(), { rate = 1.5 })",
                "dp.keep: option 'rate' must be from 0 to 1; it is 1.5"
            ),
            ("require(\"dppa.dpa\")(law - base, { rates = { 0.8, 0.9 } })", "rates must fall"),
            ("require(\"dppa.dpa\")(law - base)({ 1 })", "2 rates need as many factors; there are 1"),
            ("dppa.report { name = \"a\", columns = { \"x\" }, rows = { { 1, 2 } } }", "a list of 1 values"),
        ])
    func failuresAreNamed(body: String, message: String) throws {
        let error = try failure(body)
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test func aFailureCanBeSkipped() throws {
        let scratch = try Scratch()
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local base = dppa.model "zoo/base"
            local large = dppa.per_tensor(base, function(t) return t.name == "lm_head.weight" and 1e38 or 1 end)
            local broken = dppa.as_model(dppa.weights(base) * large, base)
            local score, reason = dppa.score(broken, "zoo/search/law.jsonl", { on_failure = "skip" })
            if score ~= nil then error("it has a score") end
            dppa.report { name = "reason", columns = { "text" }, rows = { { reason } } }
            return base
            """, "skip.lua")
        let outcome = try run(recipe, in: scratch) { $0.modelRoots = [Folders.recipes] }.outcome
        guard case .text(let reason)? = outcome.tables.first?.rows.first?.first else { throw CancellationError() }
        #expect(reason.contains("infinite or NaN logits"))
    }

    /// What amplification does to each partition, with the masks as a recipe sees them.
    @Test(
        arguments: [
            ("max", "{ 2, 3 }", 3.0, 3.0), ("max", "{ 3, 2 }", 3, 2), ("assign", "{ 2, 3 }", 2, 3),
            ("assign", "{ 2.5, 0 }", 2.5, 0),
        ] as [(String, String, Double, Double)], ["exact", "reference"])
    func partitionsGetTheirFactors(candidate: (String, String, Double, Double), compat: String) throws {
        let (combine, factors, first, second) = candidate
        let scratch = try Scratch()
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local dp, dpa = require "dppa.dp", require "dppa.dpa"
            local base, expert = dppa.model "zoo/base", dppa.model "zoo/law"
            local delta = expert - base
            local amplified = dpa(delta, { combine = "\(combine)", compat = "\(compat)" })(\(factors))
            local inner = dp.keep(delta:linears(), { rate = 0.9, compat = "\(compat)" })
            local outer = dp.keep(delta:linears(), { rate = 0.8, compat = "\(compat)" })
            local linears = delta:linears()
            local part = "\(compat)" == "reference" and dppa.round_to(linears, "bf16") or linears
            local right = dppa.where(inner, \(first) * part, 0) + dppa.where(outer & ~inner, \(second) * part, 0)
            dppa.max(dppa.abs(amplified:linears() - right), "model"):named "difference of linears"
            local names = { "*norm*", "*embed*", "lm_head*" }
            local others = amplified:select(names) - \(first) * delta:select(names)
            dppa.max(dppa.abs(others), "model"):named "difference of others"
            return base + amplified
            """, "partitions.lua")
        let outcome = try run(recipe, in: scratch) { $0.modelRoots = [Folders.recipes] }.outcome
        for name in ["difference of linears", "difference of others"] {
            #expect(outcome.named.first { $0.name == name }?.values.first?.value == 0, "\(name)")
        }
    }
}
